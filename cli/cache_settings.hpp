#pragma once

#include <string>
#include <string_view>

#include "replayrt/core/graph_cache_options.hpp"

namespace replayrt::cli {

/// `Admission::parse`; throws UsageError that names `what`.
Admission parse_admission(std::string_view what, std::string_view text);

/// `eviction_from_string`; throws UsageError that names `what`.
Eviction parse_eviction(std::string_view what, std::string_view text);

/// Reads "inline" or "background"; throws UsageError that names `what`.
CaptureMode parse_capture_mode(std::string_view what, std::string_view text);
/// The inverse.
std::string to_string(CaptureMode mode);

/// Reads "first", "off" or a probability from 0 to 1; throws UsageError that names `what`.
Verification parse_verification(std::string_view what, std::string_view text);
/// The inverse: "first" for 1, "off" for 0.
std::string to_string(const Verification& verification);

}  // namespace replayrt::cli
