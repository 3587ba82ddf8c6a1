#include "replayrt/core/graph_key.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace replayrt {
namespace {

/// One step of a multiply-xorshift hash; the constant is the 64-bit golden ratio, as in splitmix64.
std::uint64_t mix(std::uint64_t hash, std::uint64_t value) noexcept {
  hash = (hash ^ value) * 0x9E3779B97F4A7C15ULL;
  return hash ^ (hash >> 29);
}

std::uint64_t hash_of(EngineId engine, const Device& device,
                      const InputSignature& inputs) noexcept {
  std::uint64_t hash = mix(engine, static_cast<std::uint64_t>(device.type) << 32 |
                                       static_cast<std::uint32_t>(device.index));
  for (const TensorSignature& input : inputs) {
    hash = mix(hash, static_cast<std::uint64_t>(input.memory) << 16 |
                         static_cast<std::uint64_t>(input.dtype) << 8 | input.shape.rank());
    if (input.address != nullptr) {
      hash = mix(hash, reinterpret_cast<std::uintptr_t>(input.address));
    }
    for (const std::int64_t dim : input.shape.dims()) {
      hash = mix(hash, static_cast<std::uint64_t>(dim));
    }
  }
  return hash;
}

std::string hexadecimal(const void* address) {
  std::array<char, 2 * sizeof(address)> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(),
                                 reinterpret_cast<std::uintptr_t>(address), 16);
  return "0x" + std::string(digits.data(), end.ptr);
}

}  // namespace

InputSignature signature_of(std::span<const TensorView> inputs) {
  InputSignature signature;
  signature.reserve(inputs.size());
  for (const TensorView& input : inputs) {
    signature.push_back({input.dtype, input.shape, input.device.type, nullptr});
  }
  return signature;
}

std::string to_string(const InputSignature& signature) {
  std::string text;
  for (const TensorSignature& input : signature) {
    text.append(text.empty() ? "" : ", ")
        .append(to_string(input.dtype))
        .append(" ")
        .append(input.shape.to_string())
        .append(input.memory == DeviceType::kCuda ? " on cuda" : "")
        .append(input.address != nullptr ? " at " + hexadecimal(input.address) : "");
  }
  return text;
}

GraphKey::GraphKey(EngineId engine, Device device, InputSignature inputs) noexcept
    : engine_(engine),
      device_(device),
      inputs_(std::move(inputs)),
      hash_(hash_of(engine_, device_, inputs_)) {}

std::string GraphKey::to_string() const {
  return "engine " + std::to_string(engine_) + " on " + device_.to_string() + ": " +
         replayrt::to_string(inputs_);
}

}  // namespace replayrt
