#include "fakes/tensorrt/model.hpp"

#include <algorithm>

namespace replayrt::fakes::tensorrt {
namespace {

template <class Item>
std::optional<std::size_t> find(const std::vector<Item>& items, std::string_view name) {
  const auto at = std::ranges::find(items, name, &Item::name);
  return at == items.end() ? std::nullopt
                           : std::optional(static_cast<std::size_t>(at - items.begin()));
}

}  // namespace

Extents network_shape(const Input& input) {
  const auto& profiles = input.profiles;
  Extents shape;
  for (std::size_t axis = 0; axis < profiles.front().size(); ++axis) {
    const std::int64_t extent = profiles.front()[axis].min;
    const bool fixed = std::ranges::all_of(profiles, [&](const std::vector<Range>& ranges) {
      return ranges[axis].min == extent && ranges[axis].max == extent;
    });
    shape.push_back(fixed ? extent : -1);
  }
  return shape;
}

std::optional<std::size_t> Model::input(std::string_view name) const {
  return find(plan.inputs, name);
}

std::optional<std::size_t> Model::output(std::string_view name) const {
  return find(plan.outputs, name);
}

bool Model::is_dynamic() const {
  return std::ranges::any_of(plan.inputs, [](const Input& input) {
    return std::ranges::count(network_shape(input), -1) > 0;
  });
}

Extents Model::output_shape(std::size_t output, const std::vector<Extents>& inputs,
                            const std::int32_t* host_values) const {
  switch (plan.function) {
    case Function::kSum:
      return inputs.front();
    case Function::kCopy:
      return inputs[std::min(output, inputs.size() - 1)];
    case Function::kNonZero:
      return {-1};
    case Function::kExpand: {
      const auto rank = static_cast<std::size_t>(std::max<std::int64_t>(inputs[1].front(), 0));
      Extents shape(rank, -1);
      if (host_values != nullptr) {
        std::copy_n(host_values, rank, shape.begin());
      }
      return shape;
    }
  }
  return {};
}

bool Model::can_run(const std::vector<Extents>& inputs, const std::int32_t* host_values) const {
  if (plan.function == Function::kSum) {
    return std::ranges::all_of(inputs,
                               [&](const Extents& shape) { return shape == inputs.front(); });
  }
  if (plan.function != Function::kExpand) {
    return true;
  }
  // What is repeated must be something, and the result of a size that TensorRT allows.
  std::int64_t room = std::int64_t{1} << 31;
  for (const std::int64_t extent : output_shape(0, inputs, host_values)) {
    if (extent < 0 || extent > room) {
      return false;
    }
    room /= std::max<std::int64_t>(extent, 1);
  }
  return elements(inputs.front()) > 0;
}

std::uint64_t Model::activation_bytes(const std::vector<Extents>& inputs) const {
  std::uint64_t bytes = plan.activation_base;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    bytes += plan.activation_per_byte * bytes_of(plan.inputs[i].dtype, inputs[i]);
  }
  return bytes;
}

std::uint64_t Model::activation_bytes_of(std::size_t profile) const {
  std::vector<Extents> largest;
  for (const Input& input : plan.inputs) {
    Extents& shape = largest.emplace_back();
    for (const Range& range : input.profiles[profile]) {
      shape.push_back(range.max);
    }
  }
  return activation_bytes(largest);
}

std::int64_t elements(const Extents& shape) {
  std::int64_t product = 1;
  for (const std::int64_t extent : shape) {
    product *= extent;
  }
  return product;
}

std::uint64_t bytes_of(DType dtype, const Extents& shape) {
  return (static_cast<std::uint64_t>(elements(shape)) * bit_size(dtype) + 7) / 8;
}

nvinfer1::Dims dims_of(const Extents& shape) {
  nvinfer1::Dims dims{};
  dims.nbDims = static_cast<std::int32_t>(shape.size());
  for (std::size_t i = 0; i < shape.size(); ++i) {
    dims.d[i] = static_cast<std::remove_reference_t<decltype(dims.d[0])>>(shape[i]);
  }
  return dims;
}

std::string to_string(const Extents& shape) {
  std::string text;
  for (const std::int64_t extent : shape) {
    text.append(text.empty() ? "" : "x").append(std::to_string(extent));
  }
  return text;
}

}  // namespace replayrt::fakes::tensorrt
