#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "replayrt/core/device.hpp"
#include "replayrt/core/dtype.hpp"
#include "replayrt/core/error.hpp"
#include "replayrt/core/graph_cache_options.hpp"
#include "replayrt/core/graph_key.hpp"
#include "replayrt/core/reason.hpp"
#include "replayrt/core/tensor.hpp"

namespace replayrt {

/// The extents that one dimension may have. Fixed when min == max.
struct DimensionRange {
  static constexpr std::int64_t kUnbounded = std::numeric_limits<std::int64_t>::max();

  std::int64_t min = 0;
  std::int64_t max = kUnbounded;
  std::optional<std::int64_t> opt{};  ///< What the engine was tuned for, where that is known.

  static DimensionRange fixed(std::int64_t extent) { return {.min = extent, .max = extent}; }
  [[nodiscard]] bool is_dynamic() const noexcept { return min != max; }

  friend bool operator==(const DimensionRange&, const DimensionRange&) = default;
};

/// What an engine says of one input or output.
struct TensorSpec {
  std::string name;
  DType dtype = DType::kF32;
  /// Outermost first; empty optional where even the rank is known only after a run.
  std::optional<std::vector<DimensionRange>> dims{};

  [[nodiscard]] bool is_dynamic() const noexcept;

  /// "1x3x?x?", "1..8x3x48x?", "scalar", or "any rank".
  [[nodiscard]] std::string shape_text() const;
};

/// Thrown by `EngineBackend::capture` when this engine or shape cannot be captured. The cache turns
/// it into eager execution; it never reaches a caller of `infer`.
class CaptureRefused : public Error {
 public:
  CaptureRefused(Reason reason, const std::string& message)
      : Error(ErrorCode::kUnsupported, message), reason_(reason) {}

  [[nodiscard]] Reason reason() const noexcept { return reason_; }

 private:
  Reason reason_;
};

/// How one run is ordered against the caller's device work. Backends on the CPU ignore the handles.
struct RunContext {
  void* stream = nullptr;  ///< The caller's stream (cudaStream_t), on which results become usable.
  void* ready_event = nullptr;  ///< Waited for before the inputs are read (cudaEvent_t).
  bool synchronize = true;      ///< Return only when the results are complete.
};

/// Tells when the device work of one run is complete. Copies share one state; thread-safe. Default:
/// done.
class Completion {
 public:
  /// Implemented by backends whose runs end after `run` has returned.
  class State {
   public:
    virtual ~State() = default;
    [[nodiscard]] virtual bool done() const = 0;
    virtual void wait() const = 0;  ///< Throws Error(kModelRuntime) if the work failed.
    [[nodiscard]] virtual void* native_event() const noexcept { return nullptr; }
  };

  Completion() noexcept = default;
  explicit Completion(std::shared_ptr<const State> state) noexcept : state_(std::move(state)) {}

  [[nodiscard]] bool done() const { return state_ == nullptr || state_->done(); }
  /// Whether it was done from the start: nothing need be asked.
  [[nodiscard]] bool born_done() const noexcept { return state_ == nullptr; }
  void wait() const {
    if (state_ != nullptr) {
      state_->wait();
    }
  }
  /// The backend's own event (cudaEvent_t), owned by this object; null where there is none.
  [[nodiscard]] void* native_event() const noexcept {
    return state_ == nullptr ? nullptr : state_->native_event();
  }

 private:
  std::shared_ptr<const State> state_;
};

/// What one run of an executor tells.
struct RunReport {
  Completion completion{};
  std::size_t bytes_copied =
      0;  ///< Input and output bytes that were copied rather than used in place.
};

/// One place where one run happens at a time. Port: implemented by backends, leased out by the
/// core. Not thread-safe by itself: whoever holds the lease is the only user. It keeps alive what
/// it runs on, also when the Engine is gone; its destructor waits for nothing, the core destroys it
/// when its work is complete.
class Executor {
 public:
  virtual ~Executor() = default;

  /// Runs on `inputs` (validated, in the engine's order) and fills `outputs` with one Tensor per
  /// output, each owning its block. The blocks are this run's own: no later run writes to them
  /// while a Tensor shares them. Throws Error(kModelRuntime, kOutOfMemory, kModelInput); `outputs`
  /// is then unspecified.
  virtual RunReport run(std::span<const TensorView> inputs, const RunContext& context,
                        TensorList& outputs) = 0;

  /// Whether the next run may begin before the device work of the last one is complete. The
  /// executor then keeps them in order by itself, without holding up the host, and the completion
  /// of a run is that of all runs before it, too. Default: no.
  [[nodiscard]] virtual bool runs_in_order() const noexcept { return false; }

  /// Footprint: the bytes of memory that this executor alone holds. 0 for an executor that shares
  /// all.
  [[nodiscard]] virtual std::size_t bytes() const noexcept = 0;
};

/// Memory of an engine's device and of the host, for the padding and joining of batches. Port.
/// Thread-safe.
class MemoryResource {
 public:
  virtual ~MemoryResource() = default;

  /// A tensor in host memory or on this engine's device, as `where` says, to be used in the order
  /// of `context`; elements uninitialised. Throws Error(kOutOfMemory).
  virtual Tensor allocate(DType dtype, const Shape& shape, const Device& where,
                          const RunContext& context) = 0;
  /// Copies between memory of the host and of this device, in the order of `context`.
  virtual void copy(void* to, const void* from, std::size_t bytes, const RunContext& context) = 0;
  virtual void fill_zero(void* to, std::size_t bytes, const RunContext& context) = 0;
  /// Fills with `pattern`, which divides `bytes`, again and again, in the order of `context`.
  /// Default: copies it from host memory and waits until that is done.
  virtual void fill(void* to, std::size_t bytes, std::span<const std::byte> pattern,
                    const RunContext& context);
  /// Done when all that was copied and filled so far in the order of `context` is. Default: it was
  /// when those calls returned. Without a stream it must have been.
  virtual Completion completion(const RunContext& context);
};

/// What a backend expects of a capture.
struct CaptureEstimate {
  std::chrono::nanoseconds time{0};
  std::size_t bytes = 0;
};

/// A model loaded for one device, as a backend implements it. Port. Immutable and thread-safe:
/// every member may be called from many threads at once.
class EngineBackend {
 public:
  virtual ~EngineBackend() = default;

  [[nodiscard]] virtual std::string_view name() const noexcept = 0;  ///< "openvino", "tensorrt", …
  [[nodiscard]] virtual Device device() const noexcept = 0;
  [[nodiscard]] virtual const std::vector<TensorSpec>& inputs() const noexcept = 0;
  [[nodiscard]] virtual const std::vector<TensorSpec>& outputs() const noexcept = 0;

  /// How many eager executors may run at once to advantage, at least 1; further callers wait, first
  /// in first out.
  [[nodiscard]] virtual std::size_t max_eager_executors() const noexcept = 0;

  /// An executor for any shape in range. Throws Error.
  virtual std::unique_ptr<Executor> make_eager() = 0;

  /// Whether a captured graph can read this input (by its position) where `view` lies, at that very
  /// address, instead of copying it to memory of its own. Default: no.
  [[nodiscard]] virtual bool can_bind(std::size_t /*input*/,
                                      const TensorView& /*view*/) const noexcept {
    return false;
  }

  /// A captured graph: an executor for exactly `signature`. Where that has an address, the input is
  /// read there by every run, but not by the capture: the memory may be gone by then. Throws
  /// CaptureRefused, or any other exception, which the cache takes as Reason::kCaptureFailed.
  virtual std::unique_ptr<Executor> capture(const InputSignature& signature) = 0;

  /// A captured graph for `signature`, and its first run on `inputs`, which fit it: `outputs` and
  /// `report` are those of `Executor::run`. Throws as both do. Default: one after the other; a
  /// backend that runs each new graph once anyway, to warm it up, does that here and saves a run.
  virtual std::unique_ptr<Executor> capture_and_run(const InputSignature& signature,
                                                    std::span<const TensorView> inputs,
                                                    const RunContext& context, TensorList& outputs,
                                                    RunReport& report);

  /// What a capture of `signature` is expected to cost, until captures of this engine have been
  /// measured. Default: nothing.
  [[nodiscard]] virtual CaptureEstimate estimate(
      const InputSignature& /*signature*/) const noexcept {
    return {};
  }

  /// How a cache that was told nothing decides what to capture. Default: everything, at once.
  [[nodiscard]] virtual Admission preferred_admission() const noexcept {
    return Admission::always();
  }

  /// Bytes that this engine holds once for all its executors, however many there are, beyond the
  /// model: activation memory that they share. Fixed while the engine lives. Default: none.
  [[nodiscard]] virtual std::size_t shared_bytes() const noexcept { return 0; }

  virtual MemoryResource& memory() noexcept = 0;

  /// Names the model's bytes and all that makes its graphs or answers others (backend, precision,
  /// edits; neither threads nor which of several equal devices): at most 128 lower case hexadecimal
  /// digits, the same in every process. May read files, the first time. Default: empty, it cannot
  /// be told.
  [[nodiscard]] virtual std::string content_hash() const { return {}; }
};

namespace detail {
class EngineState;
}

/// A user's handle on a loaded model: move-only; members are thread-safe.
///
/// When the handle ends the engine is retired: every living GraphCache drops its graphs, idle ones
/// at once, leased ones at the end of their lease, one in capture when that ends. The model's
/// memory is freed with the last executor. Calls that are under way in other threads finish.
class Engine {
 public:
  /// Takes a backend's engine. Throws Error(kInvalidParameter) if `backend` is null.
  explicit Engine(std::unique_ptr<EngineBackend> backend);
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;
  ~Engine();

  [[nodiscard]] EngineId id() const noexcept;
  [[nodiscard]] std::string_view backend_name() const noexcept;
  [[nodiscard]] Device device() const noexcept;
  [[nodiscard]] const std::vector<TensorSpec>& inputs() const noexcept;
  [[nodiscard]] const std::vector<TensorSpec>& outputs() const noexcept;

  /// Position of the named tensor. Throws Error(kInvalidParameter) that lists the names there are.
  [[nodiscard]] std::size_t input_index(std::string_view name) const;
  [[nodiscard]] std::size_t output_index(std::string_view name) const;

  /// Throws Error(kModelInput) that names the tensor, what was given and what was expected, unless
  /// `inputs` fit this engine: count, dtypes, ranks, fixed and ranged dimensions.
  void validate(std::span<const TensorView> inputs) const;

  /// The key under which a cache files a graph of this engine for `inputs`. With
  /// `InputBinding::kInPlace` it holds the addresses of those that the backend can read in place.
  [[nodiscard]] GraphKey key_for(std::span<const TensorView> inputs,
                                 InputBinding binding = InputBinding::kCopied) const;

  /// Names the model's bytes and all load options that make its graphs or answers others, in
  /// lower case hexadecimal digits, the same in every process; empty if it cannot be told (the log
  /// says why). The first call may read the model's files again. Throws what the backend throws.
  [[nodiscard]] std::string content_hash() const;

  /// A new executor outside every cache and pool, owned by the caller. Throw as the backend's
  /// members do.
  [[nodiscard]] std::unique_ptr<Executor> make_eager() const;
  [[nodiscard]] std::unique_ptr<Executor> capture(const InputSignature& signature) const;

  /// For the core itself.
  [[nodiscard]] const std::shared_ptr<detail::EngineState>& state() const noexcept {
    return state_;
  }

 private:
  std::shared_ptr<detail::EngineState> state_;
};

}  // namespace replayrt
