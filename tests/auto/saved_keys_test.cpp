// The file of a working set: written, read, damaged.

#include "replayrt/saved_keys.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "auto/saved_keys_text.hpp"
#include "core/expect_error.hpp"
#include "core/fake_calls.hpp"
#include "support/temporary_folder.hpp"

namespace replayrt {
namespace {

namespace fs = std::filesystem;

class SavedKeysTest : public testing::Test {
 protected:
  static std::string content_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_.path()), {}));
  }
  /// Keys of all kinds.
  static std::vector<SavedKey> examples() {
    InputSignature several{{DType::kF32, {1, 3, 48, 320}}, {DType::kBool, {}, DeviceType::kCuda}};
    return {{"c0ffee", {}, {{DType::kF32, {2, 3}}}, 7, std::chrono::nanoseconds(123'456'789)},
            {std::string(128, 'f'), {DeviceType::kCuda, 3}, several},
            {"0",
             {},
             {{DType::kU4, {0}}},
             std::numeric_limits<std::uint64_t>::max(),
             std::chrono::nanoseconds::max()},
            {"1", {}, {{DType::kI64, {1, 1, 1, 1, 1, 1, 1, 9'000'000'000'000'000'000}}}}};
  }
  fs::path write(const std::string& text) const { return folder_.write("keys.json", text); }
  /// A file of one key, with `was` replaced by `is`.
  static std::string changed(const std::string& was, const std::string& is) {
    std::string text = detail::saved_keys_text(std::vector{examples()[0]});
    const std::size_t place = text.find(was);
    EXPECT_NE(place, std::string::npos) << was;
    return text.replace(place, was.size(), is);
  }

  const TemporaryFolder folder_;
  const fs::path path_ = folder_.path() / "keys.json";
};

TEST_F(SavedKeysTest, WhatIsWrittenIsRead) {
  save_keys(examples(), path_);
  EXPECT_EQ(load_keys(path_), examples());
  EXPECT_EQ(files(), 1U) << "nothing is left beside it";
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0644U);
  save_keys(std::span<const SavedKey>(), path_);
  EXPECT_EQ(load_keys(path_), std::vector<SavedKey>());
  EXPECT_EQ(content_of(path_), "{\"format\": \"replayrt-keys\", \"version\": 1, \"keys\": []}\n");
}

TEST_F(SavedKeysTest, TheFormatOfVersion1StaysAsItIs) {
  const fs::path path = write(
      R"({"version": 1, "keys": [{"worth_ns": 5, "calls": 4, "engine": "abc", "device": "cuda:1",
          "inputs": [{"shape": [1, 8], "memory": "cuda", "dtype": "f16"}]}],
          "format": "replayrt-keys"})");
  const std::vector<SavedKey> expected{{"abc",
                                        {DeviceType::kCuda, 1},
                                        {{DType::kF16, {1, 8}, DeviceType::kCuda}},
                                        4,
                                        std::chrono::nanoseconds(5)}};
  EXPECT_EQ(load_keys(path), expected);
}

TEST_F(SavedKeysTest, ARestartCapturesTheWorkingSetForAnotherEngineOfTheContent) {
  fakes::FakeOptions options;
  options.content_hash = "c0ffee";
  {
    const Engine engine = fakes::make_fake_engine(options);
    const auto cache = std::make_shared<GraphCache>(8);
    for (const std::int64_t rows : {1, 2, 3, 1}) {
      call(engine, counted(rows), cache);
    }
    save_keys(*cache, path_);
  }
  const Engine engine = fakes::make_fake_engine(options);
  options.content_hash = "beef";
  const Engine other = fakes::make_fake_engine(options);
  const auto cache = std::make_shared<GraphCache>(8);
  const std::array<const Engine*, 1> others{&other};
  EXPECT_EQ(load_keys(*cache, path_, others), (PrewarmReport{.unknown = 3}));
  EXPECT_EQ(cache->stats().captures, 0U);
  const std::array<const Engine*, 2> engines{&other, &engine};
  EXPECT_EQ(load_keys(*cache, path_, engines), (PrewarmReport{.accepted = 3}));
  cache->wait_idle();
  EXPECT_EQ(rows_in(*cache), (std::vector<std::int64_t>{2, 3, 1}));
  EXPECT_EQ(call(engine, counted(2), cache).route, Route::kReplayed);
}

TEST_F(SavedKeysTest, ADamagedFileIsAnErrorThatChangesNothing) {
  fakes::FakeOptions options;
  options.content_hash = "c0ffee";
  const Engine engine = fakes::make_fake_engine(options);
  const std::array<const Engine*, 1> engines{&engine};
  GraphCache cache(8);
  const std::string whole = detail::saved_keys_text(std::vector{examples()[0]});
  const auto expect_refused = [&](const std::string& text) {
    expect_error(ErrorCode::kCorruptedModel, {path_.string()},
                 [&] { load_keys(cache, write(text), engines, PrewarmMode::kInline); });
  };
  for (std::size_t size = 0; size + 1 < whole.size(); ++size) {  // The last byte ends the line.
    SCOPED_TRACE(size);
    expect_refused(whole.substr(0, size));
  }
  for (const char* behind : {"x", "{}", "\n\n,", "]"}) {
    expect_refused(whole + behind);
  }
  expect_refused(whole + std::string(1, '\0'));
  EXPECT_EQ(options.counters->captures, 0);
  EXPECT_TRUE(cache.report().keys.empty());
}

TEST_F(SavedKeysTest, AFlippedBitIsAnErrorOrReadsAsWhatItSays) {
  const std::vector<SavedKey> keys(1, examples()[0]);
  const std::string whole = detail::saved_keys_text(keys);
  std::size_t refused = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string text = whole;
      text[at] = static_cast<char>(static_cast<unsigned char>(text[at]) ^ (1U << bit));
      try {
        // Another digit is another number: what is read is what is written again.
        const auto read = detail::parse_saved_keys(text, "flipped");
        EXPECT_EQ(detail::parse_saved_keys(detail::saved_keys_text(read), "again"), read);
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kCorruptedModel);
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, whole.size() * 6);
}

TEST_F(SavedKeysTest, ErrorsNameThePlace) {
  const auto expect_refused = [&](const std::string& text, const std::vector<std::string>& parts) {
    SCOPED_TRACE(text);
    expect_error(ErrorCode::kCorruptedModel, parts, [&] { load_keys(write(text)); });
  };
  const auto one = [&](const std::string& was, const std::string& is, const std::string& place,
                       const std::string& why) {
    expect_refused(changed(was, is), {path_.string(), place, why});
  };
  expect_refused("[]", {"of type array", "expected an object"});
  expect_refused("{}", {"has no member 'format'"});
  expect_refused("nonsense", {"is no JSON"});
  one("replayrt-keys", "other-keys", "format", "is not 'replayrt-keys'");
  one("\"version\": 1", "\"version\": 2", "version", "expected 1");
  one("\"version\": 1", "\"version\": \"1\"", "version", "is text");
  one("\"keys\": ", "\"kees\": ", "the text", "'keys'");
  one("\"keys\"", "\"more\": 1, \"keys\"", "the text", "unknown member 'more'");
  one("\"calls\": 7", "\"calls\": 7, \"calls\": 8", "keys[0].calls", "twice");
  one("\"calls\": 7", "\"calls\": -7", "keys[0].calls", "is -7");
  one("\"calls\": 7", "\"calls\": 7.0", "keys[0].calls", "is 7.0");
  one("\"calls\": 7", "\"calls\": true", "keys[0].calls", "of type boolean");
  one("\"calls\": 7", "\"calls\": 99999999999999999999", "keys[0].calls", "whole number");
  one("123456789", "9223372036854775808", "keys[0].worth_ns", "9223372036854775807");
  one("\"calls\": 7, ", "", "keys[0]", "has no member 'calls'");
  one("c0ffee", "C0FFEE", "keys[0].engine", "hexadecimal");
  one("c0ffee", "", "keys[0].engine", "hexadecimal");
  one("c0ffee", std::string(129, 'a'), "keys[0].engine", "hexadecimal");
  one("\"cpu\", \"inputs\"", "\"gpu\", \"inputs\"", "keys[0].device", "gpu");
  one("f32", "f31", "keys[0].inputs[0].dtype", "f31");
  one("[2, 3]", "[2, -3]", "keys[0].inputs[0].shape[1]", "is -3");
  one("[2, 3]", "[1, 1, 1, 1, 1, 1, 1, 1, 1]", "keys[0].inputs[0].shape", "8");
  one("[2, 3]", "[9000000000000000000, 9]", "keys[0].inputs[0].shape", "is wrong");
  one("[2, 3]", "[[2], 3]", "keys[0].inputs[0].shape[0]", "deeper");
  one("[2, 3]", "[[[[2]]], 3]", "keys[0].inputs[0].shape[0]", "deeper");
  one("\"memory\": \"cpu\"", "\"memory\": \"disk\"", "keys[0].inputs[0].memory", "'disk'");
  one("\"inputs\": [{", "\"inputs\": [], \"x\": [{", "keys[0]", "unknown member 'x'");
}

TEST_F(SavedKeysTest, SizesAreBounded) {
  std::string keys;
  const SavedKey key = examples()[0];
  expect_error(ErrorCode::kInvalidParameter, {"10001 keys"},
               [&] { save_keys(std::vector<SavedKey>(10'001, key), path_); });
  std::string text = detail::saved_keys_text(std::vector<SavedKey>(10'000, key));
  EXPECT_EQ(detail::parse_saved_keys(text, "most").size(), 10'000U);
  text.insert(text.find("[\n") + 1, "{},");
  expect_error(ErrorCode::kCorruptedModel, {"keys has more than 10000 elements"},
               [&] { load_keys(write(text)); });
  expect_error(ErrorCode::kCorruptedModel, {"deeper"},
               [&] { load_keys(write(std::string(1'000'000, '['))); });
  expect_error(ErrorCode::kCorruptedModel, {"keys[0].engine", "more than 256 bytes"},
               [&] { load_keys(write(changed("c0ffee", std::string(257, 'a')))); });
  expect_error(ErrorCode::kCorruptedModel, {"keys[0]", "more than 256 bytes"},
               [&] { load_keys(write(changed("calls", std::string(257, 'a')))); });
  std::string members;
  for (int i = 0; i < 12; ++i) {
    members += "\"more" + std::to_string(i) + "\": 0, ";
  }
  expect_error(ErrorCode::kCorruptedModel, {"keys[0].calls", "16"},
               [&] { load_keys(write(changed("\"calls\"", members + "\"x\": 0, \"calls\""))); });
  write("");
  fs::resize_file(path_, (std::uintmax_t{64} << 20U) + 1);
  expect_error(ErrorCode::kCorruptedModel, {"67108864 bytes"}, [&] { load_keys(path_); });
}

TEST_F(SavedKeysTest, WhatCannotBeSavedIsRefusedBeforeAnythingIsWritten) {
  write("as it was");
  const auto expect_refused = [&](const char* part, auto change) {
    std::vector<SavedKey> keys = examples();
    change(keys[1]);
    expect_error(ErrorCode::kInvalidParameter, {part}, [&] { save_keys(keys, path_); });
    EXPECT_EQ(content_of(path_), "as it was");
  };
  expect_refused("engine hash", [](SavedKey& key) { key.engine_hash = "\"},"; });
  expect_refused("engine hash", [](SavedKey& key) { key.engine_hash.clear(); });
  expect_refused("address", [this](SavedKey& key) { key.inputs[0].address = this; });
  expect_refused("0 inputs", [](SavedKey& key) { key.inputs.clear(); });
  expect_refused("negative", [](SavedKey& key) { key.worth = -std::chrono::nanoseconds(1); });
  expect_refused("-1", [](SavedKey& key) { key.device.index = -1; });
  expect_refused("2", [](SavedKey& key) { key.device = {DeviceType::kCpu, 2}; });
}

TEST_F(SavedKeysTest, AFileThatCannotBeReadOrWrittenIsNamed) {
  expect_error(ErrorCode::kFileAccess, {path_.string(), "No such file"}, [&] { load_keys(path_); });
  expect_error(ErrorCode::kFileAccess, {folder_.path().string(), "not a regular file"},
               [&] { load_keys(folder_.path()); });
  const fs::path nowhere = folder_.path() / "nowhere" / "keys.json";
  expect_error(ErrorCode::kFileAccess, {nowhere.string()}, [&] { save_keys(examples(), nowhere); });
  fs::create_directory(path_);
  expect_error(ErrorCode::kFileAccess, {path_.string(), "not a regular file"},
               [&] { save_keys(examples(), path_); });
  EXPECT_EQ(files(), 1U) << "no temporary file is left";
}

TEST_F(SavedKeysTest, OnlyARegularFileIsReplacedAndALinkStaysALink) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  expect_error(ErrorCode::kFileAccess, {path_.string(), "not a regular file"},
               [&] { save_keys(examples(), path_); });
  EXPECT_TRUE(fs::is_fifo(path_));
  const fs::path link = folder_.path() / "link.json";
  const fs::path target = folder_.path() / "target.json";
  fs::create_symlink("target.json", link);
  save_keys(examples(), link);  // To where there is nothing yet.
  EXPECT_TRUE(fs::is_symlink(link));
  save_keys(std::span<const SavedKey>(), link);
  EXPECT_TRUE(fs::is_symlink(link));
  EXPECT_EQ(load_keys(target), std::vector<SavedKey>());
  EXPECT_EQ(files(), 3U) << "nothing is left beside them";
  fs::remove(link);
  fs::create_symlink("link.json", link);
  expect_error(ErrorCode::kFileAccess, {link.string(), "Too many levels"},
               [&] { save_keys(examples(), link); });
}

}  // namespace
}  // namespace replayrt
