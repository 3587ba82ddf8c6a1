#include "backends/openvino/options.hpp"

#include <array>
#include <charconv>
#include <openvino/runtime/properties.hpp>
#include <optional>
#include <string>

#include "backends/openvino/core_gate.hpp"
#include "backends/openvino/runtime.hpp"
#include "replayrt/core/error.hpp"
#include "replayrt/core/log.hpp"

namespace replayrt::openvino {
namespace {

std::optional<ov::element::Type> element_of(Precision precision) {
  switch (precision) {
    case Precision::kF32:
      return ov::element::f32;
    case Precision::kF16:
      return ov::element::f16;
    case Precision::kBf16:
      return ov::element::bf16;
    case Precision::kAuto:
      return std::nullopt;
  }
  throw Error(ErrorCode::kInvalidParameter, "precision " +
                                                std::to_string(static_cast<int>(precision)) +
                                                " is not one that ReplayRT knows");
}

}  // namespace

std::string identity_of(const LoadOptions& options) {
  const auto element = element_of(options.precision);
  std::string text = "replayrt content 1, openvino, precision ";
  text += element.has_value() ? element->to_string() : "auto";
  const auto add = [&text](std::string_view name, const std::string& value) {
    text.append("\n").append(name).append(" ").append(std::to_string(value.size()));
    text.append(" ").append(value);
  };
  const auto add_number = [&add](std::string_view name, double value) {
    std::array<char, 32> digits{};  // As written, it is read as the very same number.
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    add(name, std::string(digits.data(), end.ptr));
  };
  for (const GraphEdits::ArgMax& edit : options.edits.argmax) {
    add("argmax", edit.output);
    add("axis", std::to_string(edit.axis));
  }
  for (const GraphEdits::ImageInput& edit : options.edits.image_inputs) {
    add("image input", edit.input);
    add_number("scale", edit.scale);
    for (const double mean : edit.mean) {
      add_number("mean", mean);
    }
    for (const double deviation : edit.standard_deviation) {
      add_number("deviation", deviation);
    }
  }
  return text;
}

std::size_t threads_of(const LoadOptions& options) {
  constexpr std::int64_t kMostThreads = 1024;
  if (options.inference_threads < 0 || options.inference_threads > kMostThreads) {
    throw Error(ErrorCode::kInvalidParameter,
                "inference_threads is " + std::to_string(options.inference_threads) +
                    ": expected 0 (all cores) to " + std::to_string(kMostThreads));
  }
  return options.inference_threads == 0 ? process_cores()
                                        : static_cast<std::size_t>(options.inference_threads);
}

ov::AnyMap properties_of(const LoadOptions& options) {
  ov::AnyMap properties = {
      ov::hint::performance_mode(ov::hint::PerformanceMode::LATENCY),
      ov::num_streams(1),
      ov::inference_num_threads(static_cast<std::int32_t>(threads_of(options))),
      // Pinned, two compiled models would share a core and leave another idle.
      ov::hint::enable_cpu_pinning(false),
  };
  if (const auto element = element_of(options.precision)) {
    properties.insert(ov::hint::inference_precision(*element));
  }
  if (options.precision == Precision::kF32) {
    // Else OpenVINO may still quantise activations where weights are compressed.
    properties.insert(ov::hint::execution_mode(ov::hint::ExecutionMode::ACCURACY));
  }
  return properties;
}

void require_precision(Precision precision, const ov::CompiledModel& model) {
  const ov::element::Type chosen = model.get_property(ov::hint::inference_precision);
  const auto wanted = element_of(precision);
  if (!wanted.has_value()) {
    log(LogLevel::kInfo, "precision auto: OpenVINO computes in " + chosen.to_string());
  } else if (chosen != *wanted) {
    throw Error(ErrorCode::kUnsupported,
                "precision " + wanted->to_string() + " is not available on " + cpu_name() +
                    ": OpenVINO would compute in " + chosen.to_string() + "; ask for f32, for " +
                    chosen.to_string() + ", or for auto");
  }
}

}  // namespace replayrt::openvino
