#include <array>
#include <string>

#include "replayrt/load_engine.hpp"

namespace replayrt {
namespace {

constexpr std::array kPrecisions = {Precision::kF32, Precision::kF16, Precision::kBf16,
                                    Precision::kAuto};

}  // namespace

std::string_view to_string(Precision precision) noexcept {
  switch (precision) {
    case Precision::kF32:
      return "f32";
    case Precision::kF16:
      return "f16";
    case Precision::kBf16:
      return "bf16";
    case Precision::kAuto:
      return "auto";
  }
  return "unknown";
}

Precision precision_from_string(std::string_view text) {
  for (const Precision precision : kPrecisions) {
    if (to_string(precision) == text) {
      return precision;
    }
  }
  throw Error(ErrorCode::kInvalidParameter,
              "precision '" + std::string(text) + "' is unknown: expected f32, f16, bf16 or auto");
}

}  // namespace replayrt
