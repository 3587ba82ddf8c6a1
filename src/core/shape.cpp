#include "replayrt/core/shape.hpp"

#include <charconv>
#include <limits>

#include "replayrt/core/error.hpp"

namespace replayrt {
namespace {

[[noreturn]] void refuse_shape(const std::string& message) {
  throw Error(ErrorCode::kInvalidParameter, message);
}

std::string join(std::span<const std::int64_t> dims) {
  if (dims.empty()) {
    return "scalar";
  }
  std::string text = std::to_string(dims[0]);
  for (const std::int64_t dim : dims.subspan(1)) {
    text.append("x").append(std::to_string(dim));
  }
  return text;
}

}  // namespace

Shape::Shape(std::initializer_list<std::int64_t> dims)
    : Shape(std::span<const std::int64_t>(dims.begin(), dims.size())) {}

Shape::Shape(std::span<const std::int64_t> dims) : rank_(dims.size()) {
  if (dims.size() > kMaxRank) {
    refuse_shape("shape " + join(dims) + " has " + std::to_string(dims.size()) +
                 " dimensions: expected at most " + std::to_string(kMaxRank));
  }
  // Zeros are left out of the product, so that a shape with a zero is refused or not whatever the
  // order.
  std::int64_t product = 1;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] < 0) {
      refuse_shape("shape " + join(dims) + " has a negative dimension");
    }
    if (dims[i] > 0 && product > std::numeric_limits<std::int64_t>::max() / dims[i]) {
      refuse_shape("shape " + join(dims) + " has more elements than 64 bits can count");
    }
    product *= dims[i] > 0 ? dims[i] : 1;
    dims_[i] = dims[i];
  }
}

Shape Shape::parse(std::string_view text) {
  if (text == "scalar") {
    return {};
  }
  const auto malformed = [&] {
    refuse_shape("shape '" + std::string(text) +
                 "' is malformed: expected dimensions joined by 'x', as in 1x3x48x320");
  };
  std::array<std::int64_t, kMaxRank> dims{};
  std::size_t rank = 0;
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  while (true) {
    if (rank == kMaxRank) {
      refuse_shape("shape '" + std::string(text) + "' has too many dimensions: expected at most " +
                   std::to_string(kMaxRank));
    }
    const auto [next, error] = std::from_chars(at, end, dims[rank]);
    if (error == std::errc::result_out_of_range) {
      refuse_shape("shape '" + std::string(text) + "' has a dimension that does not fit 64 bits");
    }
    if (error != std::errc() || (next != end && *next != 'x')) {
      malformed();
    }
    ++rank;
    if (next == end) {
      return Shape(std::span<const std::int64_t>(dims.data(), rank));
    }
    at = next + 1;
  }
}

std::int64_t Shape::num_elements() const noexcept {
  std::int64_t product = 1;
  for (const std::int64_t dim : dims()) {
    product *= dim;
  }
  return product;
}

Shape Shape::with_dim(std::size_t axis, std::int64_t extent) const {
  if (axis >= rank_) {
    refuse_shape("shape " + to_string() + " has no dimension " + std::to_string(axis));
  }
  std::array<std::int64_t, kMaxRank> changed = dims_;
  changed[axis] = extent;
  return Shape(std::span<const std::int64_t>(changed.data(), rank_));
}

std::string Shape::to_string() const {
  return join(dims());
}

}  // namespace replayrt
