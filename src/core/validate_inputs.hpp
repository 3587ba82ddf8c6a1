#pragma once

#include <span>

#include "replayrt/core/engine.hpp"

namespace replayrt::detail {

/// Throws Error(kModelInput) that names the tensor, what was given and what was expected, unless
/// `inputs` fit the engine: count, dtypes, ranks, fixed and ranged dimensions, devices.
void validate_inputs(const EngineBackend& engine, std::span<const TensorView> inputs);

/// The same for inputs of which only the signature is known.
void validate_signature(const EngineBackend& engine, const InputSignature& signature);

}  // namespace replayrt::detail
