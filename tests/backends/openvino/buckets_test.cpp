// Buckets on a real model: the recogniser of PP-OCRv6, whose steps follow the width of the line.

#include <algorithm>
#include <array>

#include "backends/openvino/support.hpp"
#include "support/capturing_cache.hpp"

namespace replayrt {
namespace {

using namespace openvino_test;

// About 3e-6 was seen between batch sizes, and between routes.
constexpr double kSameComputation = 1e-5;
// What padded columns do to noise, the worst of inputs: another best class in 2 of 151 steps was
// seen. How far one probability moves is recorded, not bounded: 0.83 was seen, of 1 that there is.
// It is the network that looks beyond the line's end: the answer is that of the padded line,
// exactly.
constexpr double kStepsWithAnotherClass = 0.05;

InferOptions to_width(const Buckets& buckets) {
  InferOptions options;
  options.dimension_buckets = {{.input = 0,
                                .axis = 3,
                                .buckets = buckets,
                                .outputs = {{.output = 0, .axis = 1, .divisor = 8}}}};
  return options;
}

InferResult run_padded(const Engine& engine, const Tensor& input, const InferOptions& options) {
  const TensorView view = input.view();
  return infer(engine, {&view, 1}, options);
}

Tensor padded_by_hand(const Tensor& line, std::int64_t width) {
  const Tensor padded = Tensor::allocate(DType::kF32, line.shape().with_dim(3, width));
  std::ranges::fill(padded.as<float>(), 0.F);
  const auto from = static_cast<std::size_t>(line.shape()[3]);
  const auto to = static_cast<std::size_t>(width);
  for (std::size_t row = 0; row < line.as<float>().size() / from; ++row) {
    std::ranges::copy(line.as<float>().subspan(row * from, from),
                      padded.as<float>().subspan(row * to).begin());
  }
  return padded;
}

/// The first `steps` of a batch of one.
Tensor first_steps(const Tensor& whole, std::int64_t steps) {
  const Tensor part = Tensor::allocate(DType::kF32, whole.shape().with_dim(1, steps));
  std::ranges::copy(whole.as<float>().first(part.as<float>().size()), part.as<float>().begin());
  return part;
}

std::size_t steps_with_another_class(const Tensor& a, const Tensor& b) {
  const auto classes = static_cast<std::size_t>(a.shape()[2]);
  std::size_t others = 0;
  for (std::size_t at = 0; at < a.as<float>().size(); at += classes) {
    const auto best = [&](const Tensor& tensor) {
      const auto step = tensor.as<float>().subspan(at, classes);
      return std::ranges::max_element(step) - step.begin();
    };
    others += best(a) != best(b) ? 1U : 0U;
  }
  return others;
}

TEST(OpenVinoBuckets, WidthsShareAGraphAndProbabilitiesChangeAsThePaddedLinesDo) {
  const Engine rec = load_engine(model_path("ppocrv6_rec.onnx"));
  InferOptions options = to_width(Buckets::multiples_of(64));
  options.graph_cache = capturing_cache(8);
  double largest_change = 0;
  std::size_t others = 0;
  std::size_t steps = 0;
  for (const std::int64_t width : {160, 184, 200, 328, 333}) {
    SCOPED_TRACE(width);
    const std::int64_t padded_width = (width + 63) / 64 * 64;
    const Tensor line = random_tensor({1, 3, 48, width}, static_cast<unsigned>(width));
    const Tensor plain = run(rec, {line}).outputs[0];
    const InferResult padded = run_padded(rec, line, options);
    EXPECT_EQ(padded.padded_elements, 3 * 48 * (padded_width - width));
    ASSERT_EQ(padded.outputs[0].shape(), plain.shape()) << "cut back to the line's own steps";
    const Tensor by_hand = run(rec, {padded_by_hand(line, padded_width)}).outputs[0];
    EXPECT_LE(difference(padded.outputs[0], first_steps(by_hand, plain.shape()[1])),
              kSameComputation);
    largest_change = std::max(largest_change, difference(padded.outputs[0], plain));
    others += steps_with_another_class(padded.outputs[0], plain);
    steps += static_cast<std::size_t>(plain.shape()[1]);
  }
  EXPECT_EQ(options.graph_cache->get_current_size(), 3) << "192, 256 and 384";
  EXPECT_LE(static_cast<double>(others), kStepsWithAnotherClass * static_cast<double>(steps));
  EXPECT_GT(largest_change, 0.01) << "why nothing is padded unasked";
  RecordProperty("largest_change", std::to_string(largest_change));
  RecordProperty("steps_with_another_class",
                 std::to_string(others) + " of " + std::to_string(steps));
}

TEST(OpenVinoBuckets, WithoutARestNothingIsPadded) {
  const Engine rec = load_engine(model_path("ppocrv6_rec.onnx"));
  const Tensor line = random_tensor({1, 3, 48, 128}, 1);
  const InferResult padded = run_padded(rec, line, to_width(Buckets::powers_of_two()));
  EXPECT_EQ(padded.padded_elements, 0);
  EXPECT_EQ(difference(padded.outputs[0], run(rec, {line}).outputs[0]), 0);
}

TEST(OpenVinoBuckets, RowsOfABatchDoNotSeeThePaddedOnes) {
  const Engine rec = load_engine(model_path("ppocrv6_rec.onnx"));
  InferOptions options = to_width(Buckets::none());
  options.batch_buckets = Buckets::list({1, 4});
  options.graph_cache = capturing_cache(2);
  const Tensor lines = random_tensor({3, 3, 48, 160}, 3);
  const InferResult padded = run_padded(rec, lines, options);
  EXPECT_EQ(padded.padded_rows, 1);
  EXPECT_LE(difference(padded.outputs[0], run(rec, {lines}).outputs[0]), kSameComputation);
}

}  // namespace
}  // namespace replayrt
