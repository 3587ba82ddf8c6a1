#include <cmath>

#include "backends/openvino/support.hpp"
#include "support/capturing_cache.hpp"

namespace replayrt {
namespace {

using namespace openvino_test;

constexpr std::int64_t kHeight = 64;
constexpr std::int64_t kWidth = 96;

GraphEdits::ImageInput edit_of(const Engine& plain) {
  return {.input = plain.inputs()[0].name,
          .scale = 255,
          .mean = {0.485, 0.456, 0.406},
          .standard_deviation = {0.229, 0.224, 0.225}};
}

Engine load_with(const GraphEdits::ImageInput& edit) {
  LoadOptions options;
  options.edits.image_inputs = {edit};
  return load_engine(model_path("ppocrv6_det.onnx"), options);
}

Tensor picture() {
  Tensor tensor = Tensor::allocate(DType::kU8, Shape{1, kHeight, kWidth, 3});
  std::uint32_t state = 7;
  for (std::uint8_t& value : tensor.as<std::uint8_t>()) {
    state = state * 1664525U + 1013904223U;
    value = static_cast<std::uint8_t>(state >> 24U);
  }
  return tensor;
}

/// What the edit says, done by hand.
Tensor planes_of(const Tensor& picture, const GraphEdits::ImageInput& edit) {
  Tensor planes = Tensor::allocate(DType::kF32, Shape{1, 3, kHeight, kWidth});
  const auto bytes = picture.as<std::uint8_t>();
  const auto values = planes.as<float>();
  constexpr std::size_t kPixels = kHeight * kWidth;
  for (std::size_t pixel = 0; pixel < kPixels; ++pixel) {
    for (std::size_t channel = 0; channel < 3; ++channel) {
      const auto scaled = static_cast<float>(bytes[pixel * 3 + channel] / edit.scale);
      values[channel * kPixels + pixel] =
          static_cast<float>((scaled - edit.mean[channel]) / edit.standard_deviation[channel]);
    }
  }
  return planes;
}

TEST(OpenVinoImageInput, TakesPicturesAsTheyLieInMemory) {
  const Engine plain = load_engine(model_path("ppocrv6_det.onnx"));
  const GraphEdits::ImageInput edit = edit_of(plain);
  const Engine edited = load_with(edit);
  EXPECT_EQ(edited.inputs()[0].name, plain.inputs()[0].name);
  EXPECT_EQ(edited.inputs()[0].dtype, DType::kU8);
  EXPECT_EQ(edited.inputs()[0].shape_text(), "?x?x?x3");
  const Tensor image = picture();
  const Tensor expected = run(plain, {planes_of(image, edit)}).outputs[0];
  const auto cache = capturing_cache(2);
  for (const auto& with : {std::shared_ptr<GraphCache>(), cache, cache}) {
    const Tensor actual = run(edited, {image}, with).outputs[0];
    ASSERT_EQ(actual.shape(), expected.shape());
    for (std::size_t i = 0; i < expected.as<float>().size(); ++i) {
      ASSERT_NEAR(actual.as<float>()[i], expected.as<float>()[i], 2e-4F) << i;
    }
  }
}

TEST(OpenVinoImageInput, EveryPartOfTheEditChangesTheAnswer) {
  const GraphEdits::ImageInput edit = edit_of(load_engine(model_path("ppocrv6_det.onnx")));
  std::vector<GraphEdits::ImageInput> variants(3, edit);
  variants[0].scale = 200;
  variants[1].mean = {};
  variants[2].standard_deviation = {};
  const auto answer = [&](const GraphEdits::ImageInput& with) {
    const Tensor output = run(load_with(with), {picture()}).outputs[0];
    return std::vector<float>(output.as<float>().begin(), output.as<float>().end());
  };
  const std::vector<float> expected = answer(edit);
  for (const GraphEdits::ImageInput& variant : variants) {
    EXPECT_NE(answer(variant), expected);
  }
}

TEST(OpenVinoImageInput, WrongEditsAreRefusedByName) {
  const Engine plain = load_engine(model_path("ppocrv6_det.onnx"));
  const std::string name = plain.inputs()[0].name;
  const auto refuses = [](const GraphEdits::ImageInput& edit, const std::string& part) {
    expect_error(ErrorCode::kInvalidParameter, {"image_inputs", edit.input, part},
                 [&] { load_with(edit); });
  };
  refuses({.input = "nothing"}, "is not there: the model has " + name);
  refuses({.input = name, .scale = 0}, "is 0");
  refuses({.input = name, .scale = std::nan("")}, "not finite");
  refuses({.input = name, .mean = {1, 2}}, "3 channels, but 2");
  refuses({.input = name, .standard_deviation = {1, 0, 1}}, "is 0");
  LoadOptions options;
  options.edits.image_inputs = {{}};
  expect_error(ErrorCode::kInvalidParameter, {"two_inputs.onnx", "''", "the model has a, b"},
               [&] { load_engine(model_path("two_inputs.onnx"), options); });
  options.edits.image_inputs = {{.input = "x"}};
  expect_error(ErrorCode::kInvalidParameter, {"trivial.onnx", "'x'", "expected (batch, channels"},
               [&] { load_engine(model_path("trivial.onnx"), options); });
}

}  // namespace
}  // namespace replayrt
