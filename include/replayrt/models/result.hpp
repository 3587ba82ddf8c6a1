#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "replayrt/models/image.hpp"

namespace replayrt {

/// One detected object, as `Detections` gives it out.
struct Detection {
  std::array<std::int32_t, 4> xyxy{};
  std::int32_t class_id = 0;
  float confidence = 0;
};

/// What object detection found in one image; element k of each list is of object k. Field names and
/// dtypes are the reference's.
struct Detections {
  /// Left, top, right, bottom in pixels of the image that was given, within it, edges inclusive.
  std::vector<std::array<std::int32_t, 4>> xyxy{};
  std::vector<std::int32_t> class_id{};
  std::vector<float> confidence{};
  /// Of text: the corners of each region, clockwise from the top left one, (x, y) in pixels of the
  /// image that was given; the box in `xyxy` is around them. Empty for families that find boxes.
  std::vector<std::array<std::array<std::int32_t, 2>, 4>> polygon{};

  [[nodiscard]] std::size_t size() const noexcept { return xyxy.size(); }
  [[nodiscard]] bool empty() const noexcept { return xyxy.empty(); }
  [[nodiscard]] Detection operator[](std::size_t index) const {
    return {xyxy[index], class_id[index], confidence[index]};
  }
  /// Area of each box in square pixels: width times height, without a pixel more for the edge.
  [[nodiscard]] std::vector<std::int64_t> box_area() const;
};

/// A mask of one image as COCO writes it: lengths of runs, column by column from the left, each
/// from top to bottom; the first run is of zeros and may be empty.
struct RleMask {
  ImageSize size{};
  std::vector<std::uint32_t> counts{};

  /// Of a dense mask, row by row, every element that is not 0 set. Throws Error(kInvalidParameter)
  /// unless there is one element per pixel.
  static RleMask encode(std::span<const std::uint8_t> mask, ImageSize size);
  /// The inverse: 0 or 1 per pixel, row by row. Throws Error(kInvalidParameter) if the runs do not
  /// add up to the size.
  [[nodiscard]] std::vector<std::uint8_t> decode() const;
  /// COCO's compressed text of the counts (`rleToString` of its maskApi.c), as pycocotools reads
  /// it.
  [[nodiscard]] std::string compressed_counts() const;
  /// Number of pixels that are set.
  [[nodiscard]] std::int64_t area() const noexcept;

  friend bool operator==(const RleMask&, const RleMask&) = default;
};

/// Detections with one mask each, of the size of the image.
struct InstanceDetections : Detections {
  std::vector<RleMask> mask{};
};

/// A key point: pixels of the image, which those of YOLO may lie outside of, and its confidence.
/// All three are 0 for a point that was not found.
struct KeyPoint {
  std::int32_t x = 0;
  std::int32_t y = 0;
  float confidence = 0;
};

/// How far a key point may be from where it is said to be: the covariance of a normal distribution,
/// {{xx, xy}, {xy, yy}}, in square pixels of the image that was given.
using Covariance = std::array<std::array<float, 2>, 2>;

/// Detections with the key points of each, as many as its class has.
struct KeyPointDetections : Detections {
  std::vector<std::vector<KeyPoint>> key_points{};
  /// Of RF-DETR, one for each of `key_points`; all four are NaN for a point that was not found, or
  /// whose covariance f32 cannot hold. Families that do not tell it have none.
  std::optional<std::vector<std::vector<Covariance>>> covariance{};
};

/// One class per image.
struct ClassificationPrediction {
  std::int64_t class_id = 0;
  std::vector<float> confidence{};  ///< One per class.
};

/// Any number of classes per image.
struct MultiLabelClassificationPrediction {
  std::vector<std::int64_t> class_ids{};  ///< Ascending.
  std::vector<float> confidence{};        ///< One per class.
};

/// A class per pixel, row by row, of the size of the image: "background", 0 if unsure or unseen.
struct SemanticSegmentationResult {
  ImageSize size{};
  std::vector<std::int64_t> segmentation_map{};
  std::vector<float> confidence{};
};

/// A depth per pixel of the image, row by row, in the model's own unit; 0 where it has seen none.
struct DepthMap {
  ImageSize size{};
  std::vector<float> depth{};
};

/// Text that was read, and how sure the model is of it, 0 to 1.
struct TextResult {
  std::string text{};
  float confidence = 0;
};

/// What a model says of one image.
using Prediction = std::variant<Detections, InstanceDetections, KeyPointDetections,
                                ClassificationPrediction, MultiLabelClassificationPrediction,
                                SemanticSegmentationResult, DepthMap, TextResult>;

/// The boxes of a prediction; null if it has none.
const Detections* detections_of(const Prediction& prediction) noexcept;

/// What `to_json` says beside the prediction itself.
struct JsonContext {
  std::string image{};  ///< What the image is called.
  ImageSize size{};     ///< Of the image that was given.
  std::span<const std::string> class_names{};
  /// Where the caller has put a segmentation map (PNG) or a depth map (.npy).
  std::string map_path{};
};

/// One line of JSON without its line end:
/// `{"image": "a.jpg", "size": [h, w], "detections": [{"xyxy": [x1, y1, x2, y2], "class_id": 0,
/// "class_name": "person", "confidence": 0.9, "polygon": [[x, y], ...], "mask": {"size": [h, w],
/// "counts": [...]}, "keypoints": [[x, y, confidence], ...], "covariance": [[[xx, xy], [xy, yy]],
/// null, ...]}]}` ("polygon", "mask", "keypoints" and "covariance" where there are such; null for a
/// covariance that is not known), or in place of "detections":
/// `"classification": {"class_id": 0, "class_name": "cat", "confidence": [...]}` (several labels:
/// "class_ids" and "class_names"), `"segmentation": {"size": [h, w], "map": path}`,
/// `"depth": {"size": [h, w], "map": path}`, `"text": {"text": "...", "confidence": 0.9}`.
/// A class without a name is `null`; floats have the fewest digits that give the same f32. Names
/// that are no UTF-8 have their wrong bytes replaced by U+FFFD. Thread-safe.
std::string to_json(const Prediction& prediction, const JsonContext& context);

}  // namespace replayrt
