#include "models/postprocess/key_points.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

namespace replayrt::models {
namespace {

constexpr std::size_t kBoxSides = 4;
constexpr std::size_t kPerPoint = 3;  // x, y, confidence.

/// A key point on the canvas, in pixels.
struct CanvasPoint {
  float x;
  float y;
  float confidence;
};

enum class Outside : std::uint8_t { kStays, kIsCut };

/// Where a point lies in the image that was given.
std::int32_t coordinate(float value, const WayBack& back, Outside outside) {
  constexpr float kFarthest = 2147483520.0F;  // The largest f32 that an i32 holds.
  const bool cut = outside == Outside::kIsCut;
  const float least = cut ? 0.0F : -kFarthest;
  const float most = cut ? back.end : kFarthest;
  return static_cast<std::int32_t>(std::nearbyint(std::clamp(back(value), least, most)));
}

/// `point_at(box, place)` is a point of one of `boxes`, whose sides are numbers.
template <class PointAt>
KeyPointDetections with_key_points(const std::vector<Candidate>& boxes,
                                   const KeyPointSettings& settings, Outside outside,
                                   const PreProcessingMetadata& metadata, const PointAt& point_at) {
  const WayBack x = way_back_x(metadata);
  const WayBack y = way_back_y(metadata);
  KeyPointDetections found{to_detections(boxes, metadata), {}, {}};
  found.key_points.reserve(boxes.size());
  for (const Candidate& box : boxes) {
    const auto class_id = static_cast<std::size_t>(box.class_id);
    const std::size_t count =
        class_id < settings.classes.size() ? settings.classes[class_id].names.size() : 0;
    std::vector<KeyPoint> points(count);
    for (std::size_t place = 0; place < count; ++place) {
      const CanvasPoint point = point_at(box, place);
      const bool passes = point.confidence > settings.threshold ||
                          (settings.at_threshold && point.confidence == settings.threshold);
      if (passes && !std::isnan(point.x) && !std::isnan(point.y)) {
        points[place] = {coordinate(point.x, x, outside), coordinate(point.y, y, outside),
                         point.confidence};
      }
    }
    found.key_points.push_back(std::move(points));
  }
  return found;
}

float sigmoid(float logit) {
  return 1.0F / (1.0F + std::exp(-logit));
}

/// log(sum of exp(value)) without overflow.
class LogSum {
 public:
  void add(float value) {
    if (value > largest_) {
      sum_ = sum_ * std::exp(largest_ - value) + 1.0F;
      largest_ = value;
    } else {
      sum_ += std::exp(value - largest_);
    }
  }
  [[nodiscard]] float value() const { return largest_ + std::log(sum_); }

 private:
  float largest_ = -std::numeric_limits<float>::infinity();
  float sum_ = 0;
};

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr Covariance kUnknown = {{{kNan, kNan}, {kNan, kNan}}};

/// What RF-DETR says of one point.
struct Gaussian {
  static constexpr std::int64_t kLeastNumbers = 7;

  float x;
  float y;
  float findable;  ///< A logit.
  float log_l11;
  float l21;
  float log_l22;

  static Gaussian read(const float* at) { return {at[0], at[1], at[2], at[4], at[5], at[6]}; }

  /// Logarithm of the trace of the covariance, which is 1/l11^2 + 1/l22^2 + (l21 / (l11 l22))^2.
  [[nodiscard]] float log_trace() const {
    constexpr float kLeast = 1e-12F;
    LogSum sum;
    sum.add(-2.0F * log_l11);
    sum.add(-2.0F * log_l22);
    sum.add(2.0F * (std::log(std::max(std::abs(l21), kLeast)) - log_l11 - log_l22));
    return sum.value();
  }

  /// In pixels, of a canvas that is this wide and high; NaN if it is beyond f32.
  [[nodiscard]] Covariance covariance(float width, float height) const {
    // (L L^T)^-1 without its determinant, which leaves f32 before the quotient does.
    const float inverse_l22 = std::exp(-log_l22);
    const float of_x = width * std::exp(-log_l11);
    const float of_y = height * inverse_l22;
    const float skew = -of_x * l21 * inverse_l22;
    const float xx = of_x * of_x + skew * skew;
    const float xy = skew * of_y;
    const float yy = of_y * of_y;
    const auto finite = [](auto... values) { return (std::isfinite(values) && ...); };
    return finite(log_l11, log_l22, xx, xy, yy) ? Covariance{{{xx, xy}, {xy, yy}}} : kUnknown;
  }
};

/// The confidence of a query as an object of one class, whose score is `score`.
float fused_score(float score, const float* points, std::size_t places, std::size_t numbers) {
  constexpr float kExponent = -0.2F;
  constexpr float kLeast = 1e-12F;
  LogSum weighted;
  LogSum weights;
  for (std::size_t place = 0; place < places; ++place) {
    const Gaussian point = Gaussian::read(points + place * numbers);
    const float log_weight = std::log(std::max(sigmoid(point.findable), kLeast));
    weighted.add(point.log_trace() + log_weight);
    weights.add(log_weight);
  }
  // Without a place nothing is known of how well the object was located.
  const float sharpness =
      places == 0 ? 1.0F : std::exp(kExponent * (weighted.value() - weights.value()));
  const float raised = score * sharpness;
  return raised / (1.0F + raised);
}

}  // namespace

std::size_t key_point_places(std::span<const KeyPointsOfClass> classes) noexcept {
  std::size_t most = 0;
  for (const KeyPointsOfClass& of_class : classes) {
    most = std::max(most, of_class.names.size());
  }
  return most;
}

KeyPointDetections key_points_channels_first(const HeadOutput& output, std::size_t image,
                                             const DetectionSettings& settings,
                                             const KeyPointSettings& points,
                                             const PreProcessingMetadata& metadata) {
  const std::size_t classes = points.classes.size();
  const std::size_t places = key_point_places(points.classes);
  const std::size_t before = kBoxSides + classes;
  const Shape& shape = output.shape();
  output.require(
      3, shape.rank() == 3 && shape[1] == static_cast<std::int64_t>(before + kPerPoint * places),
      "images x (4 + " + std::to_string(classes) + " classes + 3 x " + std::to_string(places) +
          " key points) x rows");
  const auto boxes =
      decode_channels_first(output, image, settings, static_cast<std::int64_t>(kPerPoint * places));
  const auto rows = static_cast<std::size_t>(shape[2]);
  const float* const values = output.of_image(image).data();
  return with_key_points(boxes, points, Outside::kStays, metadata,
                         [&](const Candidate& box, std::size_t place) -> CanvasPoint {
                           const float* const at = values + (before + kPerPoint * place) * rows +
                                                   static_cast<std::size_t>(box.row);
                           return {at[0], at[rows], at[2 * rows]};
                         });
}

KeyPointDetections key_points_of_final_rows(const HeadOutput& output, std::size_t image,
                                            const Threshold& threshold, AtThreshold at_threshold,
                                            std::int64_t max_detections,
                                            const KeyPointSettings& points,
                                            const PreProcessingMetadata& metadata) {
  constexpr std::size_t kBefore = kBoxSides + 2;
  const std::size_t columns = kBefore + kPerPoint * key_point_places(points.classes);
  const auto boxes = decode_final_rows(output, image, threshold, at_threshold, max_detections,
                                       static_cast<std::int64_t>(columns - kBefore));
  const float* const values = output.of_image(image).data();
  return with_key_points(boxes, points, Outside::kStays, metadata,
                         [&](const Candidate& box, std::size_t place) -> CanvasPoint {
                           const float* const at = values +
                                                   static_cast<std::size_t>(box.row) * columns +
                                                   kBefore + kPerPoint * place;
                           return {at[0], at[1], at[2]};
                         });
}

KeyPointDetections key_points_of_queries(const std::array<const HeadOutput*, 3>& outputs,
                                         std::size_t image, const ClassMap& classes,
                                         const DetectionSettings& settings,
                                         const KeyPointSettings& points,
                                         const PreProcessingMetadata& metadata) {
  const auto& [boxes, logits, gaussians] = outputs;
  const Shape& of_boxes = boxes->shape();
  const Shape& of_logits = logits->shape();
  const Shape& of_points = gaussians->shape();
  boxes->require(3, of_boxes.rank() == 3 && of_boxes[2] == std::int64_t{kBoxSides},
                 "images x queries x 4");
  logits->require(3,
                  of_logits.rank() == 3 && of_logits[0] == of_boxes[0] &&
                      of_logits[1] == of_boxes[1] && of_logits[2] > 0,
                  "images x queries x classes, of as many images and queries as output '" +
                      boxes->name() + "', " + of_boxes.to_string());
  const std::int64_t columns = of_logits[2];
  const auto needed = static_cast<std::int64_t>(key_point_places(points.classes));
  gaussians->require(
      4,
      of_points.rank() == 4 && of_points[0] == of_boxes[0] && of_points[1] == of_boxes[1] &&
          of_points[2] % columns == 0 && of_points[2] / columns >= needed &&
          of_points[3] >= Gaussian::kLeastNumbers,
      "images x queries x (" + std::to_string(columns) + " classes x at least " +
          std::to_string(needed) + " key points) x at least " +
          std::to_string(Gaussian::kLeastNumbers) + ", of as many images and queries as output '" +
          boxes->name() + "', " + of_boxes.to_string());
  const auto places = static_cast<std::size_t>(of_points[2] / columns);
  const auto numbers = static_cast<std::size_t>(of_points[3]);
  const float* const sides = boxes->of_image(image).data();
  const float* const all_points = gaussians->of_image(image).data();
  const std::span<const float> scores = logits->of_image(image);

  const ImageSize canvas = metadata.nonsquare_intermediate_size.value_or(metadata.inference_size);
  const auto width = static_cast<float>(canvas.width);
  const auto height = static_cast<float>(canvas.height);
  std::vector<Candidate> found;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const std::size_t column = i % static_cast<std::size_t>(columns);
    const std::int32_t class_id = column < classes.size() ? classes[column] : -1;
    if (class_id < 0) {
      continue;
    }
    const float confidence =
        fused_score(sigmoid(scores[i]), all_points + i * places * numbers, places, numbers);
    const float* const at = sides + i / static_cast<std::size_t>(columns) * kBoxSides;
    Candidate box = on_canvas(from_center(at[0], at[1], at[2], at[3]), canvas);
    box.confidence = confidence;
    box.class_id = class_id;
    box.row = static_cast<std::int64_t>(i);
    if (settings.threshold.passes(confidence, class_id, false) && has_sides(box)) {
      found.push_back(box);
    }
  }
  std::ranges::stable_sort(found, std::ranges::greater{}, &Candidate::confidence);
  if (static_cast<std::int64_t>(found.size()) > settings.max_detections) {
    found.resize(static_cast<std::size_t>(settings.max_detections));
  }
  const auto gaussian = [&](const Candidate& box, std::size_t place) {
    return Gaussian::read(all_points +
                          (static_cast<std::size_t>(box.row) * places + place) * numbers);
  };
  KeyPointDetections objects =
      with_key_points(found, points, Outside::kIsCut, metadata,
                      [&](const Candidate& box, std::size_t place) -> CanvasPoint {
                        const Gaussian point = gaussian(box, place);
                        return {point.x * width, point.y * height, sigmoid(point.findable)};
                      });
  const float pixels_wide = width / way_back_x(metadata).scale;
  const float pixels_high = height / way_back_y(metadata).scale;
  objects.covariance.emplace();
  for (std::size_t i = 0; i < found.size(); ++i) {
    std::vector<Covariance>& of_object =
        objects.covariance->emplace_back(objects.key_points[i].size(), kUnknown);
    for (std::size_t place = 0; place < of_object.size(); ++place) {
      if (objects.key_points[i][place].confidence > 0) {
        of_object[place] = gaussian(found[i], place).covariance(pixels_wide, pixels_high);
      }
    }
  }
  return objects;
}

}  // namespace replayrt::models
