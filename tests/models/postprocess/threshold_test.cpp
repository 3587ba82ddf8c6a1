#include "models/postprocess/threshold.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/expect_error.hpp"

namespace replayrt::models {
namespace {

const std::vector<std::string> kNames = {"cat", "dog"};

Threshold resolve(const Confidence& confidence, const RecommendedParameters& recommended = {}) {
  return resolve_confidence(confidence, recommended, 0.4, kNames);
}

TEST(ThresholdTest, ANumberCountsForAllClasses) {
  const RecommendedParameters recommended{.confidence = 0.7,
                                          .per_class_confidence = {{"cat", 0.9}}};
  EXPECT_EQ(resolve(0.25, recommended).of(0), 0.25F);
  EXPECT_EQ(resolve(0.0, recommended).of(1), 0);
  EXPECT_EQ(resolve(1.0).of(0), 1);
}

TEST(ThresholdTest, TheDefaultIsTheFamilysWhateverIsRecommended) {
  EXPECT_EQ(resolve({}, {.confidence = 0.7}).of(0), 0.4F);
}

// The reference's table: spec, section 4.2.
TEST(ThresholdTest, TheBestIsWhatIsRecommended) {
  EXPECT_EQ(resolve(Confidence::best()).of(0), 0.4F);
  EXPECT_EQ(resolve(Confidence::best(), {.confidence = 0.7}).of(0), 0.7F);
  const Threshold per_class =
      resolve(Confidence::best(), {.confidence = 0.7, .per_class_confidence = {{"dog", 0.2}}});
  EXPECT_EQ(per_class.of(0), 0.7F);
  EXPECT_EQ(per_class.of(1), 0.2F);
  EXPECT_EQ(per_class.of(2), 0.7F);
  EXPECT_EQ(per_class.of(-1), 0.7F);
  EXPECT_EQ(per_class.least(), 0.2F);
  const RecommendedParameters no_global{.confidence = {}, .per_class_confidence = {{"dog", 0.2}}};
  EXPECT_EQ(resolve(Confidence::best(), no_global).of(1), 0.4F);
}

TEST(ThresholdTest, OnlyWhatIsAboveItPasses) {
  const Threshold threshold(0.4F);
  EXPECT_FALSE(threshold.passes(0.4F, 0, false));
  EXPECT_TRUE(threshold.passes(0.4F, 0, true));
  EXPECT_TRUE(threshold.passes(0.41F, 0, false));
  EXPECT_FALSE(threshold.passes(NAN, 0, true));
}

TEST(ThresholdTest, NumbersAreFromZeroToOne) {
  for (const double value : {-0.1, 1.1, static_cast<double>(NAN)}) {
    expect_error(ErrorCode::kInvalidParameter, {"confidence", "0 to 1"}, [&] { resolve(value); });
  }
}

}  // namespace
}  // namespace replayrt::models
