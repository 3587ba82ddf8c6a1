#include "models/postprocess/ctc.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace replayrt::models {
namespace {

const std::vector<std::string> kAbc = {"a", "b", "ü"};  // Classes: nothing, a, b, ü, space.

/// Steps that are `likely` for one class each; the rest is spread over the other classes.
std::vector<float> steps(std::initializer_list<std::size_t> classes, float likely = 0.9F) {
  const std::size_t count = kAbc.size() + 2;
  std::vector<float> scores;
  for (const std::size_t chosen : classes) {
    std::vector<float> row(count, (1 - likely) / static_cast<float>(count - 1));
    row[chosen] = likely;
    scores.insert(scores.end(), row.begin(), row.end());
  }
  return scores;
}

TEST(CtcTest, BlanksAndRepeatsAreDropped) {
  EXPECT_EQ(decode_ctc(steps({0, 1, 1, 0, 1, 2, 2, 0}), kAbc).text, "aab");
  EXPECT_EQ(decode_ctc(steps({3, 4, 2}), kAbc).text, "ü b");
}

TEST(CtcTest, TheConfidenceIsOfTheCharactersThatCount) {
  std::vector<float> scores = steps({0, 1}, 0.8F);
  const std::vector<float> repeat = steps({1, 0, 2}, 0.6F);
  scores.insert(scores.end(), repeat.begin(), repeat.end());
  const Reading reading = decode_ctc(scores, kAbc);
  EXPECT_EQ(reading.text, "ab");
  EXPECT_NEAR(reading.confidence, (0.8 + 0.6) / 2, 1e-6) << "neither blanks nor the repeat";
}

TEST(CtcTest, BlanksHaveNoTextAndNoConfidence) {
  const Reading reading = decode_ctc(steps({0, 0, 0}), kAbc);
  EXPECT_EQ(reading.text, "");
  EXPECT_EQ(reading.confidence, 0.0);
  EXPECT_EQ(decode_ctc({}, kAbc).text, "");
}

TEST(LargestTest, AgreesWithAPlainSearch) {
  std::mt19937 random(5);  // NOLINT: the same every time.
  for (const std::size_t classes : {1U, 2U, 255U, 256U, 257U, 5000U, 18710U}) {
    for (const float middle : {0.0F, -1000.0F}) {  // Probabilities and logits.
      std::normal_distribution<float> distribution(middle, 1);
      std::vector<float> row(classes);
      std::ranges::generate(row, [&] { return distribution(random); });
      const auto expected = std::ranges::max_element(row) - row.begin();
      ASSERT_EQ(largest(row), static_cast<std::size_t>(expected)) << classes << " classes";
    }
  }
}

TEST(LargestTest, OfEqualsTheFirst) {
  std::vector<float> row(600, 0);
  row[300] = row[301] = row[599] = 0.3F;
  EXPECT_EQ(largest(row), 300U);
}

TEST(LargestTest, NaNIsNever) {
  std::vector<float> row(600, std::numeric_limits<float>::quiet_NaN());
  EXPECT_EQ(largest(row), 0U);
  row[520] = -5;
  EXPECT_EQ(largest(row), 520U);
  row[3] = -4;
  EXPECT_EQ(largest(row), 3U);
}

}  // namespace
}  // namespace replayrt::models
