#include "cache_settings.hpp"

#include <fmt/format.h>

#include <charconv>

#include "error.hpp"
#include "replayrt/core/error.hpp"
#include "text.hpp"

namespace replayrt::cli {

Admission parse_admission(std::string_view what, std::string_view text) {
  try {
    return Admission::parse(text);
  } catch (const Error&) {
    throw UsageError(
        fmt::format("{}: expected always, sightings:N with N of at least 1, or pays_back, got {}",
                    what, in_quotes(text)));
  }
}

Eviction parse_eviction(std::string_view what, std::string_view text) {
  try {
    return eviction_from_string(text);
  } catch (const Error&) {
    throw UsageError(fmt::format("{}: expected lru or cost_aware, got {}", what, in_quotes(text)));
  }
}

CaptureMode parse_capture_mode(std::string_view what, std::string_view text) {
  if (text == "inline") {
    return CaptureMode::kInline;
  }
  if (text == "background") {
    return CaptureMode::kBackground;
  }
  throw UsageError(fmt::format("{}: expected inline or background, got {}", what, in_quotes(text)));
}

std::string to_string(CaptureMode mode) {
  return mode == CaptureMode::kInline ? "inline" : "background";
}

Verification parse_verification(std::string_view what, std::string_view text) {
  if (text == "first") {
    return Verification::first();
  }
  if (text == "off") {
    return Verification::off();
  }
  double probability = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), probability);
  // Written so that NaN is refused too.
  if (text.empty() || error != std::errc() || end != text.data() + text.size() ||
      !(probability >= 0 && probability <= 1)) {
    throw UsageError(fmt::format("{}: expected first, off or a probability from 0 to 1, got {}",
                                 what, in_quotes(text)));
  }
  return Verification::sampled(probability);
}

std::string to_string(const Verification& verification) {
  if (verification.probability >= 1) {
    return "first";
  }
  return verification.probability > 0 ? fmt::format("{}", verification.probability) : "off";
}

}  // namespace replayrt::cli
