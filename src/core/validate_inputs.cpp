#include "core/validate_inputs.hpp"

#include <algorithm>
#include <string>

namespace replayrt::detail {
namespace {

bool fits(const Shape& shape, const std::vector<DimensionRange>& dims) {
  return std::ranges::equal(
      shape.dims(), dims, [](std::int64_t extent, const DimensionRange& range) {
        // An extent of 0 fits only where the engine fixes it: backends report 0 as "no lower
        // bound".
        return extent <= range.max &&
               extent >= (range.is_dynamic() ? std::max<std::int64_t>(range.min, 1) : range.min);
      });
}

void validate_input(const TensorView& input, const TensorSpec& spec, const Device& device) {
  const auto refuse = [&](const std::string& message) {
    throw Error(ErrorCode::kModelInput, "input '" + spec.name + "' " + message);
  };
  if (input.dtype != spec.dtype) {
    refuse("has dtype " + std::string(to_string(input.dtype)) + ": expected " +
           std::string(to_string(spec.dtype)));
  }
  if (spec.dims.has_value() && !fits(input.shape, *spec.dims)) {
    refuse("has shape " + input.shape.to_string() + ": expected " + spec.shape_text());
  }
  if (input.data == nullptr && input.shape.num_elements() > 0) {
    refuse("has no data: expected " + std::to_string(input.bytes()) + " bytes");
  }
  if (input.device.type != DeviceType::kCpu && input.device != device) {
    refuse("is on " + input.device.to_string() + ": expected host memory" +
           (device.type == DeviceType::kCpu ? "" : " or " + device.to_string()));
  }
}

}  // namespace

void validate_inputs(const EngineBackend& engine, std::span<const TensorView> inputs) {
  const std::vector<TensorSpec>& specs = engine.inputs();
  if (inputs.size() != specs.size()) {
    std::string names;
    for (const TensorSpec& spec : specs) {
      names.append(names.empty() ? "" : ", ").append(spec.name);
    }
    throw Error(ErrorCode::kModelInput, std::to_string(inputs.size()) +
                                            " inputs were given: the engine has " +
                                            std::to_string(specs.size()) + " (" + names + ")");
  }
  const Device device = engine.device();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    validate_input(inputs[i], specs[i], device);
  }
}

void validate_signature(const EngineBackend& engine, const InputSignature& signature) {
  SmallVector<TensorView, 4> views;
  for (const TensorSignature& input : signature) {
    // Any address will do: it is not followed.
    views.push_back({&engine, input.dtype, input.shape,
                     input.memory == DeviceType::kCpu ? Device{} : engine.device()});
  }
  validate_inputs(engine, views.span());
}

}  // namespace replayrt::detail
