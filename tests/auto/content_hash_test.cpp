// What names a model by its bytes.

#include "backends/content/content_hash.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <set>
#include <thread>

#include "replayrt/core/log.hpp"
#include "support/temporary_folder.hpp"

namespace replayrt::content {
namespace {

namespace fs = std::filesystem;

class ContentHashTest : public testing::Test {
 protected:
  ContentHashTest() {
    set_log_sink([this](LogLevel, std::string_view text) { said_.emplace_back(text); },
                 LogLevel::kWarning);
  }
  ~ContentHashTest() override { set_log_sink({}, LogLevel::kWarning); }

  const TemporaryFolder folder_;
  std::vector<std::string> said_;
};

TEST_F(ContentHashTest, ItIsTheSha256OfThePartsWithTheirLengths) {
  Sha256 sum;
  sum.add("ab");
  sum.add("c");
  // printf '2:ab1:c' | sha256sum
  EXPECT_EQ(sum.hex(), "430fb1b4ac43316eca81fab27a1930ab8eff8fef6a1dc7903dce44bbc2790dc5");
}

TEST_F(ContentHashTest, EqualContentHasOneHashWhereverItLies) {
  const fs::path one = folder_.write("one", "model");
  const fs::path two = folder_.write("two", "model");
  const FileContent first({one}, "f32");
  EXPECT_EQ(first.hash(), FileContent({two}, "f32").hash());
  EXPECT_EQ(first.hash().size(), 64U);
  const std::string_view text = "model";
  EXPECT_EQ(first.hash(), hash_of(std::as_bytes(std::span(text)), "f32"));
}

TEST_F(ContentHashTest, OtherBytesOptionsOrFilesHaveAnother) {
  const fs::path model = folder_.write("a", "model");
  const fs::path other = folder_.write("b", "modem");
  const fs::path empty = folder_.write("c", "");
  const std::set<std::string> hashes{
      FileContent({model}, "f32").hash(),        FileContent({other}, "f32").hash(),
      FileContent({model}, "f16").hash(),        FileContent({model, empty}, "f32").hash(),
      FileContent({model, other}, "f32").hash(), FileContent({other, model}, "f32").hash()};
  EXPECT_EQ(hashes.size(), 6U);
  EXPECT_EQ(FileContent({model, folder_.path() / "none"}, "f32").hash(),
            FileContent({model}, "f32").hash())
      << "a file that was not there when the model was loaded is no part of it";
  EXPECT_THAT(said_, testing::IsEmpty());
}

TEST_F(ContentHashTest, AFileThatHasChangedHasNoneAndIsToldOnce) {
  const fs::path grown = folder_.write("grown", "model");
  const fs::path touched = folder_.write("touched", "model");
  const fs::path gone = folder_.write("gone", "model");
  const FileContent contents[] = {{{grown}, ""}, {{touched}, ""}, {{gone}, ""}};
  folder_.write("grown", "models");
  fs::last_write_time(touched, fs::last_write_time(touched) + std::chrono::seconds(1));
  fs::remove(gone);
  for (const FileContent& content : contents) {
    said_.clear();
    EXPECT_EQ(content.hash(), "");
    EXPECT_EQ(content.hash(), "");
    ASSERT_EQ(said_.size(), 1U);
    EXPECT_THAT(said_[0], testing::HasSubstr("has changed since"));
  }
  EXPECT_EQ(FileContent({}, "").hash(), "");
}

TEST_F(ContentHashTest, ItIsComputedOnceAndRemembered) {
  const fs::path path = folder_.write("model", std::string(200'000, 'x'));
  const FileContent content({path}, "");
  constexpr int kThreads = 4;
  std::latch begin(kThreads);
  std::vector<std::string> hashes(kThreads);
  {
    std::vector<std::jthread> threads;
    for (std::string& hash : hashes) {
      threads.emplace_back([&] {
        begin.arrive_and_wait();
        hash = content.hash();
      });
    }
  }
  EXPECT_THAT(hashes, testing::Each(hashes[0]));
  fs::remove(path);
  EXPECT_EQ(content.hash(), hashes[0]);
  EXPECT_EQ(hashes[0].size(), 64U);
}

}  // namespace
}  // namespace replayrt::content
