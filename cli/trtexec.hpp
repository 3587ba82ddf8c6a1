#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mode_runner.hpp"
#include "workload.hpp"

namespace replayrt::cli {

struct BenchPlan;

/// What trtexec says of its queries, in seconds.
struct TrtexecTimes {
  double gpu_median = 0;                   ///< From the first kernel's start to the last one's end.
  std::optional<double> latency_median{};  ///< That and both copies.
  std::optional<double> enqueue_median{};  ///< Of the host, to give the device its work.
};

/// Reads the performance summary that trtexec of TensorRT 8.5 to 11 prints. Throws
/// Error(kModelRuntime) if there is none.
TrtexecTimes parse_trtexec(std::string_view output);

/// What trtexec measured of one case in the likeness of one mode.
struct TrtexecRun {
  Mode mode = Mode::kEager;  ///< kReplay: with a CUDA graph.
  std::size_t index = 0;     ///< Of the case.
  TrtexecTimes times;
};

/// trtexec, NVIDIA's own program to measure a plan.
class Trtexec {
 public:
  /// The one in $PATH. Throws Error(kMissingDependency) if there is none.
  static Trtexec find();

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

  /// Measures `plan`, which is `engine`'s, on each case in the modes of `bench`: eager without a
  /// CUDA graph, replay with one; recapture has no likeness there. As many queries of a case as a
  /// mode has measured calls of it, after trtexec's own warm-up, and as many at once as there are
  /// streams. Throws Error(kModelRuntime) with trtexec's own errors if it fails.
  [[nodiscard]] std::vector<TrtexecRun> measure(const std::filesystem::path& plan,
                                                const Engine& engine, const Workload& workload,
                                                const BenchPlan& bench) const;

 private:
  Trtexec(std::filesystem::path path, bool graphs_are_default) noexcept
      : path_(std::move(path)), graphs_are_default_(graphs_are_default) {}

  [[nodiscard]] std::vector<std::string> command(const std::filesystem::path& plan,
                                                 const Engine& engine, const Case& with,
                                                 std::int64_t queries, Mode mode,
                                                 std::size_t streams) const;

  std::filesystem::path path_;
  bool graphs_are_default_;  ///< Since 11, and copies must be asked for.
};

}  // namespace replayrt::cli
