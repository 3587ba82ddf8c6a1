#include "ctc.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <random>

#include "replayrt/core/error.hpp"

namespace ocr {
namespace {

/// Steps that are `likely` for one class each; the rest is spread over the other classes.
std::vector<float> steps(const CharacterSet& characters, std::initializer_list<std::size_t> classes,
                         float likely = 0.9F) {
  const std::size_t count = characters.classes();
  std::vector<float> probabilities;
  for (const std::size_t chosen : classes) {
    std::vector<float> row(count, (1.0F - likely) / static_cast<float>(count - 1));
    row[chosen] = likely;
    probabilities.insert(probabilities.end(), row.begin(), row.end());
  }
  return probabilities;
}

const CharacterSet kAbc({"a", "b", "ü"});  // Classes: blank, a, b, ü, space.

TEST(DecodeCtc, DropsBlanksAndRepeats) {
  EXPECT_EQ(decode_ctc(steps(kAbc, {0, 1, 1, 0, 1, 2, 2, 0}), kAbc).text, "aab");
  EXPECT_EQ(decode_ctc(steps(kAbc, {3, 4, 2}), kAbc).text, "ü b");
}

TEST(DecodeCtc, AveragesTheCharactersThatCount) {
  std::vector<float> probabilities = steps(kAbc, {0, 1}, 0.8F);
  const std::vector<float> repeat = steps(kAbc, {1, 0, 2}, 0.6F);
  probabilities.insert(probabilities.end(), repeat.begin(), repeat.end());
  const Reading reading = decode_ctc(probabilities, kAbc);
  EXPECT_EQ(reading.text, "ab");
  EXPECT_NEAR(reading.confidence, (0.8 + 0.6) / 2, 1e-6) << "neither blanks nor the repeat";
}

TEST(DecodeCtc, OfBlanksIsEmptyAndHasNoConfidence) {
  const Reading reading = decode_ctc(steps(kAbc, {0, 0, 0}), kAbc);
  EXPECT_EQ(reading.text, "");
  EXPECT_EQ(reading.confidence, 0.0);
  EXPECT_EQ(decode_ctc({}, kAbc).text, "");
}

TEST(MostLikely, AgreesWithAPlainSearch) {
  std::mt19937 random(5);
  for (const std::size_t classes : {1U, 2U, 255U, 256U, 257U, 5000U, 18710U}) {
    for (const double sharpness : {0.1, 1.0, 40.0}) {
      std::exponential_distribution<float> distribution(1.0F);
      std::vector<float> row(classes);
      std::generate(row.begin(), row.end(),
                    [&] { return std::pow(distribution(random), static_cast<float>(sharpness)); });
      const float sum = std::accumulate(row.begin(), row.end(), 0.0F);
      std::for_each(row.begin(), row.end(), [sum](float& value) { value /= sum; });
      const auto expected = std::max_element(row.begin(), row.end()) - row.begin();
      ASSERT_EQ(most_likely(row), static_cast<std::size_t>(expected)) << classes << " classes";
    }
  }
}

TEST(MostLikely, OfEqualsTakesTheFirst) {
  std::vector<float> row(600, 0.0F);
  row[300] = row[301] = row[599] = 0.3F;
  EXPECT_EQ(most_likely(row), 300U);
}

TEST(CharacterSet, IsReadLineByLine) {
  const auto file = std::filesystem::temp_directory_path() / "replayrt_ctc_test_chars.txt";
  std::ofstream(file) << "x\n　\n€\n";
  const CharacterSet characters = CharacterSet::load(file);
  std::filesystem::remove(file);
  ASSERT_EQ(characters.classes(), 5U);
  EXPECT_EQ(characters[1], "x");
  EXPECT_EQ(characters[2], "　");
  EXPECT_EQ(characters[3], "€");
  EXPECT_EQ(characters[4], " ");
}

TEST(CharacterSet, NamesAMissingFile) {
  try {
    CharacterSet::load("/no/such/chars.txt");
    FAIL() << "no error";
  } catch (const replayrt::Error& error) {
    EXPECT_EQ(error.code(), replayrt::ErrorCode::kFileAccess);
    EXPECT_THAT(error.what(), testing::HasSubstr("/no/such/chars.txt"));
  }
}

}  // namespace
}  // namespace ocr
