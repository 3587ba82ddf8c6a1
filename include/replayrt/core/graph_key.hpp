#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "replayrt/core/device.hpp"
#include "replayrt/core/dtype.hpp"
#include "replayrt/core/shape.hpp"
#include "replayrt/core/small_vector.hpp"
#include "replayrt/core/tensor.hpp"

namespace replayrt {

/// Where a captured graph reads the inputs that it is given.
enum class InputBinding : std::uint8_t {
  kCopied,   ///< In memory of its own, which every run copies them to: they may lie anywhere.
  kInPlace,  ///< At the addresses at which they lie, where the backend can: these belong to the
             ///< key.
};

/// Dtype and full shape of one input, and where a run finds it: a graph that copies from the host
/// is another one than a graph that is fed on the device, or that reads the caller's memory in
/// place.
struct TensorSignature {
  DType dtype = DType::kF32;
  Shape shape;
  DeviceType memory = DeviceType::kCpu;
  const void* address = nullptr;  ///< Of the caller's memory; null: copied to the graph's own.

  friend bool operator==(const TensorSignature&, const TensorSignature&) = default;
};

/// One TensorSignature for every input, in the engine's order.
using InputSignature = SmallVector<TensorSignature, 4>;

/// The signature of `inputs`, all of them copied.
InputSignature signature_of(std::span<const TensorView> inputs);

/// "f32 1x3x48x320, i64 2"; what is not in host memory is marked: "f32 1x3x48x320 on cuda", and
/// what is read in place "f32 1x3x48x320 on cuda at 0x7f0000001000".
std::string to_string(const InputSignature& signature);

/// Unique in the process and never reused.
using EngineId = std::uint64_t;

/// What a captured graph is filed under: engine, device and input signature. Two engines never
/// share a key, so models that share a cache never replay each other's graphs. Immutable; the hash
/// is computed once.
class GraphKey {
 public:
  GraphKey(EngineId engine, Device device, InputSignature inputs) noexcept;

  [[nodiscard]] EngineId engine() const noexcept { return engine_; }
  [[nodiscard]] const Device& device() const noexcept { return device_; }
  [[nodiscard]] const InputSignature& inputs() const noexcept { return inputs_; }
  [[nodiscard]] std::size_t hash() const noexcept { return hash_; }

  /// "engine 3 on cpu: f32 1x3x48x320"
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const GraphKey& a, const GraphKey& b) noexcept {
    return a.hash_ == b.hash_ && a.engine_ == b.engine_ && a.device_ == b.device_ &&
           a.inputs_ == b.inputs_;
  }

 private:
  EngineId engine_;
  Device device_;
  InputSignature inputs_;
  std::size_t hash_;
};

}  // namespace replayrt

template <>
struct std::hash<replayrt::GraphKey> {
  std::size_t operator()(const replayrt::GraphKey& key) const noexcept { return key.hash(); }
};
