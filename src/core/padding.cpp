#include "core/padding.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <concepts>
#include <limits>

namespace replayrt::detail {
namespace {

template <class T>
FillPattern pattern_of(T value) {
  FillPattern pattern;
  pattern.size = sizeof(T);
  const auto bytes = std::bit_cast<std::array<std::byte, sizeof(T)>>(value);
  std::ranges::copy(bytes, pattern.bytes.begin());
  return pattern;
}

template <std::integral T>
std::optional<FillPattern> whole_number(double value) {
  const double end = std::ldexp(1.0, std::numeric_limits<T>::digits);  // Exact, unlike the maximum.
  const double least = std::is_signed_v<T> ? -end : 0;
  if (!(value >= least && value < end) || std::trunc(value) != value) {
    return std::nullopt;
  }
  return pattern_of(static_cast<T>(value));
}

/// IEEE 754's interchange format of 16 bits with so many bits of exponent and fraction.
std::optional<FillPattern> sixteen_bits(double value, int exponent_bits, int fraction_bits) {
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const auto top = static_cast<std::uint32_t>(2 * bias + 1) << fraction_bits;
  const std::uint32_t sign = std::signbit(value) ? 0x8000U : 0;
  std::uint32_t bits = 0;
  if (std::isnan(value)) {
    bits = top | 1U << (fraction_bits - 1);
  } else if (std::isinf(value)) {
    bits = top;
  } else if (value != 0) {
    const double magnitude = std::fabs(value);
    const int exponent = std::max(std::ilogb(magnitude), 1 - bias);
    // In units of the last place. A carry into the exponent is what rounding up means.
    const auto units =
        static_cast<std::uint32_t>(std::nearbyint(std::ldexp(magnitude, fraction_bits - exponent)));
    if (exponent > bias) {
      return std::nullopt;
    }
    bits = (static_cast<std::uint32_t>(exponent + bias - 1) << fraction_bits) + units;
    if (bits >= top) {
      return std::nullopt;
    }
  }
  return pattern_of(static_cast<std::uint16_t>(sign | bits));
}

std::optional<FillPattern> four_bits(double value, double least, double most) {
  if (!(value >= least && value <= most) || std::trunc(value) != value) {
    return std::nullopt;
  }
  const auto bits = static_cast<std::uint8_t>(static_cast<int>(value) & 15);
  return pattern_of(static_cast<std::uint8_t>(bits | bits << 4));
}

std::int64_t divided(std::int64_t extent, std::int64_t divisor) {
  return extent == 0 ? 0 : (extent - 1) / divisor + 1;
}

std::string number_text(double value) {
  std::string text = std::to_string(value);
  while (text.find('.') != std::string::npos && (text.back() == '0' || text.back() == '.')) {
    const bool was_point = text.back() == '.';
    text.pop_back();
    if (was_point) {
      break;
    }
  }
  return text;
}

/// "dimension_buckets: axis 3 of input 'x'".
std::string axis_text(std::size_t axis, const char* what, const std::string& name) {
  return "dimension_buckets: axis " + std::to_string(axis) + " of " + what + " '" + name + "'";
}

void require_index(std::size_t index, std::size_t count, const char* what) {
  if (index >= count) {
    throw Error(ErrorCode::kInvalidParameter, std::string("dimension_buckets names ") + what + " " +
                                                  std::to_string(index) + ": expected one below " +
                                                  std::to_string(count) + ", the number of " +
                                                  what + "s");
  }
}

void require_axis(std::size_t axis, const TensorSpec& spec, const char* what) {
  const std::size_t rank = spec.dims.has_value() ? spec.dims->size() : Shape::kMaxRank;
  if (axis >= rank) {
    throw Error(ErrorCode::kInvalidParameter,
                axis_text(axis, what, spec.name) + ", which has shape " + spec.shape_text() +
                    ": expected an axis below " + std::to_string(rank));
  }
}

}  // namespace

std::optional<FillPattern> fill_pattern(DType dtype, double value) {
  switch (dtype) {
    case DType::kF64:
      return pattern_of(value);
    case DType::kF32: {
      const auto rounded = static_cast<float>(value);
      return std::isinf(rounded) && !std::isinf(value) ? std::nullopt
                                                       : std::optional(pattern_of(rounded));
    }
    case DType::kF16:
      return sixteen_bits(value, 5, 10);
    case DType::kBf16:
      return sixteen_bits(value, 8, 7);
    case DType::kF8e4m3:
    case DType::kF8e5m2:
    case DType::kF4e2m1:
      return value == 0 ? std::optional(FillPattern{}) : std::nullopt;
    case DType::kE8m0:  // Has no 0.
      return std::nullopt;
    case DType::kI64:
      return whole_number<std::int64_t>(value);
    case DType::kI32:
      return whole_number<std::int32_t>(value);
    case DType::kI16:
      return whole_number<std::int16_t>(value);
    case DType::kI8:
      return whole_number<std::int8_t>(value);
    case DType::kI4:
      return four_bits(value, -8, 7);
    case DType::kU64:
      return whole_number<std::uint64_t>(value);
    case DType::kU32:
      return whole_number<std::uint32_t>(value);
    case DType::kU16:
      return whole_number<std::uint16_t>(value);
    case DType::kU8:
      return whole_number<std::uint8_t>(value);
    case DType::kU4:
      return four_bits(value, 0, 15);
    case DType::kBool:
      return value == 0 || value == 1 ? whole_number<std::uint8_t>(value) : std::nullopt;
  }
  return std::nullopt;
}

std::int64_t padded_extent(const Buckets& buckets, std::int64_t extent,
                           const DimensionRange& range) noexcept {
  if (buckets.is_none() || extent <= 0) {
    return extent;
  }
  return std::max(extent, std::min(std::max(buckets.round_up(extent), range.min), range.max));
}

std::size_t row_bytes(DType dtype, const Shape& shape, const std::string& name) {
  const std::int64_t elements = Shape(shape.dims().subspan(1)).num_elements();
  if (bit_size(dtype) % 8 != 0 && elements % 2 != 0) {
    throw Error(ErrorCode::kUnsupported,
                "tensor '" + name + "' (" + std::string(to_string(dtype)) + " " +
                    shape.to_string() + ") cannot be split or padded: its rows are no whole bytes");
  }
  return packed_bytes(dtype, elements);
}

void copy_block(MemoryResource& memory, const RunContext& context, DType dtype,
                const Shape& extents, void* to, const Shape& to_shape, const void* from,
                const Shape& from_shape, const std::string& name) {
  if (extents.num_elements() == 0) {
    return;
  }
  // One run is all dimensions from the last one on that differs.
  std::size_t first = extents.rank();
  while (first > 0 && to_shape[first - 1] == from_shape[first - 1] &&
         extents[first - 1] == to_shape[first - 1]) {
    --first;
  }
  const std::size_t outer = first == 0 ? 0 : first - 1;
  const auto bytes_behind = [&](const Shape& shape, std::size_t axis) {
    // As of a row: so are the gaps whole bytes, too.
    return row_bytes(dtype, Shape(shape.dims().subspan(axis)), name);
  };
  std::array<std::size_t, Shape::kMaxRank> to_strides{};
  std::array<std::size_t, Shape::kMaxRank> from_strides{};
  for (std::size_t axis = 0; axis < outer; ++axis) {
    to_strides[axis] = bytes_behind(to_shape, axis);
    from_strides[axis] = bytes_behind(from_shape, axis);
  }
  const Shape run_shape(extents.dims().subspan(outer));
  const std::size_t run =
      first == 0 ? packed_bytes(dtype, run_shape.num_elements())
                 : static_cast<std::size_t>(extents[outer]) * bytes_behind(extents, outer);
  std::array<std::int64_t, Shape::kMaxRank> at{};
  while (true) {
    std::size_t to_offset = 0;
    std::size_t from_offset = 0;
    for (std::size_t axis = 0; axis < outer; ++axis) {
      to_offset += static_cast<std::size_t>(at[axis]) * to_strides[axis];
      from_offset += static_cast<std::size_t>(at[axis]) * from_strides[axis];
    }
    memory.copy(static_cast<std::byte*>(to) + to_offset,
                static_cast<const std::byte*>(from) + from_offset, run, context);
    std::size_t axis = outer;
    while (axis > 0 && ++at[axis - 1] == extents[axis - 1]) {
      at[--axis] = 0;
    }
    if (axis == 0) {
      return;
    }
  }
}

DimensionPlan::DimensionPlan(const EngineBackend& engine, std::span<const TensorView> inputs,
                             std::span<const DimensionBuckets> named, std::span<const bool> batched)
    : engine_(engine) {
  const std::vector<TensorSpec>& specs = engine.inputs();
  const bool any_batch = std::ranges::find(batched, true) != batched.end();
  for (const DimensionBuckets& dimension : named) {
    require_index(dimension.input, specs.size(), "input");
    const TensorSpec& spec = specs[dimension.input];
    require_axis(dimension.axis, spec, "input");
    const std::string which = axis_text(dimension.axis, "input", spec.name);
    if (dimension.axis == 0 && !batched.empty() && batched[dimension.input]) {
      throw Error(ErrorCode::kInvalidParameter,
                  which + " is the batch: expected batch_buckets to say how it is padded");
    }
    if (!fill_pattern(spec.dtype, dimension.fill).has_value()) {
      throw Error(ErrorCode::kInvalidParameter,
                  which + " has fill " + number_text(dimension.fill) + ": expected a value that " +
                      std::string(replayrt::to_string(spec.dtype)) + " can hold");
    }
    require_apart(dimension);
    check_outputs(dimension, any_batch);
    const Shape& shape = inputs[dimension.input].shape;
    if (dimension.axis >= shape.rank()) {
      throw Error(ErrorCode::kModelInput,
                  "input '" + spec.name + "' has shape " + shape.to_string() + ": expected " +
                      spec.shape_text() + ", with the axis " + std::to_string(dimension.axis) +
                      " that dimension_buckets names");
    }
    const DimensionRange range =
        spec.dims.has_value() ? (*spec.dims)[dimension.axis] : DimensionRange{};
    const std::int64_t extent = shape[dimension.axis];
    dimensions_.push_back({&dimension, extent, padded_extent(dimension.buckets, extent, range)});
  }
}

void DimensionPlan::require_apart(const DimensionBuckets& named) const {
  const std::string& name = engine_.inputs()[named.input].name;
  for (const Dimension& other : dimensions_) {
    if (other.named->input != named.input) {
      continue;
    }
    if (other.named->axis == named.axis) {
      throw Error(ErrorCode::kInvalidParameter,
                  axis_text(named.axis, "input", name) + " is named twice: expected once");
    }
    // Bits, as NaN is not equal to itself.
    if (std::bit_cast<std::uint64_t>(other.named->fill) !=
        std::bit_cast<std::uint64_t>(named.fill)) {
      throw Error(ErrorCode::kInvalidParameter,
                  axis_text(named.axis, "input", name) + " has fill " + number_text(named.fill) +
                      ": expected " + number_text(other.named->fill) + ", as its axis " +
                      std::to_string(other.named->axis) + " has");
    }
  }
}

void DimensionPlan::check_outputs(const DimensionBuckets& named, bool batched) const {
  const std::vector<TensorSpec>& specs = engine_.outputs();
  const auto count = [&](const DimensionBuckets& dimension, const PaddedOutput& wanted) {
    return std::ranges::count_if(dimension.outputs, [&](const PaddedOutput& other) {
      return other.output == wanted.output && other.axis == wanted.axis;
    });
  };
  for (const PaddedOutput& output : named.outputs) {
    require_index(output.output, specs.size(), "output");
    const TensorSpec& spec = specs[output.output];
    require_axis(output.axis, spec, "output");
    const std::string which = axis_text(output.axis, "output", spec.name);
    if (output.divisor < 1) {
      throw Error(
          ErrorCode::kInvalidParameter,
          which + " has divisor " + std::to_string(output.divisor) + ": expected at least 1");
    }
    if (batched && output.axis == 0) {
      throw Error(
          ErrorCode::kInvalidParameter,
          which + " is the batch: expected an axis of at least 1, as the batch is cut anyway");
    }
    auto times = count(named, output);
    for (const Dimension& other : dimensions_) {
      times += count(*other.named, output);
    }
    if (times > 1) {
      throw Error(ErrorCode::kInvalidParameter, which + " is named twice: expected once");
    }
  }
}

Shape DimensionPlan::padded(std::size_t input, Shape shape) const {
  for (const Dimension& dimension : dimensions_) {
    if (dimension.named->input == input) {
      shape = shape.with_dim(dimension.named->axis, dimension.padded);
    }
  }
  return shape;
}

FillPattern DimensionPlan::fill(std::size_t input) const {
  const auto found = std::ranges::find_if(
      dimensions_, [&](const Dimension& dimension) { return dimension.named->input == input; });
  return found == dimensions_.end()
             ? FillPattern{}
             : fill_pattern(engine_.inputs()[input].dtype, found->named->fill)
                   .value_or(FillPattern{});  // It was checked.
}

Shape DimensionPlan::cut(std::size_t output, const Shape& shape) const {
  Shape cut = shape;
  for (const Dimension& dimension : dimensions_) {
    if (dimension.padded == dimension.extent) {
      continue;
    }
    for (const PaddedOutput& named : dimension.named->outputs) {
      if (named.output != output) {
        continue;
      }
      const std::int64_t expected = divided(dimension.padded, named.divisor);
      if (named.axis >= shape.rank() || shape[named.axis] != expected) {
        throw Error(ErrorCode::kModelRuntime,
                    "output '" + engine_.outputs()[output].name + "' has shape " +
                        shape.to_string() + " for an extent of " +
                        std::to_string(dimension.padded) + " along axis " +
                        std::to_string(dimension.named->axis) + " of input '" +
                        engine_.inputs()[dimension.named->input].name + "': expected " +
                        std::to_string(expected) + " along axis " + std::to_string(named.axis) +
                        ", as dimension_buckets says");
      }
      cut = cut.with_dim(named.axis, divided(dimension.extent, named.divisor));
    }
  }
  return cut;
}

}  // namespace replayrt::detail
