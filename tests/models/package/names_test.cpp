#include <gtest/gtest.h>

#include "replayrt/models/model_package.hpp"

namespace replayrt {
namespace {

TEST(PackageNamesTest, TasksRoundTrip) {
  for (const Task task :
       {Task::kObjectDetection, Task::kInstanceSegmentation, Task::kKeyPointDetection,
        Task::kSemanticSegmentation, Task::kClassification, Task::kMultiLabelClassification,
        Task::kDepthEstimation, Task::kTextOnlyOcr}) {
    EXPECT_EQ(task_from_string(to_string(task)), task);
  }
  EXPECT_EQ(to_string(Task::kKeyPointDetection), "keypoint-detection");
  EXPECT_EQ(task_from_string("Object-Detection"), std::nullopt);
  EXPECT_EQ(task_from_string(""), std::nullopt);
  EXPECT_EQ(to_string(static_cast<Task>(99)), "unknown");
}

TEST(PackageNamesTest, NamesAreThoseOfTheFiles) {
  EXPECT_EQ(to_string(ResizeMode::kFitLongerEdge), "fit-longer-edge");
  EXPECT_EQ(to_string(ResizeMode::kLetterboxReflectEdges), "letterbox-reflect-edges");
  EXPECT_EQ(to_string(static_cast<ResizeMode>(99)), "unknown");
  EXPECT_EQ(to_string(ContrastType::kAdaptiveEqualization), "Adaptive Equalization");
  EXPECT_EQ(to_string(ContrastType::kContrastStretching), "Contrast Stretching");
  EXPECT_EQ(to_string(ContrastType::kHistogramEqualization), "Histogram Equalization");
  EXPECT_EQ(to_string(static_cast<ContrastType>(99)), "unknown");
  EXPECT_EQ(to_string(PostProcessing::Type::kNms), "nms");
  EXPECT_EQ(to_string(PostProcessing::Type::kSoftmax), "softmax");
  EXPECT_EQ(to_string(PostProcessing::Type::kSigmoid), "sigmoid");
  EXPECT_EQ(to_string(static_cast<PostProcessing::Type>(99)), "unknown");
}

}  // namespace
}  // namespace replayrt
