#include "models/package/package_identities.hpp"

#include "expect_problem.hpp"
#include "models/package/model_config.hpp"
#include "valid_package.hpp"

namespace replayrt::models {
namespace {

const std::string kSha(64, 'a');
const std::string kMd5(32, 'b');

std::string in_text(const std::string& text) {
  return "\"" + text + "\"";
}

std::string artifact(const std::string& handle, const std::string& storage = "package_file") {
  return R"({"file_handle": ")" + handle + R"(", "md5_hash": ")" + kMd5 +
         R"(", "unhashed": false, "sha256_hash": null, "source_hash": null, "storage": ")" +
         storage + "\"}";
}

std::string dependency(const std::string& name) {
  return R"({"name": ")" + name +
         R"(", "target_path": "/a/b", "cache_model_id": "x", "canonical_model_id": "y",
             "model_package_id": "z", "package_manifest_hash": ")" +
         kSha + "\"}";
}

std::vector<PackageProblem> problems_of(const std::string& key, const std::string& value) {
  std::vector<PackageProblem> problems;
  parse_model_config(with_value(kValidModelConfig, "/" + key, value), problems);
  return problems;
}

void expect_artifacts(const std::string& list) {
  expect_none(problems_of("package_artifacts", list));
}
void expect_no_artifacts(const std::string& list, const std::string& key, std::string_view part) {
  expect_only(problems_of("package_artifacts", list), Severity::kError, "package_artifacts" + key,
              part);
}
void expect_no_dependencies(const std::string& list, const std::string& key,
                            std::string_view part) {
  expect_only(problems_of("dependency_package_paths", list), Severity::kError,
              "dependency_package_paths" + key, part);
}

TEST(PackageIdentitiesTest, ArtifactsAreTaken) {
  expect_artifacts("[]");
  expect_artifacts("null");
  expect_artifacts("[" + artifact("A.txt") + "," + artifact("b.txt", "shared_blob") + "," +
                   artifact("c/d.txt") + "]");
  expect_artifacts(R"([{"file_handle": "a", "md5_hash": null, "unhashed": true, "sha256_hash": ")" +
                   kSha + R"(", "source_hash": ")" + kSha + R"(", "storage": "package_file"}])");
}

TEST(PackageIdentitiesTest, ArtifactsHaveExactlyTheirKeys) {
  expect_no_artifacts("{}", "", "expected a list");
  expect_no_artifacts("[7]", "[0]", "expected an object");
  expect_no_artifacts("[{}]", "[0]", "expected exactly the keys file_handle, md5_hash");
  expect_no_artifacts("[" + with_value(artifact("a"), "/more", "1") + "]", "[0]", "exactly");
  expect_no_artifacts("[" + without_value(artifact("a"), "/storage") + "]", "[0]", "exactly");
}

TEST(PackageIdentitiesTest, ArtifactsAreSortedWithoutRegardToCase) {
  expect_no_artifacts("[" + artifact("b") + "," + artifact("A") + "]", "[1].file_handle",
                      "out of order");
  expect_artifacts("[" + artifact("A") + "," + artifact("b") + "," + artifact("C") + "]");
}

TEST(PackageIdentitiesTest, HandlesArePortablePathsWithinThePackage) {
  for (const char* handle : {"", "/a", "a/", "a//b", "..", "a/../b", "a\\\\b", "a b", "con",
                             "LPT1.txt", "a.", "ż", ".a.lock", "a/.LOCK.lock", "a\\u0000"}) {
    expect_no_artifacts("[" + artifact(handle) + "]", "[0].file_handle", "portable");
  }
  expect_no_artifacts("[" + artifact(std::string(256, 'a')) + "]", "[0].file_handle", "portable");
  for (const char* handle :
       {"model_config.json", "Model_Config.json", "dependencies/a", "model_dependencies"}) {
    expect_no_artifacts("[" + artifact(handle) + "]", "[0].file_handle", "own files");
  }
  for (const char* handle : {"console", "com0", "lpt10", "a.lock", "a-b_c.d/e"}) {
    expect_artifacts("[" + artifact(handle) + "]");
  }
}

TEST(PackageIdentitiesTest, HandlesDoNotCollide) {
  expect_no_artifacts("[" + artifact("a") + "," + artifact("a") + "]", "[1].file_handle", "twice");
  expect_no_artifacts("[" + artifact("A") + "," + artifact("a") + "]", "[1].file_handle",
                      "differs from 'A' only in case");
  expect_no_artifacts("[" + artifact("D/a") + "," + artifact("d/b") + "]", "[1].file_handle",
                      "only in case");
  expect_no_artifacts("[" + artifact("a") + "," + artifact("a/b") + "]", "[1].file_handle",
                      "lies within a file");
  expect_no_artifacts("[" + artifact("a/b") + "," + artifact("a") + "]", "[1].file_handle",
                      "is the folder of another");
}

TEST(PackageIdentitiesTest, HashesAreAsTheyMustBe) {
  const auto changed = [](const std::string& key, const std::string& value) {
    return "[" + with_value(artifact("a"), "/" + key, value) + "]";
  };
  for (const std::string& value : {in_text("x"), in_text(std::string(32, 'B')), std::string("null"),
                                   std::string("7"), in_text(kMd5 + "b")}) {
    EXPECT_EQ(problems_of("package_artifacts", changed("md5_hash", value)).size(), 1U) << value;
  }
  expect_no_artifacts(changed("sha256_hash", in_text(kSha)), "[0].sha256_hash", "expected null");
  expect_no_artifacts(changed("source_hash", in_text(kSha)), "[0].source_hash", "expected null");
  expect_no_artifacts(changed("unhashed", "1"), "[0].unhashed", "expected true or false");
  expect_no_artifacts(changed("storage", in_text("cloud")), "[0].storage", "'shared_blob'");
  EXPECT_EQ(problems_of("package_artifacts", changed("unhashed", "true")).size(), 3U);
  expect_no_artifacts(
      R"([{"file_handle": "a", "md5_hash": null, "unhashed": true, "sha256_hash": ")" + kSha +
          R"(", "source_hash": ")" + kSha + R"(", "storage": "shared_blob"}])",
      "[0].storage", "lies in the package");
}

TEST(PackageIdentitiesTest, DependenciesAreTaken) {
  expect_none(problems_of("dependency_package_paths", "[]"));
  expect_none(
      problems_of("dependency_package_paths", "[" + dependency("A") + "," + dependency("b") + "]"));
}

TEST(PackageIdentitiesTest, DependenciesAreChecked) {
  expect_no_dependencies("7", "", "expected a list");
  expect_no_dependencies("[{}]", "[0]", "expected exactly the keys name, target_path");
  expect_no_dependencies("[" + dependency("a/b") + "]", "[0].name", "portable");
  expect_no_dependencies("[" + dependency("b") + "," + dependency("a") + "]", "[1].name",
                         "out of order");
  expect_no_dependencies("[" + dependency("A") + "," + dependency("a") + "]", "[1].name", "twice");
  const auto changed = [](const std::string& key, const std::string& value) {
    return "[" + with_value(dependency("a"), "/" + key, value) + "]";
  };
  for (const char* path :
       {"\"a/b\"", "\"/a/../b\"", "\"/a/./b\"", "\"/a//b\"", "\"/a/\"", "\"\"", "\"/a\\u0000\""}) {
    expect_no_dependencies(changed("target_path", path), "[0].target_path", "an absolute path");
  }
  expect_none(problems_of("dependency_package_paths", changed("target_path", "\"/\"")));
  expect_no_dependencies(changed("cache_model_id", "\" \""), "[0].cache_model_id", "not empty");
  expect_no_dependencies(changed("canonical_model_id", "7"), "[0].canonical_model_id", "a text");
  expect_no_dependencies(changed("model_package_id", "null"), "[0].model_package_id", "a text");
  expect_no_dependencies(changed("package_manifest_hash", in_text(kMd5)),
                         "[0].package_manifest_hash", "64 lower case");
}

}  // namespace
}  // namespace replayrt::models
