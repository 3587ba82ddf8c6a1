#include <limits>

#include "backends/openvino/support.hpp"
#include "support/capturing_cache.hpp"

namespace replayrt {
namespace {

using namespace openvino_test;

Engine load_with(const std::string& model, const std::string& output, std::int64_t axis) {
  LoadOptions options;
  options.edits.argmax = {{output, axis}};
  return load_engine(model_path(model), options);
}

std::vector<std::int64_t> argmax_of(const Tensor& tensor, std::size_t axis) {
  const auto dims = tensor.shape().dims();
  std::int64_t outer = 1;
  std::int64_t inner = 1;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    (i < axis ? outer : inner) *= i == axis ? 1 : dims[i];
  }
  const auto values = tensor.as<float>();
  std::vector<std::int64_t> best;
  for (std::int64_t i = 0; i < outer * inner; ++i) {
    const std::int64_t first = i / inner * inner * dims[axis] + i % inner;
    std::int64_t top = 0;
    for (std::int64_t k = 1; k < dims[axis]; ++k) {
      top = values[static_cast<std::size_t>(first + k * inner)] >
                    values[static_cast<std::size_t>(first + top * inner)]
                ? k
                : top;
    }
    best.push_back(top);
  }
  return best;
}

TEST(OpenVinoArgMax, IsTheArgMaxOfTheUnfusedOutput) {
  const Engine plain = load_engine(model_path("ppocrv6_rec.onnx"));
  const std::string output = plain.outputs()[0].name;
  const Engine fused = load_with("ppocrv6_rec.onnx", output, 2);
  const Engine from_the_end = load_with("ppocrv6_rec.onnx", output, -1);
  EXPECT_EQ(fused.outputs()[0].name, output);
  EXPECT_EQ(fused.outputs()[0].dtype, DType::kI64);
  EXPECT_EQ(fused.outputs()[0].shape_text(), "?x?");
  const auto cache = capturing_cache(4);
  for (const std::int64_t width : {96, 160}) {
    const Tensor input = random_tensor(Shape{2, 3, 48, width}, 1);
    const Tensor scores = run(plain, {input}).outputs[0];
    const auto expected = argmax_of(scores, 2);
    for (const auto& with : {std::shared_ptr<GraphCache>(), cache, cache}) {
      const Tensor indices = run(fused, {input}, with).outputs[0];
      EXPECT_EQ(indices.shape(), Shape({2, scores.shape()[1]}));
      EXPECT_THAT(indices.as<std::int64_t>(), testing::ElementsAreArray(expected));
    }
    EXPECT_THAT(run(from_the_end, {input}).outputs[0].as<std::int64_t>(),
                testing::ElementsAreArray(expected));
  }
}

TEST(OpenVinoArgMax, OfEqualElementsTheFirstCounts) {
  for (const std::size_t axis : {0, 1}) {
    const Engine fused = load_with("two_inputs.onnx", "sum", static_cast<std::int64_t>(axis));
    const auto cache = capturing_cache(4);
    for (const std::int64_t extent : {1, 5, 33, 257, 1000}) {
      const Tensor a = random_tensor(Shape{extent, extent + 3}, 5);
      for (float& value : a.as<float>()) {
        value = std::round(value * 2);  // Five values only.
      }
      const Tensor zero = Tensor::allocate(DType::kF32, a.shape());
      std::ranges::fill(zero.as<float>(), 0.F);
      for (const auto& with : {std::shared_ptr<GraphCache>(), cache}) {
        const InferResult result = run(fused, {a, zero}, with);
        EXPECT_THAT(result.outputs[0].as<std::int64_t>(),
                    testing::ElementsAreArray(argmax_of(a, axis)));
        EXPECT_EQ(result.outputs[1].dtype(), DType::kF32) << "the other output stays";
      }
    }
  }
}

TEST(OpenVinoArgMax, IndicesOfInfinitiesAndNansExist) {
  const Engine fused = load_with("two_inputs.onnx", "sum", 1);
  constexpr float kInf = std::numeric_limits<float>::infinity();
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> values = {-kInf, -kInf, -kInf, 1, kInf, kInf, kNan, kNan, kNan};
  const std::vector<float> zeros(9, 0.F);
  const std::vector<TensorView> views = {view_of<float>(values, Shape{3, 3}),
                                         view_of<float>(zeros, Shape{3, 3})};
  const InferResult result = infer(fused, views);
  const auto indices = result.outputs[0].as<std::int64_t>();
  EXPECT_EQ(indices[0], 0);
  EXPECT_EQ(indices[1], 1);
  EXPECT_GE(indices[2], 0);
  EXPECT_LT(indices[2], 3);
}

TEST(OpenVinoArgMax, BadNamesAndAxesAreRefused) {
  expect_error(ErrorCode::kInvalidParameter,
               {"two_inputs.onnx", "no output 'nope'", "sum", "product"},
               [] { load_with("two_inputs.onnx", "nope", 0); });
  for (const std::int64_t axis : {2, -3, 1000}) {
    expect_error(ErrorCode::kInvalidParameter,
                 {"output 'sum' has no axis " + std::to_string(axis), "expected -2 to 1"},
                 [&] { load_with("two_inputs.onnx", "sum", axis); });
  }
}

}  // namespace
}  // namespace replayrt
