#pragma once

#include <cstdint>
#include <vector>

#include "models/postprocess/boxes.hpp"
#include "models/postprocess/head.hpp"
#include "models/postprocess/threshold.hpp"

namespace replayrt::models {

/// What a call asks of the selection of boxes.
struct DetectionSettings {
  Threshold threshold{0};
  float iou_threshold = 0;
  float key_points_threshold = 0;
  std::int64_t max_detections = 0;
  bool class_agnostic = false;
  /// The reference's own rule where ours differs: final rows pass at the threshold itself and are
  /// not capped.
  bool reference_compatible = false;
};

// Each reads one layout of a network's output and gives the boxes of one image on the canvas, most
// confident first. `others`: how many numbers that are no scores (coefficients of masks, key
// points) come last in each row. Rows whose confidence or a side is NaN are left out. All throw
// Error(kCorruptedModel) that names the output if its shape is not the layout's.

/// (images, 4 + classes + others, rows): middle, size and a score per class; the best class counts.
/// Then suppression.
std::vector<Candidate> decode_channels_first(const HeadOutput& output, std::size_t image,
                                             const DetectionSettings& settings,
                                             std::int64_t others = 0);

/// What the objectness of a row is for.
enum class Objectness : std::uint8_t {
  kSelects,  ///< A row passes by it.
  /// The reference's YOLOv5 with masks: a row passes by it, and it counts as a score of class 0,
  /// which shifts all others; with a threshold for each class a row of that class always passes.
  kSelectsAndIsClass,
  kIsClass,  ///< The reference's YOLOv7 with masks: a score of class 0 like the others.
};

/// (images, rows, 5 + classes + others): middle, size, objectness and a score per class. The
/// confidence is the best class's score alone. Then suppression.
std::vector<Candidate> decode_objectness(const HeadOutput& output, std::size_t image,
                                         const DetectionSettings& settings, std::int64_t others = 0,
                                         Objectness objectness = Objectness::kSelects);

/// (images, rows, 4) and (images, rows, classes): sides of boxes, and their scores. Then
/// suppression.
std::vector<Candidate> decode_boxes_and_scores(const HeadOutput& boxes, const HeadOutput& scores,
                                               std::size_t image,
                                               const DetectionSettings& settings);

/// YOLACT's: (images, rows, 4) of `offsets` from (rows, 4) of `priors`, which are the same for all
/// images: middle and size in parts of the canvas, moved by a tenth of the size, stretched by the
/// exponential of a fifth; (images, rows, 1 + classes) of `scores`, the background's first. Then
/// suppression.
std::vector<Candidate> decode_priors(const HeadOutput& offsets, const HeadOutput& scores,
                                     const HeadOutput& priors, std::size_t image, ImageSize canvas,
                                     const DetectionSettings& settings);

/// Whether a row passes whose confidence is the threshold itself.
enum class AtThreshold : std::uint8_t { kFails, kPasses };

/// (images, rows, 6 + others): sides, confidence, class, selected by the network already. The
/// network's order is kept, and no more than `max_detections`.
std::vector<Candidate> decode_final_rows(const HeadOutput& output, std::size_t image,
                                         const Threshold& threshold, AtThreshold at_threshold,
                                         std::int64_t max_detections, std::int64_t others = 0);

/// Which class a column of RF-DETR's logits is; -1 for none.
using ClassMap = std::vector<std::int32_t>;

/// (images, queries, 4) in parts of the canvas and (images, queries, columns) of logits: of all
/// sigmoid scores the best `queries` ones, one query may be several classes; columns that are no
/// class take up places. `canvas` is what the boxes are parts of. Equal scores: the first.
std::vector<Candidate> decode_queries(const HeadOutput& boxes, const HeadOutput& logits,
                                      std::size_t image, ImageSize canvas, const ClassMap& classes,
                                      const DetectionSettings& settings);

}  // namespace replayrt::models
