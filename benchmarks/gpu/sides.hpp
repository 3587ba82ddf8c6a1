#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "replayrt/core/infer.hpp"
#include "replayrt/load_engine.hpp"

// The ways to run the same calls that are compared with each other.
namespace replayrt::benchmarks {

/// One way to run calls of several shapes, each on an input of its own that lies on the device.
/// Not thread-safe.
class Side {
 public:
  virtual ~Side() = default;

  /// Runs a call; its outputs can be used on return. `shape` is a position in the list of shapes.
  virtual void call(std::size_t shape) = 0;

  /// Whether calls can be enqueued without waiting for them.
  [[nodiscard]] virtual bool can_enqueue() const { return false; }
  /// Enqueues a call and returns; then `wait` waits for all of them.
  virtual void enqueue(std::size_t /*shape*/) {}
  virtual void wait() {}

  /// The outputs of a call, in host memory; empty where this side ran other inputs.
  virtual TensorList answer(std::size_t shape) = 0;
  /// What a cache says; null without one.
  [[nodiscard]] virtual std::shared_ptr<GraphCache> cache() const { return nullptr; }
};

/// What all sides run.
struct SideInputs {
  std::filesystem::path plan;
  LoadOptions load;
  std::vector<Tensor> host;  ///< An input for each shape.
};

/// In the order in which they are told:
/// - eager: `infer` without a cache
/// - replay: `infer`, replaying; in_place: the same with InputBinding::kInPlace
/// - recapture: `infer`, with a cache that is emptied before each call
/// - bare: cudaGraphLaunch of a graph of TensorRT's run, in fixed memory, without any copy
/// - bare_copies: the same with a copy of the input before and of the outputs after it
/// - bare_eager: enqueueV3 in fixed memory, shape and addresses set before each
/// - reference: the reference's scheme: workspace, stream and memory of each graph its own; each
///   call copies the input in, launches, clones each output and synchronises with the host
std::span<const std::string_view> side_names();

/// Loads and captures what the named side needs, apart from every other side. Throws
/// std::invalid_argument for an unknown name.
std::unique_ptr<Side> make_side(std::string_view name, const SideInputs& inputs);

/// A copy on the engine's device.
Tensor to_device(const Engine& engine, const Tensor& host);
/// A copy in host memory of what lies anywhere.
Tensor to_host(const Tensor& tensor);

}  // namespace replayrt::benchmarks
