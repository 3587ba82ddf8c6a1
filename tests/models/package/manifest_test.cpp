#include "models/package/manifest.hpp"

#include "expect_problem.hpp"
#include "valid_package.hpp"

namespace replayrt::models {
namespace {

namespace fs = std::filesystem;

std::vector<PackageProblem> problems_of(std::string_view text) {
  std::vector<PackageProblem> problems;
  parse_manifest(text, problems);
  return problems;
}

std::vector<PackageProblem> problems_with(const std::string& key, std::string_view value) {
  return problems_of(with_value(valid_manifest(), "/packageManifest/" + key, value));
}

void expect_error_with(const std::string& key, std::string_view value, std::string_view part) {
  expect_only(problems_with(key, value), Severity::kError, "packageManifest." + key, part);
}

std::string with_files(const std::string& files) {
  return with_value(valid_manifest(), "/files", files);
}

/// What is found out of a package whose manifest lists one file.
std::vector<PackageProblem> verify(const TemporaryFolder& folder, const std::string& handle,
                                   std::string_view md5) {
  std::vector<PackageProblem> problems;
  const Manifest manifest{{{handle, std::string(md5), "files." + handle}}};
  verify_files(manifest, PackageFiles(folder.path()), problems);
  return problems;
}

TEST(PackageManifestTest, IsRead) {
  std::vector<PackageProblem> problems;
  const Manifest manifest = parse_manifest(valid_manifest(), problems);
  expect_none(problems);
  ASSERT_EQ(manifest.files.size(), 1U);
  EXPECT_EQ(manifest.files[0].handle, "engine.plan");
  EXPECT_EQ(manifest.files[0].md5, kMd5OfPlan);
  expect_none(problems_of(with_value(valid_manifest(), "/modelArchitecture", "\"yolov8\"")));
}

TEST(PackageManifestTest, AJetsonIsAMachineToo) {
  std::string text = with_value(valid_manifest(), "/packageManifest/machineType", "\"jetson\"");
  text = with_value(text, "/packageManifest/machineSpecs", R"({"type": "jetson-machine-specs-v1",
      "l4tVersion": "35.4.1", "deviceName": "orin", "driverVersion": "5.15"})");
  expect_none(problems_of(text));
  expect_only(problems_of(without_value(text, "/packageManifest/machineSpecs/l4tVersion")),
              Severity::kError, "packageManifest.machineSpecs.l4tVersion", "is missing");
}

TEST(PackageManifestTest, MachineAndSpecsMustFit) {
  expect_only(problems_with("machineType", "\"jetson\""), Severity::kError,
              "packageManifest.machineSpecs.type", "expected 'jetson-machine-specs-v1'");
  expect_error_with("machineType", "\"server\"", "expected 'gpu-server' or 'jetson'");
  expect_error_with("machineSpecs", "null", "expected an object");
  expect_only(problems_with("machineSpecs", "{}"), Severity::kError,
              "packageManifest.machineSpecs.type", "is missing");
  expect_only(problems_with("machineSpecs/driverVersion", "\"new\""), Severity::kError,
              "packageManifest.machineSpecs.driverVersion", "expected a version");
}

TEST(PackageManifestTest, RequiredKeysAreMissed) {
  for (const char* key : {"type", "backendType", "quantization", "cudaDeviceType", "cudaDeviceCC",
                          "cudaVersion", "trtVersion", "machineType", "machineSpecs"}) {
    expect_only(
        problems_of(without_value(valid_manifest(), "/packageManifest/" + std::string(key))),
        Severity::kError, "packageManifest." + std::string(key), "is missing");
  }
  expect_only(problems_of(without_value(valid_manifest(), "/files")), Severity::kError, "files",
              "is missing");
  expect_only(problems_of(without_value(valid_manifest(), "/packageManifest")), Severity::kError,
              "packageManifest", "is missing");
  expect_only(problems_of("[]"), Severity::kError, "", "expected an object");
}

TEST(PackageManifestTest, ValuesAreChecked) {
  expect_error_with("type", "\"trt-model-package-v2\"", "expected 'trt-model-package-v1'");
  expect_error_with("backendType", "\"onnx\"", "expected 'trt'");
  expect_error_with("quantization", "\"fp8\"", "'fp32', 'fp16', 'bf16', 'int8' or 'unknown'");
  for (const char* key : {"cudaDeviceCC", "cudaVersion", "trtVersion"}) {
    expect_error_with(key, "\"new\"", "expected a version");
    expect_error_with(key, "8.6", "expected a text");
  }
  for (const char* key :
       {"dynamicBatchSize", "sameCCCompatible", "trtForwardCompatible", "trtLeanRuntimeExcluded"}) {
    expect_none(problems_with(key, "\"yes\""));
    expect_error_with(key, "null", "expected true or false");
  }
  for (const char* key : {"staticBatchSize", "minBatchSize", "optBatchSize", "maxBatchSize"}) {
    expect_none(problems_with(key, "null"));
    expect_none(problems_with(key, "\"4\""));
    expect_error_with(key, "1.5", "a whole number");
  }
  expect_only(problems_with("same_cc_compatible", "true"), Severity::kWarning,
              "packageManifest.same_cc_compatible", "did you mean 'sameCCCompatible'");
}

TEST(PackageManifestTest, OnlyPlainAndKnownFilesMayBeListed) {
  const auto expect_refused = [](const std::string& handle, std::string_view part) {
    std::vector<PackageProblem> problems;
    const std::string files = "{\"" + handle + "\": \"" + std::string(kMd5OfPlan) + "\"}";
    EXPECT_TRUE(parse_manifest(with_files(files), problems).files.empty());
    expect_only(problems, Severity::kError, "files." + handle, part);
  };
  expect_refused("../engine.plan", "no plain file name");
  expect_refused("/etc/passwd", "no plain file name");
  expect_refused("a/engine.plan", "no plain file name");
  expect_refused("..", "no plain file name");
  expect_refused("model_config.json", "expected one of inference_config.json");
  expect_refused("Engine.plan", "expected one of");
  expect_only(problems_of(with_files("[]")), Severity::kError, "files", "expected an object");
  expect_none(problems_of(with_files("{}")));
}

TEST(PackageManifestTest, ChecksumsHaveTheirForm) {
  for (const std::string& md5 :
       {std::string("\"\""), "\"" + std::string(32, 'A') + "\"", "\"" + std::string(33, 'a') + "\"",
        "\"" + std::string(31, 'a') + "g\"", std::string("7"), std::string("null")}) {
    EXPECT_EQ(problems_of(with_files("{\"engine.plan\": " + md5 + "}")).size(), 1U) << md5;
  }
}

TEST(PackageManifestTest, FilesAreVerified) {
  const TemporaryFolder folder;
  folder.write("engine.plan", "a plan");
  expect_none(verify(folder, "engine.plan", kMd5OfPlan));
  folder.write("engine.plan", "a plan!");
  expect_only(verify(folder, "engine.plan", kMd5OfPlan), Severity::kError, "files.engine.plan",
              "damaged");
  expect_only(verify(folder, "class_names.txt", kMd5OfPlan), Severity::kError,
              "files.class_names.txt", "cannot be opened");
  folder.write("engine.plan", "");
  expect_none(verify(folder, "engine.plan", "d41d8cd98f00b204e9800998ecf8427e"));
}

TEST(PackageManifestTest, LargeFilesAreVerifiedInPieces) {
  const TemporaryFolder folder;
  folder.write("engine.plan", std::string(5'000'000, 'a'));
  expect_none(verify(folder, "engine.plan", "ca6e2f55ffd30e828d900707296d91d9"));
}

TEST(PackageManifestTest, LinksAndFoldersAreNoFiles) {
  const TemporaryFolder folder;
  folder.write("real", "a plan");
  fs::create_symlink("real", folder.path() / "engine.plan");
  expect_only(verify(folder, "engine.plan", kMd5OfPlan), Severity::kError, "files.engine.plan",
              "is a link");
  fs::create_directory(folder.path() / "class_names.txt");
  expect_only(verify(folder, "class_names.txt", kMd5OfPlan), Severity::kError,
              "files.class_names.txt", "no regular file");
}

}  // namespace
}  // namespace replayrt::models
