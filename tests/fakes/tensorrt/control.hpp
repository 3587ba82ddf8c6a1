#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

// How tests steer the double of TensorRT and ask what went wrong. The double is a library of its
// own (libnvinfer of the tests), which the adapter opens as it opens NVIDIA's, and runs its kernels
// on the double of CUDA; what they touch without being allowed to is reported there
// (fakes/cuda/control.hpp). All functions are thread-safe.
namespace replayrt::fakes::tensorrt {

/// Forgets injected failures, counts and violations.
void reset();

/// The n-th call from now (1: the next) of those that can fail does so, once: it gives false or
/// null, says so in the log, and has no effect. 0: none will.
void fail_call(std::int64_t n);
/// Name of the call that was made to fail since `fail_call`; empty if none was.
std::string failed_call();

/// Calls that can fail, so far; of one function: "enqueueV3", "createExecutionContext", ….
std::int64_t call_count(std::string_view function = {});

struct Live {
  int runtimes = 0;
  int engines = 0;
  int contexts = 0;
  int builders = 0;  ///< Builders and all that they and parsers made.

  friend bool operator==(const Live&, const Live&) = default;
};
Live live();

/// What TensorRT does not report, but leaves undefined: a context used by two threads at once,
/// objects that end before what was made of them, an output's memory that is too small, a wrong
/// device. In the order of their discovery.
std::vector<std::string> violations();
/// As `violations`, and forgets them.
std::vector<std::string> take_violations();

/// What a builder was told when it last made a plan.
struct Build {
  std::set<std::string> flags;  ///< Of "f16", "bf16", "i8", "tf32".
  std::optional<std::size_t> workspace_bytes;
  bool library_kernels = false;
  bool shares_profiles = false;
  std::string timing_cache;  ///< As it was before.
};
/// None: nothing was built since `reset`.
std::optional<Build> last_build();

/// "8.5.0": the version that this library plays.
std::string version();

}  // namespace replayrt::fakes::tensorrt
