// Models of instance segmentation on engines that stand for networks.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "core/expect_error.hpp"
#include "model_states.hpp"

namespace replayrt::detail {
namespace {

/// A canvas of 8 x 8 whose left half is an object: logits of 4, and of -1 elsewhere.
fakes::ImageEngineOptions masks_engine(std::vector<std::string> names) {
  fakes::ImageEngineOptions options;
  options.inputs = {pictures_spec()};
  for (std::string& name : names) {
    options.outputs.push_back(spec(std::move(name), DType::kF32, {kAny, kAny, kAny}));
  }
  const std::size_t between = names.size() - 2;
  options.answer = [between](const TensorView& images) {
    const std::int64_t count = images.shape[0];
    TensorList outputs;
    // Middle, size, objectness, two classes, a coefficient.
    const std::array<float, 8> row = {4, 4, 8, 8, 0.9F, 0.2F, 0.8F, 1};
    const std::array<float, 4> prototype = {4, -1, 4, -1};
    const Tensor rows = Tensor::allocate(DType::kF32, Shape{count, 1, 8});
    const Tensor prototypes = Tensor::allocate(DType::kF32, Shape{count, 1, 2, 2});
    for (std::int64_t i = 0; i < count; ++i) {
      std::ranges::copy(row, rows.as<float>().begin() + i * 8);
      std::ranges::copy(prototype, prototypes.as<float>().begin() + i * 4);
    }
    outputs.push_back(rows);
    for (std::size_t i = 0; i < between; ++i) {
      outputs.push_back(Tensor::allocate(DType::kF32, Shape{count, 2, 2}));
    }
    outputs.push_back(prototypes);
    return outputs;
  };
  return options;
}

ModelPackage package_of(std::string architecture) {
  ModelPackage package;
  package.folder = "the_package";
  package.model_config.model_architecture = std::move(architecture);
  package.model_config.task_type = "instance-segmentation";
  package.class_names = {"a", "b"};
  package.inference_config.network_input.training_input_size = {kSide, kSide};
  return package;
}

TEST(MasksModelTest, MasksComeWithTheBoxes) {
  const Image image = picture(1);
  const std::vector<ImageView> views(2, image.view());
  for (const auto& [architecture, outputs] :
       {std::pair{"yolov5", std::vector<std::string>{"output0", "output1"}},
        std::pair{"yolov7", std::vector<std::string>{"output0", "a", "b", "c", "output1"}}}) {
    const ModelState state = state_of(package_of(architecture), masks_engine(outputs));
    const auto found = predict(state, views);
    ASSERT_EQ(found.size(), 2U);
    const auto& instances = std::get<InstanceDetections>(found[1]);
    EXPECT_EQ(instances.class_id, std::vector<std::int32_t>{1});
    EXPECT_EQ(instances.xyxy.at(0), (std::array<std::int32_t, 4>{0, 0, 8, 8}));
    EXPECT_EQ(instances.mask.at(0).area(), 5 * 8);  // Where 4 falls to -1 over four pixels.
    const auto coarse = predict(state, views, {.masks_resolution_factor = 0});
    EXPECT_EQ(std::get<InstanceDetections>(coarse[0]).mask.at(0), (RleMask{{2, 2}, {0, 2, 2}}));
    // The reference counts the objectness as a class.
    const ModelState compatible = state_of(package_of(architecture), masks_engine(outputs), nullptr,
                                           {.reference_compatible = true});
    EXPECT_EQ(std::get<InstanceDetections>(predict(compatible, views)[0]).class_id,
              std::vector<std::int32_t>{0});
  }
}

TEST(MasksModelTest, OutputsThatAreMissingAreFoundAtLoad) {
  expect_error(ErrorCode::kCorruptedModel, {"2 outputs", "yolov7", "at least 5"}, [] {
    (void)state_of(package_of("yolov7"), masks_engine({"output0", "output1"}));
  });
}

TEST(MasksModelTest, OptionsAreRefusedWhereTheyMeanNothing) {
  fakes::ImageEngineOptions one_output = masks_engine({"a", "b"});
  one_output.outputs.pop_back();
  ModelPackage detection = package_of("yolov5");
  detection.model_config.task_type = "object-detection";
  const ModelState boxes = state_of(detection, one_output);
  const ModelState logits = state_of(package_of("yolov5"), masks_engine({"a", "b"}));
  const auto refuses = [](const ModelState& with, const PredictOptions& options,
                          const std::string& part) {
    expect_error(ErrorCode::kInvalidParameter, {part}, [&] { with.require_applicable(options); });
  };
  refuses(boxes, {.masks_resolution_factor = 1}, "masks_resolution_factor does not apply");
  refuses(logits, {.masks_smoothing_enabled = true}, "masks_smoothing_enabled does not apply");
  refuses(logits, {.masks_binarization_threshold = 1},
          "masks_binarization_threshold does not apply");
  refuses(logits, {.masks_resolution_factor = 1.5}, "masks_resolution_factor is 1.5");
  refuses(logits, {.masks_binarization_threshold = NAN}, "masks_binarization_threshold is nan");
  EXPECT_NO_THROW(logits.require_applicable({.masks_resolution_factor = 0.5}));
}

}  // namespace
}  // namespace replayrt::detail
