#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "models/preprocess/placement.hpp"
#include "models/triangle_filter.hpp"

namespace replayrt::models {

/// Planes of one size, one after the other, rows from top to bottom: what a network gives of an
/// image.
struct Planes {
  std::span<const float> values;
  std::size_t count = 0;
  ImageSize size{};
};

/// Resizes a part of planes as torchvision does (`resize`, bilinear, antialiased; in f32, columns
/// before rows), and gives the rows of all planes one after the other: the whole, which may be a
/// hundred times as large as the planes, is never there.
class PlaneRows {
 public:
  /// The values must outlive it. What of `part` lies beyond the planes is `fill`. `size` and the
  /// part's are positive.
  PlaneRows(const Planes& planes, const Region& part, float fill, ImageSize size);

  /// The next row: `size.width` values of the first plane, of the second, and so on; valid until
  /// the next call. There are `size.height` of them.
  [[nodiscard]] std::span<const float> next();

 private:
  [[nodiscard]] const float* source_row(std::size_t plane, std::int64_t row);
  [[nodiscard]] std::span<float> resized_row(std::int64_t row);
  void resize(std::int64_t row);

  Planes planes_;
  Region part_;
  float fill_;
  std::size_t width_;
  TriangleFilter<float> across_;
  TriangleFilter<float> down_;
  std::int64_t row_ = 0;       ///< Which is next.
  std::int64_t resized_ = 0;   ///< How many rows of the part were.
  std::vector<float> padded_;  ///< A row of the part, if some of it lies beyond the planes.
  std::vector<float> ring_;    ///< Resized rows, as many as one row is made from.
  std::vector<float> out_;
};

}  // namespace replayrt::models
