#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "models/postprocess/boxes.hpp"
#include "models/postprocess/head.hpp"
#include "replayrt/models/result.hpp"

namespace replayrt::models {

/// What a call asks of masks.
struct MaskSettings {
  bool smooth = false;  ///< Masks are probabilities (sigmoid) when they are resized.
  float threshold = 0;  ///< What is greater is part of the object.
  double resolution_factor =
      1;  ///< 0 to 1: the size of masks, from the network's to the picture's.
  /// The reference's own rule where ours differs: four pixels of the canvas are one of the map.
  bool reference_compatible = false;
};

/// Where the network gives what each object's mask is mixed from: number k of row r is element
/// `first + r * row_step + k * step` of an image.
struct Coefficients {
  const HeadOutput* output = nullptr;
  std::size_t first = 0;
  std::size_t row_step = 0;
  std::size_t step = 0;
};

/// Which axis of a network's prototypes counts them.
enum class PrototypeAxis : std::uint8_t {
  kFirst,  ///< (images, prototypes, rows, columns)
  kLast,   ///< (images, rows, columns, prototypes)
};

/// How many prototypes there are, which is how many coefficients each row has. Throws
/// Error(kCorruptedModel) that names the output if it has another shape.
std::int64_t prototype_count(const HeadOutput& prototypes, PrototypeAxis axis);

// Both give `boxes`, which are on the canvas, as detections of the picture, each with its mask
// (mask_encoder.hpp). They throw Error(kCorruptedModel) that names the output if its shape is
// another one.

/// Masks are sums of prototypes, each weighted by a coefficient; beyond its box a mask is 0.
InstanceDetections with_mixed_masks(const std::vector<Candidate>& boxes,
                                    const Coefficients& coefficients, const HeadOutput& prototypes,
                                    PrototypeAxis axis, std::size_t image,
                                    const PreProcessingMetadata& metadata,
                                    const MaskSettings& settings);

/// The network gives masks, (images, boxes, rows, columns), one for each of its `rows` boxes.
InstanceDetections with_given_masks(const std::vector<Candidate>& boxes, const HeadOutput& masks,
                                    std::int64_t rows, std::size_t image,
                                    const PreProcessingMetadata& metadata,
                                    const MaskSettings& settings);

}  // namespace replayrt::models
