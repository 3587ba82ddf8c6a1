#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "replayrt/core/buckets.hpp"
#include "replayrt/core/engine.hpp"
#include "replayrt/core/graph_cache.hpp"
#include "replayrt/core/tensor.hpp"

namespace replayrt {

/// The batch sizes that an engine is run with, 1 <= min <= max. The reference's `static_batch_size`
/// is min == max.
struct BatchLimits {
  std::int64_t min = 1;
  std::int64_t max = 1;
};

/// An output dimension that follows a padded input dimension: its extent is
/// ceil(input extent / divisor).
struct PaddedOutput {
  std::size_t output = 0;  ///< Position of the output.
  std::size_t axis = 0;
  std::int64_t divisor = 1;
};

/// One input dimension that the caller allows to be padded.
struct DimensionBuckets {
  std::size_t input = 0;  ///< Position of the input.
  std::size_t axis = 0;
  Buckets buckets{};
  /// What the elements that are added hold; the same for all dimensions of one input. Rounded to
  /// the nearest value of a floating-point dtype; of 8-bit and smaller floating-point dtypes only
  /// 0.
  double fill = 0;
  /// Outputs are cut back to ceil(true extent / divisor). Those that are not named are given back
  /// as the engine gave them.
  std::vector<PaddedOutput> outputs{};
};

struct InferOptions {
  /// Where captured graphs live. Null: every run is eager.
  std::shared_ptr<GraphCache> graph_cache{};
  /// Leaves the cache out for this call.
  bool disable_cuda_graphs = false;
  /// Set: dimension 0 of the batched inputs is the batch; more than `max` rows are split into
  /// chunks of `max`, fewer than `min` are padded with rows of zeros, outputs are joined and cut to
  /// match. Not set: inputs are run as they are. Batched are the inputs whose dimension 0 is
  /// dynamic in the engine; if no input has one, all of rank >= 1. The others go to every chunk
  /// whole.
  std::optional<BatchLimits> batch_limits{};
  /// The batch (of each chunk, where it is split) is padded with rows of zeros up to the bucket,
  /// and outputs are cut to match. A bucket beyond what the engine or `batch_limits` takes is that
  /// bound. None: no batch is padded for its bucket's sake.
  Buckets batch_buckets{};
  /// Further dimensions that may be padded, each up to its bucket or the engine's bound. Padding
  /// can change answers: only what is named here is padded. A padded dimension of a shape has the
  /// same graph for all extents of a bucket.
  std::vector<DimensionBuckets> dimension_buckets{};
  /// kInPlace: a captured graph reads inputs where they lie, if the backend can (TensorRT: memory
  /// of its device at addresses that are multiples of 256), which saves a copy per run and the
  /// graph a tensor. It serves calls with the same addresses only, so this is for buffers that are
  /// used again and again: every new address is another key, and another capture. Rows that are
  /// padded are copied all the same.
  InputBinding input_binding = InputBinding::kCopied;
  RunContext context{};
};

/// What a call gives back. Outputs own their memory: valid as long as the caller keeps them, never
/// written to by a later call.
struct InferResult {
  TensorList outputs;  ///< In the engine's order.

  /// How the call was served; with several chunks the least favourable of captured, eager,
  /// replayed, in this order, and the Reason of the first eager chunk if there is one.
  Route route = Route::kEager;
  Reason reason = Reason::kNone;

  // Runs by route; one run per chunk.
  std::int64_t eager_runs = 0;
  std::int64_t captured_runs = 0;
  std::int64_t replayed_runs = 0;

  std::int64_t padded_rows = 0;  ///< Zero rows that were computed and cut off.
  /// Elements of the inputs, over all runs: all that were computed, and those of them that are
  /// padding. padded / computed is the waste.
  std::int64_t computed_elements = 0;
  std::int64_t padded_elements = 0;
  std::size_t bytes_copied = 0;  ///< Host and device copies made for padding, joining and staging.

  Completion completion;  ///< Done already unless `context.synchronize` was false.
};

/// Runs `engine` on `inputs` (one view per input, in the engine's order, dense) and returns its
/// outputs.
///
/// With a cache the graph for the inputs' signature is replayed, or captured by this call, or the
/// call is served eagerly; the answer is the same up to the backend's stated tolerance. A capture
/// that fails never fails the call.
///
/// Thread-safe; any number of calls may share engine and cache. `inputs` are read until the call
/// returns or, with `context.synchronize` false, until `completion` is done. Throws Error:
/// kModelInput (names the tensor) if the inputs do not fit; kInvalidParameter for impossible batch
/// limits and for buckets of dimensions that there are not; kModelRuntime, kOutOfMemory from the
/// backend. Cache and engine stay usable.
InferResult infer(const Engine& engine, std::span<const TensorView> inputs,
                  const InferOptions& options = {});

/// The seed's name for `infer`.
inline InferResult infer_from_trt_engine(const Engine& engine, std::span<const TensorView> inputs,
                                         const InferOptions& options = {}) {
  return infer(engine, inputs, options);
}

}  // namespace replayrt
