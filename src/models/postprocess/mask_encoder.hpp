#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "models/preprocess/placement.hpp"
#include "models/triangle_filter.hpp"
#include "replayrt/models/result.hpp"

namespace replayrt::models {

/// A part of a mask as the network gives it: `region` of its map, column by column from the left,
/// each from top to bottom. What lies beyond it is 0.
struct MaskPatch {
  Region region{};
  std::span<const float> values{};
};

/// Makes masks of a picture from those of a network's map: the part that shows the picture is
/// resized as torchvision does (`resize`, bilinear, antialiased), elements greater than a threshold
/// are set, and the whole goes to where it lay before the static crop.
///
/// A column of the picture is made at a time and becomes run lengths at once, so that besides the
/// result there is never more than a column of the map and one of the picture. Where the picture is
/// the larger one, rows between two elements of the map on the same side of the threshold are on
/// that side too and are not looked at.
///
/// One per picture; for one thread at a time.
class MaskEncoder {
 public:
  /// Throws Error(kModelInput) as `map_frame` does. `map` is positive. `resolution_factor`, 0 to 1: of what size the masks are, from that of the
  /// map's part (0) to that of the picture (1), both sides in proportion, rounded.
  MaskEncoder(ImageSize map, const PreProcessingMetadata& metadata, double resolution_factor);

  /// Of the masks: the picture's, times the factor.
  [[nodiscard]] ImageSize size() const noexcept { return canvas_; }

  [[nodiscard]] RleMask encode(const MaskPatch& patch, float threshold);

 private:
  /// Rows of the picture that are made from the same rows of the map.
  struct Band {
    std::int64_t source = 0;
    std::int64_t sources = 0;
    std::int64_t first = 0;
    std::int64_t rows = 0;
  };
  class Runs;

  void cut(const MaskPatch& patch);
  bool make_column(std::int64_t x, const MaskPatch& patch);
  void add_column(float threshold, Runs& runs) const;
  [[nodiscard]] bool is_set(std::int64_t row, float threshold) const;

  Region source_{};  ///< The part of the map that shows the picture; may reach beyond it.
  Region target_{};
  ImageSize canvas_{};
  TriangleFilter<float> across_;
  TriangleFilter<float> down_;
  std::vector<Band> bands_;
  std::vector<float> column_;  ///< Of the map's part, resized to the picture's width.
  Region part_{};              ///< The patch's, of `source_`.
  std::span<const Band> part_bands_{};
};

}  // namespace replayrt::models
