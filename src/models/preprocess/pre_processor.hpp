#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/host_block_pool.hpp"
#include "models/preprocess/canvas.hpp"
#include "models/preprocess/picture.hpp"
#include "replayrt/models/predict_options.hpp"

namespace replayrt::models {

/// How pictures are resized.
enum class Resampling : std::uint8_t {
  kOpenCv,  ///< Most families: once, by OpenCV.
  kPillow,  ///< RF-DETR: to the dataset's size by OpenCV where that keeps the ratio, then by
            ///< Pillow.
};

/// What of the pre-processing is fixed when a model is loaded.
struct PreProcessPlan {
  ImagePreProcessing steps;
  NetworkInput network;
  Resampling resampling = Resampling::kOpenCv;
  bool fused = false;  ///< The network takes u8 (n, height, width, 3).
  bool reference_compatible = false;
  /// Set: pictures are pages for a text detector, each with a size of its own.
  std::optional<TextDetectionConfig> text_page{};
  /// Set: pictures are lines of text; their size for the network, the width the least one.
  std::optional<ImageSize> text_line{};
};

/// Whether the network can do the last steps of the pre-processing on u8 pictures.
bool can_fuse(const NetworkInput& network);

/// What those steps make of each value, in the arithmetic of f32 that the reference uses.
ValueTable value_table(const NetworkInput& network, Resampling resampling);

/// Turns images into the network's batch. Immutable and thread-safe.
class PreProcessor {
 public:
  explicit PreProcessor(PreProcessPlan plan);

  /// `first` is the position of the first image in the caller's list, for messages.
  /// Throws Error: kModelInput (no images; an image that is none, by its position; images that do
  /// not become the same size; a page of text that would become too large), kModelRuntime (a
  /// network that does not take three channels), kInvalidParameter (`image_size`), kOutOfMemory.
  [[nodiscard]] PreProcessedImages operator()(std::span<const ImageView> images,
                                              const PredictOptions& options,
                                              std::size_t first = 0) const;

 private:
  struct Placed;
  [[nodiscard]] Placed placed(const ImageView& image, const PredictOptions& options,
                              const std::string& name) const;
  [[nodiscard]] std::vector<Placed> placed_lines(std::span<const ImageView> images,
                                                 const PredictOptions& options) const;
  /// Why pictures have the sizes that they have, for messages.
  [[nodiscard]] std::string size_rule() const;
  [[nodiscard]] Placed placed_in_two_steps(const Picture& picture, ImageSize wanted) const;
  [[nodiscard]] PreProcessedImages batch_of(std::span<const Placed> pictures) const;
  void put(const Placed& placed, cv::Mat& canvas) const;
  void write_u8(const Placed& placed, std::span<std::uint8_t> pixels) const;
  void write_f32(const Placed& placed, std::span<float> planes) const;

  PreProcessPlan plan_;
  ValueTable table_;
  std::array<float, 3> border_{};  ///< Of f32 planes.
  mutable HostBlockPool batches_;  ///< Thread-safe; lends the memory of batches.
};

}  // namespace replayrt::models
