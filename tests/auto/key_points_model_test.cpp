#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/expect_error.hpp"
#include "model_states.hpp"

namespace replayrt::detail {
namespace {

/// One row per image, as Ultralytics' networks give it: two classes, two places for key points.
constexpr std::array<float, 12> kRow = {3, 4, 2, 2, 0.1F, 0.9F, 1, 2, 0.5F, 5, 6, 0.25F};

fakes::ImageEngineOptions engine_of(std::vector<std::int64_t> shape, std::vector<float> values) {
  fakes::ImageEngineOptions options;
  options.inputs = {pictures_spec()};
  std::vector<DimensionRange> dims = {kAny};
  for (const std::int64_t extent : shape) {
    dims.push_back(fixed(extent));
  }
  options.outputs = {spec("output0", DType::kF32, dims)};
  options.answer = [shape, values](const TensorView&) {
    TensorList outputs;
    outputs.push_back(Tensor::copy_of(
        view_of(std::span<const float>(values), Shape{1, shape.at(0), shape.at(1)})));
    return outputs;
  };
  return options;
}

fakes::ImageEngineOptions channels_engine() {
  return engine_of({12, 1}, {kRow.begin(), kRow.end()});
}

ModelPackage package_of(std::string architecture = "yolov8") {
  ModelPackage package;
  package.folder = "the_package";
  package.model_config.model_architecture = std::move(architecture);
  package.model_config.task_type = "keypoint-detection";
  package.class_names = {"one", "two"};
  package.key_points = {{.names = {"a"}, .edges = {}}, {.names = {"b", "c"}, .edges = {{0, 1}}}};
  package.inference_config.network_input.training_input_size = {kSide, kSide};
  return package;
}

std::vector<KeyPoint> points_of(const ModelState& state, const PredictOptions& options = {}) {
  const Image image = Image::allocate({kSide, kSide});
  const ImageView view = image.view();
  const auto found = state.predict(std::span(&view, 1), options);
  return std::get<KeyPointDetections>(found.at(0)).key_points.at(0);
}

TEST(KeyPointsModelTest, TheThresholdIsTheCallsOrTheFamilys) {
  const ModelState yolov8 = state_of(package_of(), channels_engine());
  EXPECT_EQ(points_of(yolov8).at(1).x, 5);
  EXPECT_EQ(points_of(yolov8, {.key_points_threshold = 0.25}).at(1).x, 0);
  EXPECT_EQ(points_of(yolov8, {.key_points_threshold = 0.25}).at(0).x, 1);
  const ModelState compatible =
      state_of(package_of(), channels_engine(), nullptr, {.reference_compatible = true});
  EXPECT_EQ(points_of(compatible, {.key_points_threshold = 0.25}).at(1).x, 5);
  // yolo26 has one by default.
  const ModelState yolo26 = state_of(
      package_of("yolo26"), engine_of({1, 12}, {0, 0, 4, 4, 0.9F, 1, 1, 2, 0.5F, 5, 6, 0.25F}));
  EXPECT_EQ(points_of(yolo26).at(0).x, 1);
  EXPECT_EQ(points_of(yolo26).at(1).x, 0);
  EXPECT_EQ(points_of(yolo26, {.key_points_threshold = 0.2}).at(1).x, 5);
}

TEST(KeyPointsModelTest, TheThresholdIsRefusedWhereItMeansNothing) {
  const ModelState state = state_of(package_of(), channels_engine());
  expect_error(ErrorCode::kInvalidParameter, {"key_points_threshold is 1.5"},
               [&] { state.require_applicable({.key_points_threshold = 1.5}); });
  ModelPackage boxes = package_of();
  boxes.model_config.task_type = "object-detection";
  const ModelState detector = state_of(boxes, engine_of({6, 1}, std::vector<float>(6)));
  expect_error(ErrorCode::kInvalidParameter, {"key_points_threshold", "object-detection"},
               [&] { detector.require_applicable({.key_points_threshold = 0.5}); });
}

TEST(KeyPointsModelTest, NetworksWithOtherPlacesAreRefused) {
  ModelPackage package = package_of();
  package.key_points[0].names = {"a", "b", "c"};
  expect_error(ErrorCode::kCorruptedModel,
               {"the_package", "'output0'", "12 channels", "4 + 2 classes + 3 x 3 key points"},
               [&] { (void)state_of(package, channels_engine()); });
}

TEST(KeyPointsModelTest, KeyPointsAreThoseOfTheClassesThatRemain) {
  EXPECT_EQ(state_of(package_of(), channels_engine()).key_points().size(), 2U);
  ModelPackage package = package_of("rfdetr");
  package.inference_config.removed_class_names = {"one"};
  fakes::ImageEngineOptions engine = channels_engine();
  for (const char* name : {"labels", "keypoints"}) {
    engine.outputs.push_back(spec(name, DType::kF32, {kAny, fixed(1), fixed(1)}));
  }
  const ModelState state = state_of(package, engine);
  ASSERT_EQ(state.key_points().size(), 1U);
  EXPECT_THAT(state.key_points()[0].names, testing::ElementsAre("b", "c"));
}

}  // namespace
}  // namespace replayrt::detail
