#pragma once

#include "models/postprocess/head.hpp"
#include "models/postprocess/threshold.hpp"
#include "replayrt/models/result.hpp"

namespace replayrt::models {

// Of one image of an output (images, classes). All throw Error(kCorruptedModel) that names the
// output if it has another shape.

/// The largest of the scores, the first of equal ones; softmax is applied unless the network has.
ClassificationPrediction classify(const HeadOutput& output, std::size_t image, bool fused);

/// Every class whose score passes; sigmoid is applied unless the network has. `inclusive`: a score
/// that equals the threshold passes.
MultiLabelClassificationPrediction classify_multi_label(const HeadOutput& output, std::size_t image,
                                                        bool fused, const Threshold& threshold,
                                                        bool inclusive);

}  // namespace replayrt::models
