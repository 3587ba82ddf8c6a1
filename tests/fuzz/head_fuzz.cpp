// What networks give out: whatever the shape and the numbers are, boxes lie within the image, are
// what was asked for, masks have as many pixels as it, objects as many key points as their class,
// or the output is refused by name. The first bytes choose the layout, the shape and the settings;
// the others are the numbers, NaN and infinity among them.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "models/postprocess/classify.hpp"
#include "models/postprocess/decode.hpp"
#include "models/postprocess/key_points.hpp"
#include "models/postprocess/maps.hpp"
#include "models/postprocess/masks.hpp"
#include "replayrt/core/error.hpp"

namespace {

using namespace replayrt;
using namespace replayrt::models;

constexpr ImageSize kImage{48, 64};
constexpr std::int64_t kMostElements = 4096;
constexpr std::uint8_t kLayouts = 13;

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

/// Gives out the input byte by byte, zeros at its end.
class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}

  std::uint8_t next() {
    if (size_ == 0) {
      return 0;
    }
    --size_;
    return *data_++;
  }
  float number() {
    // A byte says whether a small number or any bit pattern follows.
    if (next() % 4 != 0) {
      return static_cast<float>(next()) / 255.0F * (next() % 3 == 0 ? 100.0F : 1.0F);
    }
    std::array<std::uint8_t, sizeof(float)> bits{};
    for (std::uint8_t& byte : bits) {
      byte = next();
    }
    float value = 0;
    std::memcpy(&value, bits.data(), sizeof(value));
    return value;
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
};

Shape any_shape(Bytes& bytes) {
  std::vector<std::int64_t> dims;
  std::int64_t elements = 1;
  const std::size_t rank = 1 + bytes.next() % 4;
  for (std::size_t i = 0; i < rank; ++i) {
    dims.push_back(bytes.next() % 12);
    elements *= dims.back();
  }
  return elements > kMostElements ? Shape{1, 6, 6} : Shape(dims);
}

HeadOutput any_output(Bytes& bytes, const Shape& shape, const char* name) {
  const Tensor tensor = Tensor::allocate(DType::kF32, shape);
  for (float& value : tensor.as<float>()) {
    value = bytes.number();
  }
  return {tensor, name};
}

DetectionSettings any_settings(Bytes& bytes) {
  DetectionSettings settings;
  settings.threshold = bytes.next() % 2 == 0 ? Threshold(static_cast<float>(bytes.next()) / 255.0F)
                                             : Threshold({0.1F, 0.9F, 0.5F}, 0.3F);
  settings.iou_threshold = static_cast<float>(bytes.next()) / 255.0F;
  settings.max_detections = bytes.next() % 8;
  settings.class_agnostic = bytes.next() % 2 == 0;
  return settings;
}

void check(const std::vector<Candidate>& boxes, const DetectionSettings& settings,
           bool most_confident_first) {
  require(static_cast<std::int64_t>(boxes.size()) <= settings.max_detections);
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    require(has_sides(boxes[i]) && !std::isnan(boxes[i].confidence) && boxes[i].class_id >= 0);
    require(!most_confident_first || i == 0 || boxes[i - 1].confidence >= boxes[i].confidence);
  }
  PreProcessingMetadata metadata;
  metadata.original_size = kImage;
  metadata.pad_left = 3;
  metadata.scale_width = 0.5;
  for (const auto& [left, top, right, bottom] : to_detections(boxes, metadata).xyxy) {
    for (const std::int32_t x : {left, right}) {
      require(x >= 0 && x <= kImage.width);
    }
    for (const std::int32_t y : {top, bottom}) {
      require(y >= 0 && y <= kImage.height);
    }
  }
}

/// Of any picture that a small one can be, and often of none.
PreProcessingMetadata any_metadata(Bytes& bytes) {
  const auto side = [&] { return std::int64_t{bytes.next() % 24}; };
  const auto pad = [&] { return std::int64_t{bytes.next() % 24} - 12; };
  PreProcessingMetadata metadata;
  metadata.pad_left = pad();
  metadata.pad_top = pad();
  metadata.pad_right = pad();
  metadata.pad_bottom = pad();
  metadata.original_size = {side(), side()};
  metadata.size_after_pre_processing =
      bytes.next() % 2 == 0 ? metadata.original_size : ImageSize{side(), side()};
  metadata.inference_size = {side(), side()};
  metadata.static_crop_offset.offset_x = bytes.next() % 4;
  metadata.static_crop_offset.offset_y = bytes.next() % 4;
  return metadata;
}

void check_segments(const SemanticSegmentationResult& found) {
  const auto pixels = static_cast<std::size_t>(found.size.height * found.size.width);
  require(found.segmentation_map.size() == pixels && found.confidence.size() == pixels);
  require(std::ranges::all_of(found.confidence, [](float value) { return value >= 0; }));
  require(std::ranges::all_of(found.segmentation_map, [](std::int64_t id) { return id >= 0; }));
}

/// Rows with as many coefficients as there are prototypes.
void check_masks(const HeadOutput& rows, const HeadOutput& prototypes, Bytes& bytes,
                 const DetectionSettings& settings) {
  const PrototypeAxis axis = bytes.next() % 2 == 0 ? PrototypeAxis::kFirst : PrototypeAxis::kLast;
  const std::int64_t count = prototype_count(prototypes, axis);
  const auto boxes = decode_objectness(rows, 0, settings, count);
  PreProcessingMetadata metadata;
  metadata.original_size = kImage;
  metadata.size_after_pre_processing = kImage;
  metadata.inference_size = {64, 64};
  metadata.pad_top = bytes.next() % 64;
  metadata.pad_left = bytes.next() % 16 - 8;
  const MaskSettings masks{.smooth = bytes.next() % 2 == 0,
                           .threshold = bytes.number(),
                           .resolution_factor = static_cast<double>(bytes.next()) / 255.0,
                           .reference_compatible = bytes.next() % 2 == 0};
  const auto columns = static_cast<std::size_t>(rows.shape()[2]);
  const Coefficients last{&rows, columns - static_cast<std::size_t>(count), columns, 1};
  const InstanceDetections found =
      with_mixed_masks(boxes, last, prototypes, axis, 0, metadata, masks);
  require(found.mask.size() == boxes.size());
  for (const RleMask& mask : found.mask) {
    require(RleMask::encode(mask.decode(), mask.size) == mask);
    require(masks.resolution_factor < 1 || mask.size == kImage);
  }
}

void check_key_points(const KeyPointDetections& found, const DetectionSettings& settings,
                      const KeyPointSettings& points) {
  require(static_cast<std::int64_t>(found.size()) <= settings.max_detections);
  require(found.key_points.size() == found.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto class_id = static_cast<std::size_t>(found.class_id[i]);
    const bool is_described = class_id < points.classes.size();
    require(found.key_points[i].size() ==
            (is_described ? points.classes[class_id].names.size() : 0));
    for (const KeyPoint& point : found.key_points[i]) {
      const bool is_nothing = point.x == 0 && point.y == 0 && point.confidence == 0;
      require(is_nothing || point.confidence >= points.threshold);
    }
  }
}

/// The three layouts of key points, of two classes: one with a point, one with none.
void decode_key_points(int layout, const HeadOutput& output, Bytes& bytes,
                       const DetectionSettings& settings) {
  const std::vector<KeyPointsOfClass> classes = {{.names = {"nose"}}, {}};
  const KeyPointSettings points{.classes = classes,
                                .threshold = static_cast<float>(bytes.next()) / 255.0F,
                                .at_threshold = bytes.next() % 2 == 0};
  const PreProcessingMetadata metadata = any_metadata(bytes);
  if (layout == 0) {
    const auto found = key_points_channels_first(output, 0, settings, points, metadata);
    return check_key_points(found, settings, points);
  }
  if (layout == 1) {
    const auto found = key_points_of_final_rows(output, 0, settings.threshold, AtThreshold::kPasses,
                                                settings.max_detections, points, metadata);
    return check_key_points(found, settings, points);
  }
  const HeadOutput logits = any_output(bytes, any_shape(bytes), "output1");
  const HeadOutput gaussians = any_output(bytes, any_shape(bytes), "output2");
  const auto found = key_points_of_queries({&output, &logits, &gaussians}, 0, {0, -1, 1}, settings,
                                           points, metadata);
  check_key_points(found, settings, points);
}

void decode(std::uint8_t layout, Bytes& bytes) {
  const DetectionSettings settings = any_settings(bytes);
  const Shape shape = any_shape(bytes);
  const HeadOutput output = any_output(bytes, shape, "output0");
  if (output.images() == 0) {
    return;
  }
  switch (layout % kLayouts) {
    case 0:
      return check(decode_channels_first(output, 0, settings), settings, true);
    case 1:
      return check(decode_objectness(output, 0, settings), settings, true);
    case 2:
      return check(decode_final_rows(output, 0, settings.threshold, AtThreshold::kPasses,
                                     settings.max_detections),
                   settings, false);
    case 3:
    case 4: {
      const Shape other =
          bytes.next() % 2 == 0 && shape.rank() == 3 ? shape.with_dim(2, 3) : any_shape(bytes);
      const HeadOutput second = any_output(bytes, other, "output1");
      if (layout % kLayouts == 3) {
        return check(decode_boxes_and_scores(output, second, 0, settings), settings, true);
      }
      return check(decode_queries(output, second, 0, {64, 64}, {0, -1, 1}, settings), settings,
                   true);
    }
    case 5: {
      const ClassificationPrediction found = classify(output, 0, bytes.next() % 2 == 0);
      require(found.class_id >= 0 &&
              found.class_id < static_cast<std::int64_t>(found.confidence.size()));
      return;
    }
    case 6:
      return check_segments(segment(output, 0, any_metadata(bytes), {3, 1}, settings.threshold,
                                    bytes.next() % 2 == 0));
    case 7: {
      const DepthMap found = depth_of(output, 0, any_metadata(bytes), bytes.next() % 2 == 0);
      require(static_cast<std::int64_t>(found.depth.size()) ==
              found.size.height * found.size.width);
      return;
    }
    case 8: {
      const HeadOutput prototypes = any_output(bytes, any_shape(bytes), "output1");
      return prototypes.images() == 0 ? void() : check_masks(output, prototypes, bytes, settings);
    }
    case 9:
    case 10:
    case 11:
      return decode_key_points(layout % kLayouts - 9, output, bytes, settings);
    default: {
      const auto found = classify_multi_label(output, 0, bytes.next() % 2 == 0, settings.threshold,
                                              bytes.next() % 2 == 0);
      require(std::ranges::is_sorted(found.class_ids));
      require(found.class_ids.size() <= found.confidence.size());
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, size);
  try {
    const std::uint8_t layout = bytes.next();
    decode(layout, bytes);
  } catch (const Error& error) {
    require(error.code() == ErrorCode::kCorruptedModel || error.code() == ErrorCode::kModelInput);
  }
  return 0;
}
