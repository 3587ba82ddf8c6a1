#include "files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <string>

#include "replayrt/core/error.hpp"

namespace replayrt::cli {
namespace {

namespace fs = std::filesystem;

using testing::HasSubstr;
using testing::ThrowsMessage;

class FilesTest : public testing::Test {
 protected:
  FilesTest() { fs::create_directories(folder_); }
  ~FilesTest() override { fs::remove_all(folder_); }

  [[nodiscard]] std::size_t files_in_folder() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  // Tests of several builds may run at once.
  fs::path folder_ =
      fs::path(testing::TempDir()) / ("replayrt_files_" + std::to_string(::getpid()));
};

TEST_F(FilesTest, WritesReplacesAndReads) {
  const fs::path path = folder_ / "report.json";
  write_file_atomically(path, "first");
  write_file_atomically(path, "second");
  EXPECT_EQ(read_file(path, 6), "second");
  EXPECT_EQ(files_in_folder(), 1U);
  EXPECT_THAT([&] { read_file(path, 5); }, ThrowsMessage<Error>(HasSubstr("at most 5")));
}

TEST_F(FilesTest, LeavesTheOldFileWhenWritingFails) {
  const fs::path path = folder_ / "report.json";
  write_file_atomically(path, "old");
  EXPECT_THROW(write_atomically(path,
                                [](const fs::path& temporary) {
                                  write_file_atomically(temporary, "half");
                                  throw std::runtime_error("full");
                                }),
               std::runtime_error);
  EXPECT_EQ(read_file(path, 10), "old");
  EXPECT_EQ(files_in_folder(), 1U);
}

TEST_F(FilesTest, WritesThroughALink) {
  const fs::path path = folder_ / "report.json";
  const fs::path link = folder_ / "link.json";
  write_file_atomically(path, "old");
  fs::create_symlink(path, link);
  write_file_atomically(link, "new");
  EXPECT_TRUE(fs::is_symlink(link));
  EXPECT_EQ(read_file(path, 10), "new");
}

TEST_F(FilesTest, SaysWhyAFileCannotBeWritten) {
  EXPECT_THAT([&] { require_writable(folder_); },
              ThrowsMessage<Error>(HasSubstr("is a directory")));
  EXPECT_THAT([&] { require_writable(folder_ / "no" / "x"); },
              ThrowsMessage<Error>(HasSubstr("no such directory")));
  EXPECT_THAT([&] { require_writable("/dev/null"); },
              ThrowsMessage<Error>(HasSubstr("not a regular file")));
  EXPECT_THAT([&] { require_writable(""); },
              ThrowsMessage<Error>(HasSubstr("expected a file name")));
}

}  // namespace
}  // namespace replayrt::cli
