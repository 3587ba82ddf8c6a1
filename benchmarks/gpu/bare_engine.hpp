#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "backends/cuda/handles.hpp"
#include "backends/tensorrt/api.hpp"
#include "backends/tensorrt/library.hpp"
#include "backends/tensorrt/logger.hpp"

// TensorRT and CUDA graphs by themselves, for comparison: what ReplayRT adds is the distance to
// this. The calls of TensorRT are written down here again on purpose, so that a change of the
// backend's does not move both sides. One input, any number of outputs.
namespace replayrt::benchmarks {

/// A plan, loaded apart from every Engine. Not thread-safe.
class BareEngine {
 public:
  explicit BareEngine(const std::filesystem::path& plan);

  [[nodiscard]] nvinfer1::ICudaEngine& engine() const noexcept { return *engine_; }
  [[nodiscard]] const char* input() const noexcept { return input_; }
  [[nodiscard]] const std::vector<const char*>& outputs() const noexcept { return outputs_; }
  [[nodiscard]] DType dtype(const char* tensor) const;

  /// The optimization profile for the next context: one that no other has, where contexts cannot
  /// share one. Throws std::runtime_error if there is none left.
  std::int32_t take_profile();

 private:
  std::shared_ptr<const tensorrt::Library> library_ = tensorrt::Library::open();
  tensorrt::Logger logger_;
  tensorrt::Owned<nvinfer1::IRuntime> runtime_;
  tensorrt::Owned<nvinfer1::ICudaEngine> engine_;
  const char* input_ = nullptr;
  std::vector<const char*> outputs_;
  std::int32_t profiles_taken_ = 0;
};

/// An execution context of one shape with fixed memory for its tensors.
class BareContext {
 public:
  /// `workspace`: activation memory for every shape of the engine, to be used by one run at a time;
  /// null: TensorRT allocates some for this context alone.
  BareContext(BareEngine& engine, const Shape& input, void* workspace);

  struct Port {
    const char* name = nullptr;
    Shape shape;
    DType dtype = DType::kF32;
    std::size_t bytes = 0;
    cuda::DeviceMemory memory;
  };
  [[nodiscard]] const Port& input() const noexcept { return input_; }
  [[nodiscard]] std::span<const Port> outputs() const noexcept { return outputs_; }
  [[nodiscard]] std::size_t io_bytes() const noexcept;

  /// Tells TensorRT another shape, of at most as many elements, and the addresses again.
  void set(const Shape& input);
  /// Of the shape that was set last.
  [[nodiscard]] Shape output_shape(std::size_t index) const;
  /// Enqueues one run.
  void enqueue(cudaStream_t stream);
  /// One run as an executable graph, captured as NVIDIA's documentation says.
  cuda::GraphExec capture(cudaStream_t stream);

 private:
  [[nodiscard]] Shape shape_of(const char* name) const;

  tensorrt::Owned<nvinfer1::IExecutionContext> context_;
  Port input_;
  std::vector<Port> outputs_;
};

}  // namespace replayrt::benchmarks
