// Whether the cases of instance segmentation would show a fault.

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <opencv2/core/mat.hpp>
#include <ostream>
#include <string>
#include <tuple>
#include <vector>

#include "mask_parity.hpp"
#include "parity.hpp"
#include "replayrt/auto_model.hpp"

namespace replayrt {
namespace {

using nlohmann::json;

/// A fault as it could be made between the network and the answer.
struct Fault {
  std::string name;
  void (*in_metadata)(PreProcessingMetadata& metadata) = nullptr;
  void (*in_options)(PredictOptions& options) = nullptr;
  void (*in_answer)(InstanceDetections& found) = nullptr;
};

void PrintTo(const Fault& fault, std::ostream* out) {
  *out << fault.name;
}

void drop_pad(PreProcessingMetadata& metadata) {
  metadata.pad_left = metadata.pad_top = metadata.pad_right = metadata.pad_bottom = 0;
}

void leave_unsmoothed(PredictOptions& options) {
  options.masks_smoothing_enabled = false;
  options.masks_binarization_threshold = 0.5;
}

void shift_class(InstanceDetections& found) {
  for (std::int32_t& class_id : found.class_id) {
    ++class_id;
  }
}

/// Rows where columns belong.
void swap_axes(InstanceDetections& found) {
  for (RleMask& mask : found.mask) {
    const ImageSize turned{mask.size.width, mask.size.height};
    const std::vector<std::uint8_t> by_columns = RleMask{turned, mask.counts}.decode();
    std::vector<std::uint8_t> dense(by_columns.size());
    for (std::size_t i = 0; i < dense.size(); ++i) {
      const auto width = static_cast<std::size_t>(turned.width);
      const auto height = static_cast<std::size_t>(turned.height);
      dense[i % width * height + i / width] = by_columns[i];
    }
    mask = RleMask::encode(dense, mask.size);
  }
}

class MaskFaultTest : public testing::TestWithParam<std::tuple<std::string, Fault>> {};

/// The cases are worth something: with the fault at least one of each family fails.
TEST_P(MaskFaultTest, IsSeen) {
  const auto& [family, fault] = GetParam();
  std::size_t seen = 0;
  const json answers = expected(family);
  for (const json& test : answers["cases"]) {
    if (!test["options"].empty() || test["package"] != family + "-letterbox") {
      continue;
    }
    const Model model = load(test["package"], {"default", true, false, false});
    std::vector<cv::Mat> pictures;
    std::vector<ImageView> views;
    for (const json& name : test["pictures"]) {
      pictures.push_back(picture(name));
      views.push_back(view_of(pictures.back(), ColorFormat::kBgr));
    }
    if (family == "yolact") {
      views.resize(1);
    }
    PredictOptions options;
    if (fault.in_options != nullptr) {
      fault.in_options(options);
    }
    PreProcessedImages batch = model.pre_process(views);
    for (PreProcessingMetadata& metadata : batch.metadata) {
      if (fault.in_metadata != nullptr) {
        fault.in_metadata(metadata);
      }
    }
    std::vector<Prediction> found =
        model.post_process(model.forward(batch), batch.metadata, options);
    for (std::size_t i = 0; i < found.size(); ++i) {
      auto instances = std::get<InstanceDetections>(found[i]);
      if (fault.in_answer != nullptr) {
        fault.in_answer(instances);
      }
      seen += agrees(instances, answers_of(test, false)[i]) ? 0 : 1;
    }
  }
  EXPECT_EQ(seen > 0, fault.name != "none");
}

const Fault kNoFault{.name = "none"};
const Fault kSwappedAxes{.name = "swapped_axes", .in_answer = swap_axes};
const Fault kDroppedPad{.name = "dropped_pad", .in_metadata = drop_pad};
const Fault kShiftedClass{.name = "shifted_class", .in_answer = shift_class};
const Fault kUnsmoothed{.name = "unsmoothed", .in_options = leave_unsmoothed};

std::string fault_name(const testing::TestParamInfo<MaskFaultTest::ParamType>& test) {
  std::string name = std::get<0>(test.param) + "_" + std::get<1>(test.param).name;
  std::ranges::replace(name, '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(
    Families, MaskFaultTest,
    testing::Combine(testing::Values("yolov5-masks", "yolov7-masks", "yolov8-masks",
                                     "yolov8-masks-fused", "yolov11-masks", "yolov11-masks-fused",
                                     "yolo26-masks", "yolact", "rfdetr-masks"),
                     testing::Values(kNoFault, kSwappedAxes, kDroppedPad, kShiftedClass)),
    fault_name);
INSTANTIATE_TEST_SUITE_P(OfSmoothing, MaskFaultTest,
                         testing::Combine(testing::Values("yolov8-masks", "yolov8-masks-fused",
                                                          "yolov11-masks", "yolov11-masks-fused"),
                                          testing::Values(kUnsmoothed)),
                         fault_name);

}  // namespace
}  // namespace replayrt
