#pragma once

#include <openvino/runtime/core.hpp>
#include <string>

namespace replayrt::openvino {

/// The process's ov::Core; made on first use, never destroyed.
ov::Core& runtime();

/// "2026.4.1"
std::string runtime_version();

/// "AMD EPYC", as OpenVINO calls the processor.
std::string cpu_name();

}  // namespace replayrt::openvino
