#pragma once

#include <openvino/runtime/compiled_model.hpp>
#include <string>

#include "replayrt/load_engine.hpp"

namespace replayrt::openvino {

/// Threads of one run. Throws Error(kInvalidParameter) unless the option is a sensible number.
std::size_t threads_of(const LoadOptions& options);

/// OpenVINO's properties for every compilation of an engine. Throws Error that names the option at
/// fault.
ov::AnyMap properties_of(const LoadOptions& options);

/// All options that make graphs or answers others, as text: equal for equal options.
std::string identity_of(const LoadOptions& options);

/// Throws Error(kUnsupported) if OpenVINO chose another precision than it was asked for: on a CPU
/// without f16 or bf16 arithmetic it silently takes what comes closest.
void require_precision(Precision precision, const ov::CompiledModel& model);

}  // namespace replayrt::openvino
