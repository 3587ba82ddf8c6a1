#pragma once

#include <cstdint>
#include <optional>

#include "replayrt/models/pre_processing.hpp"

namespace replayrt {

/// The least confidence of what is reported: the reference's argument `confidence`.
class Confidence {
 public:
  /// What the family's documentation says (`docs/families.md`): the reference's "default".
  Confidence() = default;
  /// The same for every class, 0 to 1.
  Confidence(double threshold) : threshold_(threshold) {}  // NOLINT(google-explicit-constructor)
  /// What the package's evaluation recommends, per class where it does; the family's default where
  /// it recommends nothing: the reference's "best".
  static Confidence best() {
    Confidence confidence;
    confidence.best_ = true;
    return confidence;
  }

  [[nodiscard]] bool is_best() const noexcept { return best_; }
  [[nodiscard]] std::optional<double> threshold() const noexcept { return threshold_; }

 private:
  std::optional<double> threshold_;
  bool best_ = false;
};

/// The keyword arguments of the reference's calls. What is not set has the family's default.
struct PredictOptions {
  PreProcessingOverrides pre_processing_overrides{};
  /// Size at which the network runs, if the package says that it may vary; sides are rounded up to
  /// its divisor. Not supported by the package: a warning in the log, and the training size.
  std::optional<ImageSize> image_size{};
  /// Leaves the graph cache out for this call.
  bool disable_cuda_graphs = false;
  Confidence confidence{};
  std::optional<double> iou_threshold{};         ///< Of non-maximum suppression, 0 to 1.
  std::optional<std::int64_t> max_detections{};  ///< Per image, the most confident ones first.
  std::optional<bool> class_agnostic_nms{};  ///< Boxes of different classes suppress each other.
  /// Instance segmentation: masks are resized as probabilities (true) or as logits.
  std::optional<bool> masks_smoothing_enabled{};
  /// What of a mask is greater is part of the object: 0.5 of probabilities, 0 of logits if not set.
  std::optional<double> masks_binarization_threshold{};
  /// The size of masks between the network's (0) and the picture's (1, the default). Boxes are
  /// always in pixels of the picture.
  std::optional<double> masks_resolution_factor{};
  std::optional<double> key_points_threshold{};  ///< Least confidence of a key point, 0 to 1.
};

}  // namespace replayrt
