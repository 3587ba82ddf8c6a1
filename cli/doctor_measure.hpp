#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "doctor_advice.hpp"
#include "replayrt/core/engine.hpp"
#include "workload.hpp"

namespace replayrt::cli {

/// How long and what is measured.
struct MeasurePlan {
  double seconds = 10;          ///< A shape is begun, and measured again, only within this time.
  std::size_t most_shapes = 8;  ///< The most frequent ones.
  std::int64_t max_bytes = GraphCacheOptions::kUnbounded;
  std::uint64_t seed = 1;
  /// The shapes are the doctor's own choice: one that does not run is left out, not an error.
  bool may_skip = false;
};

/// So many pairs of an eager call and a replay are measured of every shape, however long they take.
inline constexpr std::size_t kFewestPairs = 3;
inline constexpr std::size_t kMostPairs = 200;

/// A handful of plausible shapes: where an engine says what it was tuned for, that, its least and
/// its largest; else batches of 1 and 2, pictures of 320 to 640, other extents of 32 to 256, within
/// the ranges. Throws UsageError if the rank of an input is not known.
std::vector<RequestedCall> choose_shapes(const Engine& engine);

/// The dimensions that may vary.
std::vector<DynamicDimension> dynamic_dimensions(const Engine& engine);

/// Measures the most frequent of the shapes, one after the other, each with a cache of its own, so
/// that no more than one graph is held: an eager call that prepares, the call that captures, then
/// pairs of an eager call and a replay for the shape's part of the time. Fills `shapes`, `calls`
/// and `dimensions` of the result. Throws what `infer` throws; Error(kModelInput) if no shape that
/// it may skip runs.
DoctorFigures measure(const Engine& engine, const CheckedCalls& calls, const MeasurePlan& plan);

}  // namespace replayrt::cli
