#include "models/postprocess/plane_rows.hpp"

#include <algorithm>

namespace replayrt::models {
namespace {

bool lies_within(const Region& part, ImageSize size) {
  return part.left >= 0 && part.top >= 0 && part.left + part.size.width <= size.width &&
         part.top + part.size.height <= size.height;
}

}  // namespace

PlaneRows::PlaneRows(const Planes& planes, const Region& part, float fill, ImageSize size)
    : planes_(planes),
      part_(part),
      fill_(fill),
      width_(static_cast<std::size_t>(size.width)),
      across_(part.size.width, size.width),
      down_(part.size.height, size.height),
      padded_(lies_within(part, planes.size) ? 0 : static_cast<std::size_t>(part.size.width)),
      ring_(down_.widest() * planes.count * width_),
      out_(planes.count * width_) {}

std::span<const float> PlaneRows::next() {
  const auto window = down_.window(row_++);
  const auto end = window.first + static_cast<std::int64_t>(window.weights.size());
  for (resized_ = std::max(resized_, window.first); resized_ < end; ++resized_) {
    resize(resized_);
  }
  std::ranges::fill(out_, 0.0F);
  for (std::size_t i = 0; i < window.weights.size(); ++i) {
    const float weight = window.weights[i];
    const std::span<const float> row = resized_row(window.first + static_cast<std::int64_t>(i));
    for (std::size_t k = 0; k < out_.size(); ++k) {
      out_[k] += weight * row[k];
    }
  }
  return out_;
}

std::span<float> PlaneRows::resized_row(std::int64_t row) {
  const std::size_t count = ring_.size() / out_.size();
  return std::span(ring_).subspan(static_cast<std::size_t>(row) % count * out_.size(), out_.size());
}

const float* PlaneRows::source_row(std::size_t plane, std::int64_t row) {
  const std::int64_t y = part_.top + row;
  const bool has_row = y >= 0 && y < planes_.size.height;
  const std::int64_t start =
      (static_cast<std::int64_t>(plane) * planes_.size.height + y) * planes_.size.width;
  if (padded_.empty()) {
    return planes_.values.data() + start + part_.left;
  }
  std::ranges::fill(padded_, fill_);
  const std::int64_t first = std::max<std::int64_t>(part_.left, 0);
  const std::int64_t last = std::min(part_.left + part_.size.width, planes_.size.width);
  if (has_row && first < last) {
    std::copy_n(planes_.values.data() + start + first, last - first,
                padded_.data() + (first - part_.left));
  }
  return padded_.data();
}

void PlaneRows::resize(std::int64_t row) {
  float* out = resized_row(row).data();
  for (std::size_t plane = 0; plane < planes_.count; ++plane) {
    const float* const values = source_row(plane, row);
    for (std::size_t x = 0; x < width_; ++x) {
      const auto window = across_.window(static_cast<std::int64_t>(x));
      const float* at = values + window.first;
      float sum = 0;
      for (const float weight : window.weights) {
        sum += weight * *at++;
      }
      *out++ = sum;
    }
  }
}

}  // namespace replayrt::models
