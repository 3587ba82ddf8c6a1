#include "backends/tensorrt/build_shapes.hpp"

#include <algorithm>
#include <limits>
#include <string>

#include "replayrt/core/error.hpp"

namespace replayrt::tensorrt {
namespace {

[[noreturn]] void refuse_shapes(const std::string& message) {
  throw Error(ErrorCode::kInvalidParameter, message);
}

bool is_dynamic(const Dims& dims) {
  return std::any_of(dims.d, dims.d + std::max(dims.nbDims, 0), [](auto d) { return d < 0; });
}

void require_fits(const InputShapes& given, const Dims& dims) {
  const std::string input = "input '" + given.name + "', which is " + to_string(dims);
  const auto rank = static_cast<std::size_t>(std::max(dims.nbDims, 0));
  for (const Shape* shape : {&given.min, &given.opt, &given.max}) {
    if (shape->rank() != rank) {
      refuse_shapes(input + ": got shape " + shape->to_string() + ", expected " +
                    std::to_string(rank) + " dimensions");
    }
    for (std::size_t i = 0; i < rank; ++i) {
      const std::int64_t extent = (*shape)[i];
      if (dims.d[i] >= 0 && extent != dims.d[i]) {
        refuse_shapes(input + ": got shape " + shape->to_string() + ", whose dimension " +
                      std::to_string(i) + " is fixed to " + std::to_string(dims.d[i]));
      }
      if (extent > std::numeric_limits<std::int32_t>::max()) {
        refuse_shapes(input + ": got shape " + shape->to_string() + ", too large for TensorRT");
      }
    }
  }
  for (std::size_t i = 0; i < rank; ++i) {
    if (given.min[i] > given.opt[i] || given.opt[i] > given.max[i]) {
      refuse_shapes(input + ": expected min <= opt <= max in each dimension, got " +
                    given.min.to_string() + ", " + given.opt.to_string() + ", " +
                    given.max.to_string());
    }
  }
}

}  // namespace

std::vector<InputShapes> resolve_shapes(const nvinfer1::INetworkDefinition& network,
                                        const std::vector<InputShapes>& given) {
  std::vector<InputShapes> all;
  std::string names;
  std::vector<bool> used(given.size());
  for (std::int32_t i = 0; i < network.getNbInputs(); ++i) {
    const nvinfer1::ITensor& input = *network.getInput(i);
    const Dims dims = input.getDimensions();
    const std::string name = input.getName();
    names.append(names.empty() ? "" : ", ").append(name);
    if (input.isShapeTensor()) {
      throw Error(ErrorCode::kUnsupported,
                  "the values of input '" + name + "' are a shape: build such a plan with trtexec");
    }
    const auto found = std::ranges::find_if(given, [&](const InputShapes& shapes) {
      return shapes.name == name || (shapes.name.empty() && network.getNbInputs() == 1);
    });
    if (found == given.end()) {
      if (is_dynamic(dims)) {
        refuse_shapes("input '" + name + "' is " + to_string(dims) +
                      ": expected the shapes that the plan is for (min, opt, max)");
      }
      const Shape shape = shape_of(dims).value();
      all.push_back({name, shape, shape, shape});
      continue;
    }
    used[static_cast<std::size_t>(found - given.begin())] = true;
    all.push_back(*found);
    all.back().name = name;
    require_fits(all.back(), dims);
  }
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (!used[i]) {
      const bool twice = std::ranges::count(given, given[i].name, &InputShapes::name) > 1;
      refuse_shapes("input '" + given[i].name + "' " +
                    (twice ? "is given twice" : "is unknown: the model's are " + names));
    }
  }
  return all;
}

}  // namespace replayrt::tensorrt
