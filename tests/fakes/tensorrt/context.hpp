#pragma once

#include <NvInferRuntime.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "fakes/tensorrt/compute.hpp"
#include "fakes/tensorrt/model.hpp"

namespace replayrt::fakes::tensorrt {

/// The double of an execution context.
class Context final : public nvinfer1::IExecutionContext {
 public:
  /// With activation memory of its own of `own_bytes`; 0: the user gives some. Null, and a message,
  /// if CUDA has no memory for it.
  static Context* create(std::shared_ptr<Model> model, std::uint64_t own_bytes) noexcept;
  ~Context() noexcept override;

  bool setOptimizationProfileAsync(std::int32_t profile, cudaStream_t stream) noexcept override;
  std::int32_t getOptimizationProfile() const noexcept override { return profile_; }
  bool setInputShape(char const* name, nvinfer1::Dims const& dims) noexcept override;
  nvinfer1::Dims getTensorShape(char const* name) const noexcept override;
  bool setTensorAddress(char const* name, void* data) noexcept override;
  bool setInputTensorAddress(char const* name, void const* data) noexcept override;
  bool setOutputAllocator(char const* name,
                          nvinfer1::IOutputAllocator* allocator) noexcept override;
  bool enqueueV3(cudaStream_t stream) noexcept override;
  void setDeviceMemory(void* memory) noexcept override;
#if REPLAYRT_FAKE_TENSORRT >= 1001
  void setDeviceMemoryV2(void* memory, std::int64_t size) noexcept override;
#endif
#if REPLAYRT_FAKE_TENSORRT >= 806
  void setAuxStreams(cudaStream_t* streams, std::int32_t count) noexcept override;
#endif

 private:
  /// Notices two threads in one context.
  class Visit {
   public:
    explicit Visit(const Context& context);
    ~Visit() { context_.visited_ = false; }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

   private:
    const Context& context_;
  };
  struct InputState {
    Extents shape;  ///< Empty of a scalar; not set yet: `known` is false.
    bool known = false;
    const void* address = nullptr;
  };
  struct OutputState {
    void* address = nullptr;
    nvinfer1::IOutputAllocator* allocator = nullptr;
  };

  explicit Context(std::shared_ptr<Model> model);
  bool fail(const char* function, const std::string& text) const noexcept;
  bool set_address(const char* function, char const* name, void const* data, bool input_only);
  bool choose_profile(std::int32_t profile, cudaStream_t stream);
  void forget_shapes();
  [[nodiscard]] std::vector<Extents> shapes() const;
  [[nodiscard]] const std::int32_t* host_values() const;
  [[nodiscard]] std::string what_is_missing() const;
  [[nodiscard]] Run describe_run() const;
  bool allocate_outputs(Run& run, cudaStream_t stream);
  bool update_resources(const Run& run, cudaStream_t stream);

  const std::shared_ptr<Model> model_;
  mutable std::atomic<bool> visited_{false};
  std::int32_t profile_ = -1;
  std::vector<InputState> inputs_;
  std::vector<OutputState> outputs_;
  void* own_activation_ = nullptr;  ///< Device memory; null: the user gives some.
  void* activation_ = nullptr;
  std::int64_t activation_bytes_ = -1;  ///< -1: not told.
  bool shapes_changed_ = true;          ///< Since the last enqueue.
  float* parameters_ = nullptr;         ///< Device memory.
  int* profile_data_ = nullptr;         ///< Device memory.
  std::vector<cudaStream_t> auxiliary_;
  std::vector<cudaStream_t> own_auxiliary_;
  cudaEvent_t fork_ = nullptr;
  std::vector<cudaEvent_t> joins_;
};

}  // namespace replayrt::fakes::tensorrt
