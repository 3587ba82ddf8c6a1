#pragma once

#include <cuda_runtime_api.h>

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "fakes/cuda/control.hpp"

// What the double's functions share. Everything in Machine is guarded by Machine::mutex, unless it
// says otherwise; functions with a `Lock` are called with it held.
namespace replayrt::fakes::cuda {

using Lock = std::unique_lock<std::mutex>;

/// For every stream (by number) the position up to which its work is known to come before.
using Clock = std::map<std::uint64_t, std::uint64_t>;
void join(Clock& clock, const Clock& other);

struct Access {
  Range range;
  bool write = false;
};

/// What a copy copies.
struct Copy {
  void* to = nullptr;
  const void* from = nullptr;
  std::size_t bytes = 0;
  cudaMemcpyKind kind = cudaMemcpyDefault;
  /// Where both lay when it was enqueued or recorded.
  std::array<std::optional<int>, 2> devices{};
};

/// A kernel, copy, fill, or function of the host: enqueued, or a node of a graph.
struct Work {
  std::string name;
  std::function<void()> run;
  std::vector<Access> accesses;
  std::optional<Copy> copy{};  ///< Set: it is one, and may touch any memory there is.
  cudaGraphNodeType node_type = cudaGraphNodeTypeKernel;
};

/// One place in a stream. Without works: a marker, for an event or a wait.
struct Op {
  std::uint64_t sequence = 0;  ///< In the order of enqueuing, over all streams.
  std::uint64_t stream = 0;    ///< Number, position in it, and what comes before.
  std::uint64_t position = 0;
  Clock clock;
  int device = 0;
  std::vector<Work> works;
  std::vector<std::shared_ptr<Op>> after;
  bool done = false;
};
using OpRef = std::shared_ptr<Op>;

struct Graph {
  struct Node {
    Work work;
    std::vector<std::size_t> after;
    cudaGraphNode_t handle = nullptr;  ///< Given when the capture ends.
  };
  int device = 0;
  std::vector<Node> nodes;
};

struct Stream;

struct Capture {
  Stream* origin = nullptr;
  cudaStreamCaptureMode mode = cudaStreamCaptureModeGlobal;
  std::thread::id thread;
  bool invalidated = false;
  bool over = false;
  Graph graph;
};
using CaptureRef = std::shared_ptr<Capture>;
using NodeSet = std::set<std::size_t>;

struct Stream {
  std::uint64_t number = 0;
  int device = 0;
  bool blocking = false;  ///< Ordered with the legacy stream.
  bool legacy = false;
  std::uint64_t position = 0;
  Clock clock;
  OpRef tail;
  CaptureRef capture;
  NodeSet capture_after;  ///< The nodes that the next one follows.
};

struct Event {
  int device = 0;
  OpRef op;            ///< Null: never recorded.
  Clock clock;         ///< At the time of recording.
  CaptureRef capture;  ///< Set: last recorded in a capture.
  NodeSet capture_after;
};

struct GraphExec {
  int device = 0;
  std::map<cudaGraphNode_t, std::size_t> places;  ///< Of its graph's nodes in `works`.
  std::vector<Work> works;                        ///< In an order that the graph allows.
  OpRef last_launch;
  Clock last_clock;
};

struct Block {
  std::size_t bytes = 0;
  int device = 0;
  bool pinned = false;
  std::unique_ptr<std::byte[], void (*)(std::byte*)> storage{nullptr, nullptr};
};
using BlockMap = std::map<std::uintptr_t, Block>;

struct DeviceState {
  std::size_t budget = 0;
  MemoryUse use;
  cudaError_t broken = cudaSuccess;  ///< After a kernel failed: what every call gives.
  Stream legacy;
};

/// What CUDA keeps for each thread.
struct ThreadState {
  std::uint64_t generation = 0;
  int device = 0;
  cudaStreamCaptureMode mode = cudaStreamCaptureModeGlobal;
  cudaError_t last_error = cudaSuccess;
  bool in_work = false;  ///< This thread runs device work right now.
  bool in_hook = false;
};
ThreadState& this_thread();

struct Failure {
  std::string function;  ///< Empty: any.
  std::int64_t countdown = 0;
  std::optional<cudaError_t> error;
  std::string failed;
};

class Machine {
 public:
  static Machine& instance();

  std::mutex mutex;
  std::condition_variable changed;
  MachineOptions options;
  std::uint64_t generation = 1;
  std::deque<DeviceState> devices;

  std::map<cudaStream_t, std::unique_ptr<Stream>> streams;
  std::map<cudaEvent_t, Event> events;
  std::map<cudaGraph_t, Graph> graphs;
  std::map<cudaGraphExec_t, GraphExec> graph_execs;
  std::map<std::pair<std::thread::id, int>, std::unique_ptr<Stream>> thread_streams;
  std::vector<CaptureRef> captures;  ///< Not over.
  BlockMap blocks;
  std::deque<std::pair<std::uintptr_t, Block>> freed;  ///< Kept, so that its use is noticed.

  bool held = false;
  std::size_t waiting = 0;
  Failure failure;
  bool failing = false;  ///< The call under way is to fail, though it takes effect.
  std::map<std::string, std::int64_t, std::less<>> calls;
  std::function<void(std::string_view)> hook;
  std::vector<std::string> violations;

  void reset(const MachineOptions& wanted);

  void violate(const Lock& lock, std::string text);
  /// What every call on a device gives since its work failed.
  [[nodiscard]] cudaError_t broken(const Lock& lock, int device) const;

  /// A handle that no other object ever has.
  template <class Native>
  Native new_handle() {
    next_handle_ += 16;
    return reinterpret_cast<Native>(next_handle_);
  }
  void number(Stream& stream) { stream.number = ++last_stream_; }

  // --- Streams and work (machine.cpp) ---

  /// Null, and a violation, if there is no such stream.
  Stream* find(const Lock& lock, cudaStream_t handle);
  Event* find(const Lock& lock, cudaEvent_t handle);

  /// Enqueues, or records in a capture. `op` is what was enqueued, null if recorded.
  cudaError_t submit(const Lock& lock, Stream& stream, std::vector<Work> works, OpRef* op = nullptr,
                     const OpRef& also_after = nullptr, const Clock* also_clock = nullptr);
  /// A marker behind `stream`'s work and `also_after`.
  OpRef mark(const Lock& lock, Stream& stream, const OpRef& also_after = nullptr,
             const Clock* also_clock = nullptr);

  /// Whether all work up to `op` is done; markers need nothing but that.
  bool is_done(const Lock& lock, const OpRef& op);
  /// Does all work up to the ops; blocks while it is held, unless `forced`. Unlocks meanwhile.
  void complete(Lock& lock, const std::vector<OpRef>& ops, bool forced = false);
  /// After enqueuing: does the work if the test wants that at once.
  void progress(Lock& lock, const OpRef& op);
  /// The host knows that all that `clock` names is complete.
  void observe(const Lock& lock, const Clock& clock);
  void observe_device(const Lock& lock, int device);
  [[nodiscard]] const std::deque<OpRef>& pending(const Lock&) const { return pending_; }
  /// All that is not done on a device.
  std::vector<OpRef> pending_of(const Lock& lock, int device) const;
  /// Whether the host knows that `op` is complete.
  [[nodiscard]] bool is_observed(const Lock& lock, const OpRef& op) const;
  /// Whether some work that uses the range may still run, as far as the host knows.
  bool in_use(const Lock& lock, Range range) const;

  // --- Memory (memory.cpp) ---

  /// The live block that `address` lies in, or null.
  const Block* block_of(const Lock& lock, const void* address,
                        std::uintptr_t* begin = nullptr) const;
  /// The work of a copy that may be enqueued. Pageable memory that it reads is not among its
  /// accesses.
  Work copy_work(const Lock& lock, const Copy& copy) const;
  /// Whether the memory that the copy names is where its kind says.
  bool is_possible(const Lock& lock, const Copy& copy) const;
  /// The device that the memory lies on; none: it is the host's.
  std::optional<int> device_of(const Lock& lock, const void* address) const;
  /// Tells what is wrong with a work's accesses on `device`; empty: nothing.
  std::string fault_of(const Lock& lock, const Work& work, int device) const;

  // --- Captures (capture.cpp) ---

  void invalidate(const Lock& lock, Capture& capture);
  /// Takes its streams out of it.
  void end_capture(const Lock& lock, const CaptureRef& capture);
  /// For calls that CUDA calls potentially unsafe beside a capture.
  cudaError_t unsafe_call(const Lock& lock);
  /// For uses of the legacy stream: cudaErrorStreamCaptureImplicit if a blocking stream captures.
  cudaError_t legacy_use(const Lock& lock, int device, bool invalidates);

 private:
  std::vector<OpRef> undone_ancestors(const Lock& lock, const std::vector<OpRef>& ops) const;
  void do_work(Lock& lock, const OpRef& op);
  void finish(const Lock& lock, const OpRef& op);
  void find_races(const Lock& lock, const Op& op);

  std::mutex run_mutex_;  ///< Held by the thread that does work. Taken before `mutex`.
  std::deque<OpRef> pending_;
  std::vector<OpRef> unobserved_;  ///< With accesses, and not known to be complete.
  std::uint64_t last_sequence_ = 0;
  std::uint64_t last_stream_ = 0;
  std::uintptr_t next_handle_ = 0x10000;
};

/// What the name of a call implies when it is made to fail.
enum class CallKind : std::uint8_t {
  kPlain,
  kAllocates,    ///< Fails for lack of memory.
  kTakesEffect,  ///< Destroys or ends something, also if it fails.
  kManages,      ///< Also where the current device is broken.
};

/// Every function that can fail goes through here: hook, counting, injected failures, missing
/// driver, last error. `body` is called with the lock held.
cudaError_t call(const char* name, CallKind kind,
                 const std::function<cudaError_t(Machine&, Lock&)>& body);

}  // namespace replayrt::fakes::cuda
