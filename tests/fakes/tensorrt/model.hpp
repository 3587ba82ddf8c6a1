#pragma once

#include <NvInferRuntime.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fakes/tensorrt/plan.hpp"

namespace replayrt::fakes::tensorrt {

using Extents = std::vector<std::int64_t>;

/// Of the network: -1 where the profiles of the input differ or leave a range.
Extents network_shape(const Input& input);

/// What an engine and its contexts share: the plan, its weights on the device, and which contexts
/// use which profile.
struct Model {
  explicit Model(Plan plan_, nvinfer1::ILogger& logger_, int device_)
      : plan(std::move(plan_)), logger(logger_), device(device_) {}

  const Plan plan;
  nvinfer1::ILogger& logger;
  const int device;
  float* weights = nullptr;  ///< Device memory: the salt.

  std::atomic<int> contexts{0};

  std::mutex mutex;
  std::vector<const void*> profile_users;  ///< Guarded: the context that uses it alone.

  [[nodiscard]] std::optional<std::size_t> input(std::string_view name) const;
  [[nodiscard]] std::optional<std::size_t> output(std::string_view name) const;

  [[nodiscard]] bool is_dynamic() const;
  [[nodiscard]] bool is_host_input(std::size_t input) const {
    return plan.function == Function::kExpand && input == 1;
  }

  /// -1 for what `inputs` does not tell; `host_values` are those of a host input, where known.
  [[nodiscard]] Extents output_shape(std::size_t output, const std::vector<Extents>& inputs,
                                     const std::int32_t* host_values) const;

  /// Whether the function is defined for inputs of these shapes and values.
  [[nodiscard]] bool can_run(const std::vector<Extents>& inputs,
                             const std::int32_t* host_values) const;

  /// Activation memory of a run on inputs of these shapes.
  [[nodiscard]] std::uint64_t activation_bytes(const std::vector<Extents>& inputs) const;
  [[nodiscard]] std::uint64_t activation_bytes_of(std::size_t profile) const;
};

/// Product; 1 of none.
std::int64_t elements(const Extents& shape);
std::uint64_t bytes_of(DType dtype, const Extents& shape);
nvinfer1::Dims dims_of(const Extents& shape);
std::string to_string(const Extents& shape);

}  // namespace replayrt::fakes::tensorrt
