#include "models/package/package_files.hpp"

#include <sys/stat.h>

#include "core/expect_error.hpp"
#include "expect_problem.hpp"
#include "support/temporary_folder.hpp"

namespace replayrt::models {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMost = 100;

std::vector<PackageProblem> read_problems(const TemporaryFolder& folder, const std::string& name) {
  std::vector<PackageProblem> problems;
  PackageFiles files(folder.path());
  EXPECT_FALSE(files.read(name, kMost, true, problems));
  return problems;
}

TEST(PackageFilesTest, ReadsWhatFits) {
  const TemporaryFolder folder;
  folder.write("full", std::string(kMost, 'x'));
  folder.write("empty", "");
  folder.write("large", std::string(kMost + 1, 'x'));
  std::vector<PackageProblem> problems;
  PackageFiles files(folder.path());
  EXPECT_EQ(files.read("full", kMost, true, problems), std::string(kMost, 'x'));
  EXPECT_EQ(files.read("empty", kMost, true, problems), "");
  expect_none(problems);
  expect_only(read_problems(folder, "large"), Severity::kError, "", "larger than 100 bytes");
}

TEST(PackageFilesTest, AGiantFileIsNotRead) {
  const TemporaryFolder folder;
  const fs::path giant = folder.write("giant", "");
  fs::resize_file(giant, std::uintmax_t{1} << 40);  // Sparse: takes no space.
  expect_only(read_problems(folder, "giant"), Severity::kError, "", "larger than 100 bytes");
}

TEST(PackageFilesTest, OnlyWhatIsRequiredIsMissed) {
  const TemporaryFolder folder;
  std::vector<PackageProblem> problems;
  PackageFiles files(folder.path());
  EXPECT_FALSE(files.read("no", kMost, false, problems));
  EXPECT_FALSE(files.find("no", problems));
  expect_none(problems);
  EXPECT_FALSE(files.read("no", kMost, true, problems));
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].text(), "no: is missing: the package needs it");
}

TEST(PackageFilesTest, LinksMustStayWithinTheFolder) {
  const TemporaryFolder outside;
  outside.write("secret", "secret");
  const TemporaryFolder folder;
  folder.write("real", "real");
  fs::create_directory(folder.path() / "sub");
  folder.write("sub/deep", "deep");
  const auto link = [&](const char* name, const fs::path& target) {
    fs::create_symlink(target, folder.path() / name);
  };
  link("inside", "real");
  link("around", "../" + folder.path().filename().string() + "/sub/deep");
  link("outside", outside.path() / "secret");
  link("upwards", "../" + outside.path().filename().string() + "/secret");
  link("system", "/etc/passwd");
  link("chain", "outside");
  link("dangling", "nowhere");
  link("loop", "loop");
  // Begins with the folder's path, but is another folder.
  fs::create_directory(folder.path().string() + "x");
  link("neighbour", folder.path().string() + "x");

  std::vector<PackageProblem> problems;
  PackageFiles files(folder.path());
  EXPECT_EQ(files.read("inside", kMost, true, problems), "real");
  EXPECT_EQ(files.read("around", kMost, true, problems), "deep");
  EXPECT_EQ(files.find("inside", problems), folder.path() / "inside");
  expect_none(problems);
  for (const char* name : {"outside", "upwards", "system", "chain", "neighbour"}) {
    expect_only(read_problems(folder, name), Severity::kError, "", "link out of the package");
    std::vector<PackageProblem> found;
    EXPECT_FALSE(files.find(name, found));
    expect_only(found, Severity::kError, "", "link out of the package");
  }
  expect_only(read_problems(folder, "dangling"), Severity::kError, "", "not there");
  expect_only(read_problems(folder, "loop"), Severity::kError, "", "cannot be resolved");
  fs::remove(folder.path().string() + "x");
}

TEST(PackageFilesTest, ALinkToThePackageItselfIsNoMatter) {
  const TemporaryFolder folder;
  fs::create_directory(folder.path() / "real");
  folder.write("real/a", "x");
  fs::create_directory_symlink("real", folder.path() / "link");
  std::vector<PackageProblem> problems;
  PackageFiles files(folder.path() / "link");
  EXPECT_EQ(files.read("a", kMost, true, problems), "x");
  EXPECT_EQ(files.find("a", problems), folder.path() / "link" / "a");
  expect_none(problems);
}

TEST(PackageFilesTest, WhatIsNoFileIsRefusedWithoutWaiting) {
  const TemporaryFolder folder;
  fs::create_directory(folder.path() / "folder");
  ASSERT_EQ(::mkfifo((folder.path() / "pipe").c_str(), 0600), 0);
  expect_only(read_problems(folder, "folder"), Severity::kError, "", "no regular file");
  expect_only(read_problems(folder, "pipe"), Severity::kError, "", "no regular file");
}

TEST(PackageFilesTest, TheContentThatWasReadIsTheOneThatIsChecked) {
  const TemporaryFolder folder;
  folder.write("a", "before");
  std::vector<PackageProblem> problems;
  PackageFiles files(folder.path());
  ASSERT_TRUE(files.read("a", kMost, true, problems));
  std::string why;
  const std::optional<std::string> sum = files.md5("a", why);
  folder.write("a", "after");
  EXPECT_EQ(files.md5("a", why), sum);
  EXPECT_NE(PackageFiles(folder.path()).md5("a", why), sum);
  EXPECT_EQ(why, "");
}

TEST(PackageFilesTest, ListsAtMostTwentyNames) {
  const TemporaryFolder folder;
  EXPECT_EQ(PackageFiles(folder.path()).list(), "nothing");
  folder.write("b\n", "");
  folder.write("a", "");
  EXPECT_EQ(PackageFiles(folder.path()).list(), "'a', 'b\\x0a'");
  for (int i = 10; i < 33; ++i) {
    folder.write("n" + std::to_string(i), "");
  }
  const std::string list = PackageFiles(folder.path()).list();
  EXPECT_EQ(list.substr(list.size() - 16), "'n27' and 5 more") << list;
}

TEST(PackageFilesTest, TheFolderMustBeOne) {
  const TemporaryFolder folder;
  folder.write("file", "");
  for (const char* name : {"file", "nothing", "file/deeper"}) {
    expect_error(ErrorCode::kFileAccess, {name, "no folder"},
                 [&] { PackageFiles(folder.path() / name); });
  }
  expect_error(ErrorCode::kFileAccess, {"''"}, [&] { PackageFiles(""); });
}

}  // namespace
}  // namespace replayrt::models
