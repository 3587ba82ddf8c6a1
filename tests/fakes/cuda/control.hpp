#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// A double of the CUDA runtime that runs on the CPU. Linked instead of libcudart, it defines the
// functions of cuda_runtime_api.h that src/backends/cuda and the TensorRT double call, and keeps to
// CUDA's rules for streams, events, devices, captures and graphs: tests/backends/cuda/
// runtime_rules_test.cpp holds it, and the real runtime, to them. This header is how a test sets
// the machine up, decides when device work is done, makes calls fail, and asks what went wrong. All
// functions are thread-safe. Device memory is host memory, so a kernel is a function.
namespace replayrt::fakes::cuda {

/// When enqueued work is done. However it is set, waiting for a stream, event or device does it.
enum class Progress : std::uint8_t {
  kDeferred,   ///< Not before somebody waits for it, or the test lets it run.
  kOnQuery,    ///< Also when somebody asks whether it is done.
  kImmediate,  ///< When it is enqueued.
};

struct MachineOptions {
  int devices = 1;                                    ///< 0: cudaErrorNoDevice.
  std::size_t memory_bytes = std::size_t{256} << 20;  ///< Budget of each device.
  int driver_version = CUDART_VERSION;                ///< 0: no driver is installed.
  Progress progress = Progress::kDeferred;
};

/// A new machine: forgets all handles, memory, failures and violations. Not while another thread is
/// in a CUDA call. Handles from before must not be used any more.
void reset(const MachineOptions& options = {});

// --- Device work -------------------------------------------------------------------------------

/// A part of memory that a kernel uses.
struct Range {
  const void* begin = nullptr;
  std::size_t bytes = 0;
};

/// Device work that is a function. `run` gets called when the work is done, once for each launch of
/// a graph that holds it, on whatever thread; it must make no CUDA call and block on nothing that
/// another CUDA call does. If it throws, the device is broken as by a fault in a kernel: every
/// later call on it gives cudaErrorLaunchFailure. `reads` and `writes` must cover what it touches.
struct Kernel {
  std::string name;
  std::function<void()> run;
  std::vector<Range> reads{};
  std::vector<Range> writes{};
};

/// What `kernel<<<…, stream>>>` does: enqueues, or records where the stream is in capture. Gives
/// cudaErrorInvalidResourceHandle if the stream is one of another device than the current.
cudaError_t launch_kernel(cudaStream_t stream, Kernel kernel);

void set_progress(Progress progress);

/// Lets the next piece of `stream`'s work be done, with all it depends on. Whether there was one.
bool run_next(cudaStream_t stream);
/// Lets all work be done. Not that which is enqueued meanwhile.
void run_all();
/// Pieces of work (kernels, copies, graph launches; not events) that are enqueued and not done.
std::size_t pending_work();
std::size_t pending_work(cudaStream_t stream);

/// From now on nothing is done, and whoever waits for work blocks, until `release`.
void hold();
void release();
/// Returns when at least `threads` threads wait for held work. For tests instead of a sleep.
void await_waiting(std::size_t threads);

// --- Failures ----------------------------------------------------------------------------------

/// The n-th call from now (1: the next) to any CUDA function that can fail fails, once, and has no
/// effect; but what destroys does so, and a capture that is to end is over, with no graph. Without
/// `error` with one that fits: cudaErrorMemoryAllocation for calls that allocate, else
/// cudaErrorUnknown. 0 takes it back.
void fail_call(std::int64_t n, std::optional<cudaError_t> error = std::nullopt);
/// The same for calls of one function: "cudaMalloc". `launch_kernel` counts as "cudaLaunchKernel".
void fail_call(std::string_view function, std::int64_t n,
               std::optional<cudaError_t> error = std::nullopt);
/// Name of the call that was made to fail since `fail_call`; empty if none was.
std::string failed_call();

/// Called before every CUDA call that can fail, with its name, on its thread, outside all locks:
/// for tests that do something at that moment. It may make CUDA calls itself (the hook is then not
/// called). Null: none.
void set_call_hook(std::function<void(std::string_view function)> hook);

// --- What happened -----------------------------------------------------------------------------

/// Calls so far of "cudaMalloc", …; of all that can fail with an empty name.
std::int64_t call_count(std::string_view function = {});

/// What CUDA does not report, but leaves broken: work on memory that was freed, or that overlaps
/// work it is not ordered with; memory freed, or a graph destroyed, under pending work; a capture
/// or graph launch while another device is current; pageable memory in a graph; handles used or
/// destroyed after their end. In the order of their discovery.
std::vector<std::string> violations();
/// As `violations`, and forgets them: for tests that break a rule on purpose.
std::vector<std::string> take_violations();

struct Live {
  std::size_t streams = 0;
  std::size_t events = 0;
  std::size_t graphs = 0;
  std::size_t graph_execs = 0;
  std::size_t device_blocks = 0;
  std::size_t pinned_blocks = 0;
  std::size_t captures = 0;  ///< Begun and not ended.

  friend bool operator==(const Live&, const Live&) = default;
};
/// What was made and not destroyed yet.
Live live();
/// "" or "1 stream, 2 device blocks".
std::string to_string(const Live& live);

/// Device memory in use, and the most since `reset`.
struct MemoryUse {
  std::size_t bytes = 0;
  std::size_t peak = 0;
};
MemoryUse memory_use(int device = 0);
/// Changes the budget of a device; what is in use stays.
void set_memory_budget(int device, std::size_t bytes);

}  // namespace replayrt::fakes::cuda
