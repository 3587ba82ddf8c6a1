#pragma once

#include "models/preprocess/placement.hpp"

namespace replayrt::models {

/// How a map that a network gives becomes one of the picture: its part `source` is resized to
/// `target.size` and put at `target` on a map of `size`. What is left of that the network has not
/// seen.
struct MapFrame {
  Region source{};
  Region target{};
  ImageSize size{};

  friend bool operator==(const MapFrame&, const MapFrame&) = default;
};

/// Section 4.10 of the reference's behaviour: without the border that pre-processing has put around
/// the picture, at least one row and column, to where the picture lay before the static crop. Pure
/// arithmetic; `map` is positive. Throws Error(kModelInput) if the parts of `metadata` contradict
/// each other.
///
/// `reference_compatible`: what was cut off the picture's sides is part of `source`, which then
/// reaches beyond the map and is resized with it; a static crop at (0, 0) keeps its own size.
MapFrame map_frame(ImageSize map, const PreProcessingMetadata& metadata, bool reference_compatible);

}  // namespace replayrt::models
