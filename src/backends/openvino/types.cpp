#include "backends/openvino/types.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace replayrt::openvino {
namespace {

constexpr std::array<std::pair<DType, ov::element::Type_t>, 19> kTypes = {{
    {DType::kF64, ov::element::Type_t::f64},       {DType::kF32, ov::element::Type_t::f32},
    {DType::kF16, ov::element::Type_t::f16},       {DType::kBf16, ov::element::Type_t::bf16},
    {DType::kF8e4m3, ov::element::Type_t::f8e4m3}, {DType::kF8e5m2, ov::element::Type_t::f8e5m2},
    {DType::kF4e2m1, ov::element::Type_t::f4e2m1}, {DType::kE8m0, ov::element::Type_t::f8e8m0},
    {DType::kI64, ov::element::Type_t::i64},       {DType::kI32, ov::element::Type_t::i32},
    {DType::kI16, ov::element::Type_t::i16},       {DType::kI8, ov::element::Type_t::i8},
    {DType::kI4, ov::element::Type_t::i4},         {DType::kU64, ov::element::Type_t::u64},
    {DType::kU32, ov::element::Type_t::u32},       {DType::kU16, ov::element::Type_t::u16},
    {DType::kU8, ov::element::Type_t::u8},         {DType::kU4, ov::element::Type_t::u4},
    {DType::kBool, ov::element::Type_t::boolean},
}};

DimensionRange range_of(const ov::Dimension& dimension) {
  if (dimension.is_static()) {
    return DimensionRange::fixed(dimension.get_length());
  }
  const std::int64_t max = dimension.get_max_length();
  return {dimension.get_min_length(), max < 0 ? DimensionRange::kUnbounded : max, std::nullopt};
}

TensorSpec spec_of(const ov::Output<const ov::Node>& port, const char* kind) {
  TensorSpec spec;
  spec.name = tensor_name(port);
  const std::optional<DType> dtype = dtype_of_element(port.get_element_type());
  if (!dtype.has_value()) {
    throw Error(ErrorCode::kUnsupported, std::string(kind) + " '" + spec.name + "' has type " +
                                             port.get_element_type().to_string() +
                                             ": expected a number type that ReplayRT knows");
  }
  spec.dtype = *dtype;
  const ov::PartialShape& shape = port.get_partial_shape();
  if (shape.rank().is_dynamic()) {
    return spec;
  }
  if (shape.size() > Shape::kMaxRank) {
    throw Error(ErrorCode::kUnsupported,
                std::string(kind) + " '" + spec.name + "' has " + std::to_string(shape.size()) +
                    " dimensions: expected at most " + std::to_string(Shape::kMaxRank));
  }
  auto& dims = spec.dims.emplace();
  for (const ov::Dimension& dimension : shape) {
    dims.push_back(range_of(dimension));
  }
  return spec;
}

}  // namespace

std::optional<DType> dtype_of_element(const ov::element::Type& type) {
  for (const auto& [dtype, element] : kTypes) {
    if (type == element) {
      return dtype;
    }
  }
  return std::nullopt;
}

ov::element::Type element_of_dtype(DType dtype) {
  for (const auto& [known, element] : kTypes) {
    if (dtype == known) {
      return element;
    }
  }
  throw Error(ErrorCode::kInvalidParameter, "dtype " + std::to_string(static_cast<int>(dtype)) +
                                                " is not one that ReplayRT knows");
}

std::string tensor_name(const ov::Output<const ov::Node>& port) {
  if (!port.get_names().empty()) {
    return port.get_any_name();
  }
  // An output without a name is known by the node that computes it.
  const ov::Node* node = port.get_node();
  const auto source = node->get_input_size() == 1 ? node->get_input_node_ptr(0) : node;
  return source->get_friendly_name();
}

std::vector<TensorSpec> input_specs(const ov::Model& model) {
  std::vector<TensorSpec> specs;
  for (const auto& port : model.inputs()) {
    specs.push_back(spec_of(port, "input"));
  }
  return specs;
}

std::vector<TensorSpec> output_specs(const ov::Model& model) {
  std::vector<TensorSpec> specs;
  for (const auto& port : model.outputs()) {
    specs.push_back(spec_of(port, "output"));
  }
  return specs;
}

ov::Shape ov_shape(const Shape& shape) {
  ov::Shape made;
  made.reserve(shape.rank());
  for (const std::int64_t extent : shape.dims()) {
    made.push_back(static_cast<std::size_t>(extent));
  }
  return made;
}

Shape shape_of(const ov::Shape& shape) {
  if (shape.size() > Shape::kMaxRank) {
    throw Error(ErrorCode::kUnsupported, "a result has " + std::to_string(shape.size()) +
                                             " dimensions: expected at most " +
                                             std::to_string(Shape::kMaxRank));
  }
  std::array<std::int64_t, Shape::kMaxRank> dims{};
  std::ranges::transform(shape, dims.begin(),
                         [](std::size_t extent) { return static_cast<std::int64_t>(extent); });
  return Shape(std::span<const std::int64_t>(dims.data(), shape.size()));
}

}  // namespace replayrt::openvino
