#include "backends/tensorrt/specs.hpp"

#include <algorithm>

namespace replayrt::tensorrt {
namespace {

using nvinfer1::OptProfileSelector;

[[noreturn]] void refuse(const char* name, const std::string& message) {
  throw Error(ErrorCode::kUnsupported, "tensor '" + std::string(name) + "' " + message);
}

DType dtype_of(const nvinfer1::ICudaEngine& engine, const char* name) {
  const nvinfer1::DataType type = engine.getTensorDataType(name);
  const std::optional<DType> dtype = dtype_of_trt(type);
  if (!dtype.has_value()) {
    refuse(name, "has TensorRT's element type " + std::to_string(static_cast<int>(type)) +
                     ", which this version of ReplayRT does not know");
  }
  return *dtype;
}

void require_dense(const nvinfer1::ICudaEngine& engine, const char* name) {
  if (engine.getTensorFormat(name) != nvinfer1::TensorFormat::kLINEAR) {
    refuse(name,
           std::string("is stored as '") + engine.getTensorFormatDesc(name) +
               "': expected row-major (build the engine with linear formats for its inputs and "
               "outputs)");
  }
}

std::vector<DimensionRange> ranges_of(const Dims& dims) {
  std::vector<DimensionRange> ranges;
  ranges.reserve(static_cast<std::size_t>(std::max(dims.nbDims, 0)));
  for (std::int32_t i = 0; i < dims.nbDims; ++i) {
    ranges.push_back(dims.d[i] < 0 ? DimensionRange{} : DimensionRange::fixed(dims.d[i]));
  }
  return ranges;
}

/// The ranges of one input in one profile.
std::vector<DimensionRange> ranges_in(const nvinfer1::ICudaEngine& engine, const char* name,
                                      std::int32_t profile) {
  std::vector<DimensionRange> ranges = ranges_of(engine.getTensorShape(name));
  const Dims min = engine.getProfileShape(name, profile, OptProfileSelector::kMIN);
  const Dims opt = engine.getProfileShape(name, profile, OptProfileSelector::kOPT);
  const Dims max = engine.getProfileShape(name, profile, OptProfileSelector::kMAX);
  for (std::size_t axis = 0; axis < ranges.size(); ++axis) {
    const auto known = static_cast<std::int32_t>(axis);
    if (!ranges[axis].is_dynamic()) {
      continue;
    }
    if (known >= min.nbDims || known >= opt.nbDims || known >= max.nbDims) {
      refuse(name, "has no range in optimization profile " + std::to_string(profile));
    }
    ranges[axis] = {.min = min.d[axis], .max = max.d[axis], .opt = opt.d[axis]};
  }
  return ranges;
}

/// Widens `all` to hold `more`.
void unite(std::vector<DimensionRange>& all, const std::vector<DimensionRange>& more) {
  for (std::size_t axis = 0; axis < all.size(); ++axis) {
    all[axis].min = std::min(all[axis].min, more[axis].min);
    all[axis].max = std::max(all[axis].max, more[axis].max);
  }
}

}  // namespace

EngineSpecs read_specs(const nvinfer1::ICudaEngine& engine) {
  EngineSpecs specs;
  specs.profiles.resize(static_cast<std::size_t>(std::max(engine.getNbOptimizationProfiles(), 1)));
  for (std::int32_t i = 0; i < engine.getNbIOTensors(); ++i) {
    const char* name = engine.getIOTensorName(i);
    const Dims dims = engine.getTensorShape(name);
    if (dims.nbDims > static_cast<std::int32_t>(Shape::kMaxRank)) {
      refuse(name, "has " + std::to_string(dims.nbDims) + " dimensions: expected at most " +
                       std::to_string(Shape::kMaxRank));
    }
    require_dense(engine, name);
    const bool is_input = engine.getTensorIOMode(name) == nvinfer1::TensorIOMode::kINPUT;
    TensorSpec spec{name, dtype_of(engine, name)};
    if (is_input) {
      for (std::size_t profile = 0; profile < specs.profiles.size(); ++profile) {
        auto ranges = ranges_in(engine, name, static_cast<std::int32_t>(profile));
        if (profile == 0) {
          spec.dims = ranges;
        } else {
          unite(*spec.dims, ranges);
        }
        specs.profiles[profile].push_back(std::move(ranges));
      }
    } else if (dims.nbDims >= 0) {
      spec.dims = ranges_of(dims);
    }
    Ports& ports = is_input ? specs.inputs : specs.outputs;
    ports.specs.push_back(std::move(spec));
    ports.on_host.push_back(engine.getTensorLocation(name) == nvinfer1::TensorLocation::kHOST);
  }
  return specs;
}

}  // namespace replayrt::tensorrt
