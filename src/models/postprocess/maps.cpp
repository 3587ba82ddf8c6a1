#include "models/postprocess/maps.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <opencv2/core.hpp>

#include "models/postprocess/map_frame.hpp"
#include "models/postprocess/plane_rows.hpp"

namespace replayrt::models {
namespace {

/// The class of each channel.
std::vector<std::int64_t> classes_of(std::size_t channels, const SegmentClasses& classes) {
  const bool skips_background = channels == 1 || channels + 1 == classes.count;
  std::vector<std::int64_t> ids;
  for (std::int64_t id = 0; ids.size() < channels; ++id) {
    if (!skips_background || id != classes.background) {
      ids.push_back(id);
    }
  }
  return ids;
}

/// The best channel of each pixel of a row, and its confidence; NaN where there is none.
class BestChannels {
 public:
  BestChannels(std::size_t channels, std::size_t width)
      : channels_(channels), best_(width), channel_(width), powers_(width), confidence_(width) {}

  /// `logits`: a row of each channel.
  void read(std::span<const float> logits) {
    if (channels_ == 1) {
      std::ranges::transform(logits, confidence_.begin(),
                             [](float logit) { return 1.0F / (1.0F + std::exp(-logit)); });
      return;
    }
    find_best(logits);
    soften(logits);
  }

  [[nodiscard]] std::size_t channel(std::size_t x) const {
    return static_cast<std::size_t>(channel_[x]);
  }
  [[nodiscard]] float confidence(std::size_t x) const { return confidence_[x]; }

 private:
  /// The loops run over pixels innermost: the compiler makes vector instructions of them.
  void find_best(std::span<const float> logits) {
    const std::size_t width = best_.size();
    std::copy_n(logits.begin(), width, best_.begin());
    std::ranges::fill(channel_, 0);
    for (std::size_t c = 1; c < channels_; ++c) {
      const float* const row = logits.data() + c * width;
      for (std::size_t x = 0; x < width; ++x) {
        const bool better = row[x] > best_[x];
        best_[x] = better ? row[x] : best_[x];
        channel_[x] = better ? static_cast<std::int32_t>(c) : channel_[x];
      }
    }
  }

  /// The softmax of the best channel: 1 over the sum of exp(logit - best).
  void soften(std::span<const float> logits) {
    const std::size_t width = best_.size();
    cv::Mat powers(1, static_cast<int>(width), CV_32FC1, powers_.data());
    std::ranges::fill(confidence_, 0.0F);
    for (std::size_t c = 0; c < channels_; ++c) {
      const float* const row = logits.data() + c * width;
      for (std::size_t x = 0; x < width; ++x) {
        powers_[x] = row[x] - best_[x];
      }
      cv::exp(powers, powers);
      for (std::size_t x = 0; x < width; ++x) {
        // OpenCV's power of NaN is none.
        const float difference = row[x] - best_[x];
        confidence_[x] += difference <= 0 ? powers_[x] : std::numeric_limits<float>::quiet_NaN();
      }
    }
    for (float& value : confidence_) {
      value = 1.0F / value;
    }
  }

  std::size_t channels_;
  std::vector<float> best_;
  std::vector<std::int32_t> channel_;
  std::vector<float> powers_;
  std::vector<float> confidence_;
};

std::size_t pixels_of(ImageSize size) {
  return static_cast<std::size_t>(size.height * size.width);
}

/// Where row `y` of the target starts in a map of the frame's size.
std::size_t start_of(const MapFrame& frame, std::int64_t y) {
  return static_cast<std::size_t>((frame.target.top + y) * frame.size.width + frame.target.left);
}

/// What was cut off the picture gets, as a logit: the reference's only.
float fill_of(const SegmentClasses& classes) {
  return static_cast<float>(classes.background);
}

}  // namespace

SemanticSegmentationResult segment(const HeadOutput& output, std::size_t image,
                                   const PreProcessingMetadata& metadata, SegmentClasses classes,
                                   const Threshold& threshold, bool reference_compatible) {
  const Shape& shape = output.shape();
  output.require(4, shape.rank() == 4 && shape[1] > 0 && shape[2] > 0 && shape[3] > 0,
                 "images x channels x rows x columns");
  const auto channels = static_cast<std::size_t>(shape[1]);
  const ImageSize map{shape[2], shape[3]};
  const MapFrame frame = map_frame(map, metadata, reference_compatible);
  const std::vector<std::int64_t> ids = classes_of(channels, classes);
  const auto width = static_cast<std::size_t>(frame.target.size.width);
  PlaneRows rows({output.of_image(image), channels, map}, frame.source, fill_of(classes),
                 frame.target.size);
  BestChannels best(channels, width);
  SemanticSegmentationResult result{.size = frame.size};
  result.segmentation_map.assign(pixels_of(frame.size), classes.background);
  result.confidence.assign(pixels_of(frame.size), 0.0F);
  for (std::int64_t y = 0; y < frame.target.size.height; ++y) {
    best.read(rows.next());
    const std::size_t start = start_of(frame, y);
    for (std::size_t x = 0; x < width; ++x) {
      const std::int64_t id = ids[best.channel(x)];
      if (threshold.passes(best.confidence(x), id, true)) {
        result.segmentation_map[start + x] = id;
        result.confidence[start + x] = best.confidence(x);
      }
    }
  }
  return result;
}

DepthMap depth_of(const HeadOutput& output, std::size_t image,
                  const PreProcessingMetadata& metadata, bool reference_compatible) {
  const Shape& shape = output.shape();
  const std::size_t rank = shape.rank() == 3 ? 3 : 4;
  output.require(rank,
                 shape.rank() == rank && (rank == 3 || shape[1] == 1) && shape[rank - 2] > 0 &&
                     shape[rank - 1] > 0,
                 "images x 1 x rows x columns, or images x rows x columns");
  const ImageSize map{shape[rank - 2], shape[rank - 1]};
  const MapFrame frame = map_frame(map, metadata, reference_compatible);
  PlaneRows rows({output.of_image(image), 1, map}, frame.source, 0.0F, frame.target.size);
  DepthMap result{.size = frame.size};
  result.depth.assign(pixels_of(frame.size), 0.0F);
  for (std::int64_t y = 0; y < frame.target.size.height; ++y) {
    std::ranges::copy(rows.next(),
                      result.depth.begin() + static_cast<std::ptrdiff_t>(start_of(frame, y)));
  }
  return result;
}

}  // namespace replayrt::models
