#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fakes/fake_device.hpp"
#include "replayrt/core/engine.hpp"

namespace replayrt::fakes {

/// What a FakeEngine saw. Outlives the engine, so that a test can look at it afterwards.
struct FakeCounters {
  std::atomic<int> captures{0};  ///< capture() calls, failed ones included.
  std::atomic<int> eager_made{0};
  std::atomic<int> live_graphs{0};
  std::atomic<int> live_eager{0};
  std::atomic<int> live_engines{0};
  std::atomic<int> eager_runs{0};
  std::atomic<int> graph_runs{0};
  std::atomic<int> capturing{0};  ///< capture() calls under way.
  std::atomic<int> max_capturing{0};
  std::atomic<int> violations{0};  ///< One executor run twice at a time, or destroyed while it ran.
};

struct FakeOptions {
  /// Added to every element, so that two engines differ.
  float salt = 0;
  std::vector<TensorSpec> inputs = {
      {"x", DType::kF32, std::vector<DimensionRange>{{1, 1024, {}}, {1, 1024, {}}}}};
  std::size_t max_eager = 1;
  std::size_t graph_bytes = 1000;
  std::size_t shared_bytes = 0;
  /// Set: the footprint of each graph, in place of `graph_bytes`.
  std::function<std::size_t(const InputSignature&)> bytes_of{};
  CaptureEstimate estimate{.time = std::chrono::milliseconds(1), .bytes = 1000};
  Admission admission = Admission::always();
  /// What it says of its content; by default only the salt tells two engines apart.
  std::optional<std::string> content_hash{};
  /// Whether its graphs can read inputs in place.
  bool binds = false;
  /// Whether its graphs keep their runs in order by themselves (the device does).
  bool graphs_run_in_order = false;
  /// Set: runs, and copies of calls with a stream, complete later, on this device. Where a copy
  /// goes must live until then.
  std::shared_ptr<FakeDevice> device{};
  /// Called at the start of capture(); may throw or block.
  std::function<void(const InputSignature&)> on_capture{};
  /// Called at the start of every run; the argument says whether it is a captured graph's. May
  /// throw or block.
  std::function<void(bool captured)> on_run{};
  /// Called in every run with what the caller says of streams.
  std::function<void(const RunContext& context)> on_context{};
  /// Called with the answer "sum" of every run, which it may change.
  std::function<void(bool captured, std::span<float> sum)> on_answer{};
  /// Called when the engine's memory resource allocates. May throw.
  std::function<void()> on_allocate{};
  /// Called when the engine's memory resource copies: at once, or by the device. May throw.
  std::function<void()> on_copy{};
  /// Called when the engine is asked for an estimate, or an executor for its bytes. Must not throw.
  std::function<void()> on_query{};
  /// Called when the engine is asked for its content's hash. May throw or block.
  std::function<void()> on_content_hash{};
  /// Called when an executor is destroyed. Must not throw.
  std::function<void()> on_destroy{};
  std::shared_ptr<FakeCounters> counters = std::make_shared<FakeCounters>();
};

/// A deterministic engine of f32 inputs that all have the same shape. Output "sum" has that shape:
/// sum[i] = salt + sum over inputs k of (k + 1) * input_k[i]; output "rows" has one element per row
/// (dimension 0): the sum of the row of "sum".
Engine make_fake_engine(FakeOptions options = {});

/// What the engine answers, computed apart from it.
std::vector<float> expected_sum(const FakeOptions& options, std::span<const TensorView> inputs);

}  // namespace replayrt::fakes
