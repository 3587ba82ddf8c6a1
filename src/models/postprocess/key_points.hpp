#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "models/postprocess/decode.hpp"
#include "replayrt/models/model_package.hpp"

namespace replayrt::models {

/// What of key points is reported.
struct KeyPointSettings {
  std::span<const KeyPointsOfClass> classes;  ///< What each class has, by class id.
  float threshold = 0;                        ///< The least confidence of a point.
  /// A point whose confidence is the threshold itself is reported, too: the reference's rule.
  bool at_threshold = false;
};

/// How many places a network has for the key points of an object: as many as any class needs.
std::size_t key_point_places(std::span<const KeyPointsOfClass> classes) noexcept;

// Each reads one layout of a network's output and gives the objects of one image with their key
// points, as many as each one's class has, in pixels of the image that was given. Points whose
// confidence does not pass, or that have a NaN, are 0, 0 with confidence 0. All throw
// Error(kCorruptedModel) that names the output if its shape is not the layout's.

/// (images, 4 + classes + 3 x places, rows): boxes as `decode_channels_first` reads them, then x, y
/// and confidence of each place. Points may lie outside of the image.
KeyPointDetections key_points_channels_first(const HeadOutput& output, std::size_t image,
                                             const DetectionSettings& settings,
                                             const KeyPointSettings& points,
                                             const PreProcessingMetadata& metadata);

/// (images, rows, 6 + 3 x places), selected by the network already: as `decode_final_rows`, then x,
/// y and confidence of each place. Points may lie outside of the image.
KeyPointDetections key_points_of_final_rows(const HeadOutput& output, std::size_t image,
                                            const Threshold& threshold, AtThreshold at_threshold,
                                            std::int64_t max_detections,
                                            const KeyPointSettings& points,
                                            const PreProcessingMetadata& metadata);

/// RF-DETR: (images, queries, 4) in parts of the canvas; (images, queries, columns) of logits;
/// (images, queries, columns x places, at least 7): x, y in parts of the canvas, the logit that the
/// point can be found, one that is not read, and log l11, l21, log l22 of the Cholesky factor L of
/// the point's precision. Every query is each class once; its confidence is p * T^-0.2, brought
/// into [0, 1) by s / (1 + s), where p is the class's sigmoid score and T the mean trace of the
/// points' covariances, weighted by how likely each can be found. Most confident first. Points are
/// cut to the image. The covariance of a point that was found is S (L L^T)^-1 S, where S is
/// diagonal and says how many pixels of the image that was given the canvas is wide and high:
/// (canvas side) / scale; borders and crops move points and change no covariance. As
/// inference_models 0.39.6 (models/rfdetr/common.py,
/// keypoint_precision_cholesky_to_pixel_covariance).
KeyPointDetections key_points_of_queries(const std::array<const HeadOutput*, 3>& outputs,
                                         std::size_t image, const ClassMap& classes,
                                         const DetectionSettings& settings,
                                         const KeyPointSettings& points,
                                         const PreProcessingMetadata& metadata);

}  // namespace replayrt::models
