#include "models/postprocess/masks.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <utility>

#include "models/postprocess/mask_encoder.hpp"

namespace replayrt::models {
namespace {

/// Prototypes of one image, one plane after the other.
struct Prototypes {
  std::span<const float> values;
  std::size_t count = 0;
  ImageSize size{};
};

std::size_t axis_of(PrototypeAxis axis) {
  return axis == PrototypeAxis::kFirst ? 1 : 3;
}

std::vector<float> separated(std::span<const float> interleaved, std::size_t count) {
  const std::size_t pixels = interleaved.size() / count;
  std::vector<float> planes(interleaved.size());
  for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
    for (std::size_t k = 0; k < count; ++k) {
      planes[k * pixels + pixel] = interleaved[pixel * count + k];
    }
  }
  return planes;
}

/// The elements of the map that a box covers, from `low` to `high`.
std::pair<std::int64_t, std::int64_t> covered(float low, float high, double scale,
                                              std::int64_t extent) {
  const auto side = [&](float value) {
    const float element = std::nearbyint(value * static_cast<float>(scale));
    return static_cast<std::int64_t>(std::clamp(element, 0.0F, static_cast<float>(extent)));
  };
  const std::int64_t first = side(low);
  return {first, std::max(side(high), first)};
}

/// Mixes the masks of one image.
class Mixer {
 public:
  Mixer(const Prototypes& planes, const PreProcessingMetadata& metadata,
        const MaskSettings& settings)
      : planes_(planes), smooth_(settings.smooth) {
    constexpr double kUsualScale = 0.25;
    const ImageSize canvas = metadata.inference_size;
    const bool as_reference = settings.reference_compatible;
    scale_x_ = as_reference ? kUsualScale : ratio(planes.size.width, canvas.width);
    scale_y_ = as_reference ? kUsualScale : ratio(planes.size.height, canvas.height);
  }

  /// Within the box; valid until the next call.
  MaskPatch patch(const Candidate& box, std::span<const float> coefficients) {
    const auto [left, right] = covered(box.left, box.right, scale_x_, planes_.size.width);
    const auto [top, bottom] = covered(box.top, box.bottom, scale_y_, planes_.size.height);
    const Region region{left, top, {bottom - top, right - left}};
    const auto width = static_cast<std::size_t>(region.size.width);
    const auto height = static_cast<std::size_t>(region.size.height);
    row_.resize(width);
    values_.resize(width * height);
    for (std::size_t y = 0; y < height; ++y) {
      mix_row(static_cast<std::size_t>(left), static_cast<std::size_t>(top) + y, coefficients);
      for (std::size_t x = 0; x < width; ++x) {
        values_[x * height + y] = row_[x];
      }
    }
    if (smooth_) {
      for (float& value : values_) {
        value = 1.0F / (1.0F + std::exp(-value));
      }
    }
    return {region, values_};
  }

 private:
  static double ratio(std::int64_t map, std::int64_t canvas) {
    return static_cast<double>(map) / static_cast<double>(canvas);
  }

  void mix_row(std::size_t left, std::size_t y, std::span<const float> coefficients) {
    const auto plane_width = static_cast<std::size_t>(planes_.size.width);
    const std::size_t plane_size = planes_.values.size() / planes_.count;
    const float* from = planes_.values.data() + y * plane_width + left;
    std::ranges::fill(row_, 0.0F);
    float* const row = row_.data();
    const std::size_t width = row_.size();
    for (const float coefficient : coefficients) {
      for (std::size_t x = 0; x < width; ++x) {
        row[x] += coefficient * from[x];
      }
      from += plane_size;
    }
  }

  Prototypes planes_;
  bool smooth_;
  double scale_x_ = 0;
  double scale_y_ = 0;
  std::vector<float> row_;
  std::vector<float> values_;
};

}  // namespace

std::int64_t prototype_count(const HeadOutput& prototypes, PrototypeAxis axis) {
  const Shape& shape = prototypes.shape();
  prototypes.require(4, shape.rank() == 4 && shape[1] > 0 && shape[2] > 0 && shape[3] > 0,
                     axis == PrototypeAxis::kFirst ? "images x prototypes x rows x columns"
                                                   : "images x rows x columns x prototypes");
  return shape[axis_of(axis)];
}

InstanceDetections with_mixed_masks(const std::vector<Candidate>& boxes,
                                    const Coefficients& coefficients, const HeadOutput& prototypes,
                                    PrototypeAxis axis, std::size_t image,
                                    const PreProcessingMetadata& metadata,
                                    const MaskSettings& settings) {
  InstanceDetections found{to_detections(boxes, metadata)};
  if (boxes.empty()) {
    return found;
  }
  const auto count = static_cast<std::size_t>(prototype_count(prototypes, axis));
  const Shape& shape = prototypes.shape();
  const bool first = axis == PrototypeAxis::kFirst;
  Prototypes planes{.values = prototypes.of_image(image),
                    .count = count,
                    .size = first ? ImageSize{shape[2], shape[3]} : ImageSize{shape[1], shape[2]}};
  std::vector<float> copy;
  if (!first) {
    copy = separated(planes.values, count);
    planes.values = copy;
  }
  MaskEncoder encoder(planes.size, metadata, settings.resolution_factor);
  Mixer mixer(planes, metadata, settings);
  const std::span<const float> values = coefficients.output->of_image(image);
  std::vector<float> of_box(count);
  for (const Candidate& box : boxes) {
    const std::size_t start =
        coefficients.first + static_cast<std::size_t>(box.row) * coefficients.row_step;
    for (std::size_t k = 0; k < count; ++k) {
      of_box[k] = values[start + k * coefficients.step];
    }
    found.mask.push_back(encoder.encode(mixer.patch(box, of_box), settings.threshold));
  }
  return found;
}

InstanceDetections with_given_masks(const std::vector<Candidate>& boxes, const HeadOutput& masks,
                                    std::int64_t rows, std::size_t image,
                                    const PreProcessingMetadata& metadata,
                                    const MaskSettings& settings) {
  const Shape& shape = masks.shape();
  masks.require(4, shape.rank() == 4 && shape[1] == rows && shape[2] > 0 && shape[3] > 0,
                "images x " + std::to_string(rows) + " x rows x columns, a mask for each box");
  InstanceDetections found{to_detections(boxes, metadata)};
  const ImageSize size{shape[2], shape[3]};
  const auto height = static_cast<std::size_t>(size.height);
  const auto width = static_cast<std::size_t>(size.width);
  MaskEncoder encoder(size, metadata, settings.resolution_factor);
  const std::span<const float> values = masks.of_image(image);
  std::vector<float> columns(height * width);
  for (const Candidate& box : boxes) {
    const std::span<const float> mask =
        values.subspan(static_cast<std::size_t>(box.row) * columns.size(), columns.size());
    for (std::size_t y = 0; y < height; ++y) {
      for (std::size_t x = 0; x < width; ++x) {
        columns[x * height + y] = mask[y * width + x];
      }
    }
    found.mask.push_back(encoder.encode({{0, 0, size}, columns}, settings.threshold));
  }
  return found;
}

}  // namespace replayrt::models
