#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "replayrt/load_engine.hpp"

namespace replayrt::tensorrt {

/// The CUDA device of that name; "auto" and "cuda" are device 0. Throws Error(kInvalidParameter)
/// for what names none.
std::int32_t device_of(const std::string& device);

/// Throws Error(kInvalidParameter, kUnsupported) that names the option at fault: a plan has its
/// precision and its outputs since it was built.
void require_supported(const LoadOptions& options);

}  // namespace replayrt::tensorrt
