// The footprint that a graph reports is what the process really grew by.

#include "backends/openvino/memory_probe.hpp"
#include "backends/openvino/support.hpp"
#include "replayrt/core/log.hpp"
#include "support/capturing_cache.hpp"

namespace replayrt {
namespace {

using namespace openvino_test;

// Resident anonymous memory as the kernel counts it elsewhere, without our probe.
std::int64_t resident_anonymous_bytes() {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("RssAnon:")) {
      return std::stoll(line.substr(8)) * 1024;
    }
  }
  throw std::runtime_error("/proc/self/status has no RssAnon");
}

TEST(OpenVinoFootprint, TheSumOfTwentyCapturesIsWhatTheProcessGrewBy) {
  const Engine rec = load_engine(model_path("ppocrv6_rec.onnx"));
  const Engine det = load_engine(model_path("ppocrv6_det.onnx"));
  // What OpenVINO makes once per process is no graph's.
  static_cast<void>(rec.capture(InputSignature{{DType::kF32, Shape{1, 3, 48, 100}}}));
  static_cast<void>(det.capture(InputSignature{{DType::kF32, Shape{1, 3, 96, 96}}}));

  static_cast<void>(openvino::private_bytes());  // Gives free memory back, as each capture does.
  const std::int64_t before = resident_anonymous_bytes();
  std::vector<std::unique_ptr<Executor>> graphs;
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < 10; ++i) {
    graphs.push_back(
        rec.capture(InputSignature{{DType::kF32, Shape{1 + i % 2, 3, 48, 96 + 32 * i}}}));
    graphs.push_back(det.capture(InputSignature{{DType::kF32, Shape{1, 3, 128 + 32 * i, 320}}}));
  }
  for (const auto& graph : graphs) {
    EXPECT_TRUE(kSanitized || graph->bytes() > std::size_t{1} << 20);
    sum += static_cast<std::int64_t>(graph->bytes());
  }
  const std::int64_t growth = resident_anonymous_bytes() - before;
  RecordProperty("sum", std::to_string(sum));
  RecordProperty("growth", std::to_string(growth));
  EXPECT_NEAR(static_cast<double>(sum), static_cast<double>(growth),
              0.15 * static_cast<double>(growth));
  std::printf("sum of footprints %lld MiB, growth %lld MiB\n", static_cast<long long>(sum >> 20),
              static_cast<long long>(growth >> 20));

  // Destroyed graphs give it back; AddressSanitizer keeps freed memory for a while.
  graphs.clear();
  static_cast<void>(openvino::private_bytes());
  EXPECT_LT(resident_anonymous_bytes() - before, kSanitized ? 2 * growth : growth / 4);
}

TEST(OpenVinoFootprint, DecidesWhatFitsIntoACache) {
  const Engine rec = load_engine(model_path("ppocrv6_rec.onnx"));
  const Tensor input = random_tensor(Shape{1, 3, 48, 96}, 1);
  set_log_sink({}, LogLevel::kOff);
  const auto small = capturing_cache(8, 1 << 20);
  const InferResult refused = run(rec, {input}, small);
  EXPECT_EQ(refused.route, Route::kEager);
  EXPECT_EQ(refused.reason, Reason::kOverBudget);
  const auto large = capturing_cache(8, 1 << 30);
  EXPECT_EQ(run(rec, {input}, large).route, Route::kCaptured);
  EXPECT_GT(large->stats().bytes, 1 << 20);
}

// benchmarks/capture_churn measures 200 cycles.
TEST(OpenVinoFootprint, EvictedGraphsGiveTheirMemoryBack) {
  const Engine rec = load_engine(model_path("ppocrv6_rec.onnx"));
  const auto cache = capturing_cache(1);
  constexpr int kShapes = 4;
  constexpr int kCycles = 40;
  std::int64_t footprints = 0;
  std::int64_t early = 0;
  for (int cycle = 1; cycle <= kCycles; ++cycle) {
    run(rec, {random_tensor(Shape{1, 3, 48, 96 + 32 * (cycle % kShapes)}, 1)}, cache);
    footprints += cache->stats().bytes;
    // Every shape has been captured twice: from then on nothing is new.
    if (cycle == 2 * kShapes) {
      static_cast<void>(openvino::private_bytes());  // Gives free memory back.
      early = resident_anonymous_bytes();
    }
  }
  EXPECT_EQ(cache->stats().evictions, kCycles - 1U);
  static_cast<void>(openvino::private_bytes());
  const std::int64_t average = footprints / kCycles;
  const std::int64_t growth = resident_anonymous_bytes() - early;
  std::printf("%d evictions later: %lld KiB more, a footprint is %lld KiB\n", kCycles - 2 * kShapes,
              static_cast<long long>(growth >> 10), static_cast<long long>(average >> 10));
  // Fragments of the heap come and go with the timing of threads; 32 leaked graphs would be 32
  // footprints. AddressSanitizer keeps freed memory for a while.
  EXPECT_LE(growth, (kSanitized ? 10 : 1) * average);
}

}  // namespace
}  // namespace replayrt
