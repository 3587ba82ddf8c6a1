#include "backends/openvino/options.hpp"

#include <sys/resource.h>

#include "backends/openvino/core_gate.hpp"
#include "backends/openvino/runtime.hpp"
#include "backends/openvino/support.hpp"
#include "support/capturing_cache.hpp"

namespace replayrt {
namespace {

using namespace openvino_test;

Engine load(const std::string& model, const LoadOptions& options) {
  return load_engine(model_path(model), options);
}

bool cpu_has(const std::string& capability) {
  const auto has = openvino::runtime().get_property("CPU", ov::device::capabilities);
  return std::ranges::find(has, capability) != has.end();
}

TEST(OpenVinoOptions, PrecisionChangesAnswersOrIsRefused) {
  const Tensor input = random_tensor(Shape{1, 3, 48, 160}, 3);
  const Tensor exact = run(load("ppocrv6_rec.onnx", {}), {input}).outputs[0];
  for (const Precision precision : {Precision::kBf16, Precision::kF16}) {
    const std::string name(to_string(precision));
    SCOPED_TRACE(name);
    const LoadOptions options{.precision = precision};
    if (cpu_has(precision == Precision::kBf16 ? "BF16" : "FP16")) {
      const Tensor rough = run(load("ppocrv6_rec.onnx", options), {input}).outputs[0];
      EXPECT_GT(difference(exact, rough), 1e-4);
    } else {
      expect_error(ErrorCode::kUnsupported, {"precision " + name, "OpenVINO would compute in"},
                   [&] { load("ppocrv6_rec.onnx", options); });
    }
  }
}

TEST(OpenVinoOptions, PrecisionF32IsExactAndAutoIsOpenVinosChoice) {
  const Tensor input = random_tensor(Shape{1, 3, 48, 160}, 3);
  const Tensor exact = run(load("ppocrv6_rec.onnx", {}), {input}).outputs[0];
  const Tensor again =
      run(load("ppocrv6_rec.onnx", {.precision = Precision::kF32}), {input}).outputs[0];
  EXPECT_EQ(difference(exact, again), 0);
  const Tensor chosen =
      run(load("ppocrv6_rec.onnx", {.precision = Precision::kAuto}), {input}).outputs[0];
  if (cpu_has("BF16")) {
    EXPECT_GT(difference(exact, chosen), 1e-4);
  } else {
    EXPECT_LE(difference(exact, chosen), 0.1);
  }
}

TEST(OpenVinoOptions, CapturesHaveTheEnginesPrecision) {
  if (!cpu_has("BF16")) {
    GTEST_SKIP() << "this CPU computes in f32 only";
  }
  const Engine engine = load("ppocrv6_rec.onnx", {.precision = Precision::kBf16});
  const Tensor input = random_tensor(Shape{1, 3, 48, 160}, 3);
  const Tensor exact = run(load("ppocrv6_rec.onnx", {}), {input}).outputs[0];
  const InferResult captured = run(engine, {input}, capturing_cache(1));
  EXPECT_EQ(captured.route, Route::kCaptured);
  EXPECT_GT(difference(exact, captured.outputs[0]), 1e-4);
}

double cpu_seconds(int who) {
  rusage usage{};
  getrusage(who, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         1e-6 * static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

// The part of the work that the calling thread does: less than all if OpenVINO has other threads.
double callers_share(const Engine& engine, const Tensor& input) {
  run(engine, {input});
  const double thread = cpu_seconds(RUSAGE_THREAD);
  const double process = cpu_seconds(RUSAGE_SELF);
  for (int i = 0; i < 5; ++i) {
    run(engine, {input});
  }
  return (cpu_seconds(RUSAGE_THREAD) - thread) / (cpu_seconds(RUSAGE_SELF) - process);
}

TEST(OpenVinoOptions, InferenceThreadsDecideHowManyThreadsOneRunUses) {
  if (openvino::process_cores() < 2) {
    GTEST_SKIP() << "needs two cores";
  }
  const Engine one = load("resnet50.onnx", {.inference_threads = 1});
  const Engine all = load("resnet50.onnx", {.inference_threads = 0});
  const Tensor input = random_tensor(Shape{1, 3, 224, 224}, 1);
  const double share_of_one = callers_share(one, input);
  EXPECT_GT(share_of_one, 0.95);
  // Half, were the machine not busy with other things.
  EXPECT_LT(callers_share(all, input), share_of_one - 0.05);
}

TEST(OpenVinoOptions, ThreadsThatAreNoNumberOfThreadsAreRefused) {
  for (const std::int64_t threads : {std::int64_t{-1}, std::int64_t{100000}}) {
    expect_error(ErrorCode::kInvalidParameter,
                 {"inference_threads is " + std::to_string(threads), "expected 0"},
                 [&] { load("trivial.onnx", {.inference_threads = threads}); });
  }
  // More than there are cores is a waste, not an error.
  const Engine many = load("trivial.onnx", {.inference_threads = 64});
  EXPECT_EQ(run(many, {random_tensor(Shape{1, 8}, 1)}).outputs.size(), 1U);
}

TEST(OpenVinoOptions, AnUnknownPrecisionIsRefused) {
  expect_error(ErrorCode::kInvalidParameter, {"precision 77"},
               [] { load("trivial.onnx", {.precision = static_cast<Precision>(77)}); });
}

}  // namespace
}  // namespace replayrt
