#include "core/verification.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace replayrt::detail {
namespace {

struct Tolerance {
  double absolute;
  double relative;
};
constexpr Tolerance kFull{1e-4, 1e-3};
constexpr Tolerance kHalf{2e-2, 2e-2};
constexpr double kIntegerShare = 1e-3;
constexpr std::size_t kFewElements = 10;  // Of fewer not even one may differ.

double from_bf16(std::uint16_t bits) noexcept {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

/// IEEE 754 binary16.
double from_f16(std::uint16_t bits) noexcept {
  const double sign = (bits & 0x8000U) != 0 ? -1 : 1;
  const int exponent = (bits >> 10) & 0x1F;
  const double fraction = (bits & 0x3FFU) / 1024.0;
  if (exponent == 0) {
    return sign * std::ldexp(fraction, -14);
  }
  if (exponent == 31) {
    return fraction == 0 ? sign * INFINITY : NAN;
  }
  return sign * std::ldexp(1 + fraction, exponent - 15);
}

std::string at(const std::string& name, std::size_t index, double graph, double eager) {
  return "output '" + name + "' differs most at element " + std::to_string(index) + ": " +
         std::to_string(graph) + " captured, " + std::to_string(eager) + " eager";
}

template <class T, class Value>
std::optional<std::string> compare_floats(const Tensor& graph, const Tensor& eager,
                                          const Tolerance& tolerance, const std::string& name,
                                          Value value) {
  const auto* a = static_cast<const T*>(graph.data());
  const auto* b = static_cast<const T*>(eager.data());
  const auto count = static_cast<std::size_t>(eager.shape().num_elements());
  std::optional<std::size_t> worst;
  double largest = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double x = value(a[i]);
    const double y = value(b[i]);
    if (x == y || (std::isnan(x) && std::isnan(y))) {
      continue;
    }
    double excess = std::fabs(x - y) - (tolerance.absolute + tolerance.relative * std::fabs(y));
    if (std::isnan(excess)) {  // One of them is no number, or infinite: the worst of all.
      excess = std::numeric_limits<double>::infinity();
    }
    if (excess > largest) {
      worst = i;
      largest = excess;
    }
  }
  return worst.has_value() ? std::optional(at(name, *worst, value(a[*worst]), value(b[*worst])))
                           : std::nullopt;
}

std::optional<std::string> compare_bytes(const Tensor& graph, const Tensor& eager,
                                         const std::string& name) {
  const std::size_t width = std::max<std::size_t>(bit_size(eager.dtype()) / 8, 1);
  const std::size_t count = eager.bytes() / width;
  const auto* a = static_cast<const std::byte*>(graph.data());
  const auto* b = static_cast<const std::byte*>(eager.data());
  std::size_t different = 0;
  for (std::size_t i = 0; i < count; ++i) {
    different += std::memcmp(a + i * width, b + i * width, width) != 0 ? 1U : 0U;
  }
  const double allowed =
      std::max(kIntegerShare * static_cast<double>(count), count < kFewElements ? 0.0 : 1.0);
  if (static_cast<double>(different) <= allowed) {
    return std::nullopt;
  }
  return "output '" + name + "' differs in " + std::to_string(different) + " of " +
         std::to_string(count) + " elements";
}

/// `tensor` itself if it is in host memory, else a copy there.
Tensor on_host(const Tensor& tensor, MemoryResource& memory) {
  if (tensor.device().type == DeviceType::kCpu) {
    return tensor;
  }
  Tensor copy = Tensor::allocate(tensor.dtype(), tensor.shape());
  memory.copy(copy.data(), tensor.data(), tensor.bytes(), {});
  return copy;
}

}  // namespace

std::optional<std::string> disagreement(const Tensor& graph, const Tensor& eager,
                                        const std::string& name) {
  if (graph.shape() != eager.shape() || graph.dtype() != eager.dtype()) {
    return "output '" + name + "' is " + std::string(to_string(graph.dtype())) + " " +
           graph.shape().to_string() + " captured, " + std::string(to_string(eager.dtype())) + " " +
           eager.shape().to_string() + " eager";
  }
  const auto as_is = [](auto element) { return static_cast<double>(element); };
  switch (eager.dtype()) {
    case DType::kF64:
      return compare_floats<double>(graph, eager, kFull, name, as_is);
    case DType::kF32:
      return compare_floats<float>(graph, eager, kFull, name, as_is);
    case DType::kF16:
      return compare_floats<std::uint16_t>(graph, eager, kHalf, name, from_f16);
    case DType::kBf16:
      return compare_floats<std::uint16_t>(graph, eager, kHalf, name, from_bf16);
    default:
      return compare_bytes(graph, eager, name);
  }
}

namespace {

TensorList run_eagerly(EngineState& engine, const LiveInputs& inputs, const Clock& clock,
                       std::chrono::nanoseconds& took) {
  try {
    Lease lease = engine.lease_eager(Reason::kNone);
    try {
      TensorList outputs;
      const auto begin = clock();
      lease.executor().run(inputs.views, inputs.context, outputs).completion.wait();
      took = clock() - begin;
      return outputs;
    } catch (...) {
      lease.discard();
      throw;
    }
  } catch (const std::exception& error) {
    throw CannotVerify(std::string("the eager run to compare it with failed: ") + error.what());
  }
}

}  // namespace

std::optional<std::string> disagreement(EngineState& engine, const Answer& answer,
                                        const LiveInputs& inputs, const Clock& clock,
                                        std::chrono::nanoseconds& eager_took) {
  answer.report.completion.wait();
  const TensorList& captured = answer.outputs;
  const TensorList eager = run_eagerly(engine, inputs, clock, eager_took);
  for (std::size_t i = 0; i < eager.size(); ++i) {
    const std::string& name = engine.backend().outputs()[i].name;
    if (i >= captured.size()) {
      return "output '" + name + "' is missing";
    }
    MemoryResource& memory = engine.backend().memory();
    if (auto difference =
            disagreement(on_host(captured[i], memory), on_host(eager[i], memory), name)) {
      return difference;
    }
  }
  return std::nullopt;
}

}  // namespace replayrt::detail
