#include "models/postprocess/mask_encoder.hpp"

#include <algorithm>
#include <cmath>

#include "models/postprocess/map_frame.hpp"

namespace replayrt::models {
namespace {

/// As Python rounds: halves to the even neighbour.
std::int64_t rounded(double value) {
  return static_cast<std::int64_t>(std::nearbyint(value));
}

std::int64_t between(std::int64_t map, std::int64_t picture, double factor) {
  const double side =
      static_cast<double>(map) * (1 - factor) + static_cast<double>(picture) * factor;
  return std::max<std::int64_t>(rounded(side), 1);
}

/// A side of where a mask goes: `target` of a picture's `cropped` pixels, `offset` of `original`.
struct Side {
  std::int64_t offset = 0;
  std::int64_t canvas = 0;

  Side(std::int64_t target, std::int64_t cropped, std::int64_t crop_offset, std::int64_t original) {
    const double scale = static_cast<double>(target) / static_cast<double>(cropped);
    offset = rounded(static_cast<double>(crop_offset) * scale);
    // The two are rounded each by itself: the whole of the mask must have room.
    canvas = std::max(rounded(static_cast<double>(original) * scale), offset + target);
  }
};

}  // namespace

/// Run lengths as RleMask has them, from pieces of any length.
class MaskEncoder::Runs {
 public:
  void add(std::int64_t length, bool set) {
    if (length > 0 && set != set_) {
      counts_.push_back(run_);
      run_ = 0;
      set_ = set;
    }
    run_ += static_cast<std::uint32_t>(length);
  }

  [[nodiscard]] std::vector<std::uint32_t> take() {
    counts_.push_back(run_);
    return {counts_.begin(), counts_.end()};  // Without what it has grown by.
  }

 private:
  std::vector<std::uint32_t> counts_;
  std::uint32_t run_ = 0;
  bool set_ = false;
};

MaskEncoder::MaskEncoder(ImageSize map, const PreProcessingMetadata& metadata,
                         double resolution_factor)
    // What was cut off the picture's sides is part of the map here, where it is 0.
    : source_(map_frame(map, metadata, true).source),
      target_{.size = {between(source_.size.height, metadata.size_after_pre_processing.height,
                               resolution_factor),
                       between(source_.size.width, metadata.size_after_pre_processing.width,
                               resolution_factor)}},
      across_(source_.size.width, target_.size.width),
      down_(source_.size.height, target_.size.height),
      column_(static_cast<std::size_t>(source_.size.height)) {
  const ImageSize cropped = metadata.size_after_pre_processing;
  const auto& crop = metadata.static_crop_offset;
  const Side x(target_.size.width, cropped.width, crop.offset_x, metadata.original_size.width);
  const Side y(target_.size.height, cropped.height, crop.offset_y, metadata.original_size.height);
  target_.left = x.offset;
  target_.top = y.offset;
  canvas_ = {y.canvas, x.canvas};
  for (std::int64_t row = 0; row < target_.size.height; ++row) {
    const auto window = down_.window(row);
    const auto count = static_cast<std::int64_t>(window.weights.size());
    if (bands_.empty() || bands_.back().source != window.first || bands_.back().sources != count) {
      bands_.push_back({window.first, count, row, 0});
    }
    ++bands_.back().rows;
  }
}

RleMask MaskEncoder::encode(const MaskPatch& patch, float threshold) {
  cut(patch);
  Runs runs;
  runs.add(canvas_.height * target_.left, false);
  for (std::int64_t x = 0; x < target_.size.width; ++x) {
    runs.add(target_.top, false);
    if (make_column(x, patch)) {
      add_column(threshold, runs);
    } else {
      runs.add(target_.size.height, 0.0F > threshold);
    }
    runs.add(canvas_.height - target_.top - target_.size.height, false);
  }
  runs.add(canvas_.height * (canvas_.width - target_.left - target_.size.width), false);
  return {.size = canvas_, .counts = runs.take()};
}

/// Finds out which part of the picture is made from the patch.
void MaskEncoder::cut(const MaskPatch& patch) {
  const Region& region = patch.region;
  const std::int64_t left = std::max<std::int64_t>(region.left - source_.left, 0);
  const std::int64_t top = std::max<std::int64_t>(region.top - source_.top, 0);
  const std::int64_t right =
      std::min(region.left + region.size.width - source_.left, source_.size.width);
  const std::int64_t bottom =
      std::min(region.top + region.size.height - source_.top, source_.size.height);
  part_ = {left,
           top,
           {std::max<std::int64_t>(bottom - top, 0), std::max<std::int64_t>(right - left, 0)}};
  std::ranges::fill(column_, 0.0F);
  const auto first = std::ranges::find_if(
      bands_, [&](const Band& band) { return band.source + band.sources > top; });
  const auto last =
      std::find_if(first, bands_.end(), [&](const Band& band) { return band.source >= bottom; });
  part_bands_ =
      part_.size.height > 0 ? std::span<const Band>(first, last) : std::span<const Band>();
}

/// Fills the patch's rows of column_ with what column `x` of the picture is made from; false if the
/// patch has no part in it.
bool MaskEncoder::make_column(std::int64_t x, const MaskPatch& patch) {
  const auto window = across_.window(x);
  const std::int64_t first = std::max(window.first, part_.left);
  const std::int64_t last =
      std::min(window.first + static_cast<std::int64_t>(window.weights.size()),
               part_.left + part_.size.width);
  if (first >= last || part_bands_.empty()) {
    return false;
  }
  const auto rows = static_cast<std::size_t>(part_.size.height);
  float* const out = column_.data() + part_.top;
  const std::int64_t patch_left = patch.region.left - source_.left;
  const std::int64_t skipped = part_.top - (patch.region.top - source_.top);
  std::fill_n(out, rows, 0.0F);
  for (std::int64_t i = first; i < last; ++i) {
    const float weight = window.weights[static_cast<std::size_t>(i - window.first)];
    const float* const values =
        patch.values.data() + (i - patch_left) * patch.region.size.height + skipped;
    for (std::size_t y = 0; y < rows; ++y) {
      out[y] += weight * values[y];
    }
  }
  return true;
}

void MaskEncoder::add_column(float threshold, Runs& runs) const {
  const bool beyond = 0.0F > threshold;
  const Band& last = part_bands_.back();
  runs.add(part_bands_.front().first, beyond);
  for (const Band& band : part_bands_) {
    const bool upper = column_[static_cast<std::size_t>(band.source)] > threshold;
    const bool lower =
        column_[static_cast<std::size_t>(band.source + band.sources - 1)] > threshold;
    const std::int64_t end = band.first + band.rows;
    std::int64_t row = band.first;
    if (band.sources <= 2) {
      // From one element of the map to the next values only rise or only fall.
      while (row < end && upper != lower && is_set(row, threshold) == upper) {
        ++row;
      }
      runs.add(row - band.first, upper);
      runs.add(end - row, lower);
      continue;
    }
    for (; row < end; ++row) {
      runs.add(1, is_set(row, threshold));
    }
  }
  runs.add(target_.size.height - last.first - last.rows, beyond);
}

bool MaskEncoder::is_set(std::int64_t row, float threshold) const {
  const auto window = down_.window(row);
  const float* value = column_.data() + window.first;
  float sum = 0;
  for (const float weight : window.weights) {
    sum += weight * *value++;
  }
  return sum > threshold;
}

}  // namespace replayrt::models
