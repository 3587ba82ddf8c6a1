#pragma once

#include "models/postprocess/head.hpp"
#include "models/postprocess/threshold.hpp"
#include "replayrt/models/pre_processing.hpp"
#include "replayrt/models/result.hpp"

namespace replayrt::models {

/// The classes of a segmentation.
struct SegmentClasses {
  std::size_t count = 0;        ///< With the background.
  std::int64_t background = 0;  ///< What a pixel is that is nothing else.
};

// Both make a map of the picture from one of the network (map_frame.hpp) and throw
// Error(kCorruptedModel) that names the output if its shape is another one.

/// (images, channels, rows, columns) of logits: the most likely class of each pixel by softmax, the
/// first of equal ones; of one channel: the first class that is not the background, by sigmoid. The
/// channels are the classes, or the classes without the background if there is one fewer. A pixel
/// below the threshold of its class, one with a logit that is NaN, and one that the network has not
/// seen is background with confidence 0.
SemanticSegmentationResult segment(const HeadOutput& output, std::size_t image,
                                   const PreProcessingMetadata& metadata, SegmentClasses classes,
                                   const Threshold& threshold, bool reference_compatible);

/// (images, 1, rows, columns) or (images, rows, columns): depth as the network gives it, 0 where it
/// has not seen the picture.
DepthMap depth_of(const HeadOutput& output, std::size_t image,
                  const PreProcessingMetadata& metadata, bool reference_compatible);

}  // namespace replayrt::models
