#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "auto/model_state.hpp"
#include "fakes/image_engine.hpp"

namespace replayrt::detail {

inline TensorSpec spec(std::string name, DType dtype, std::vector<DimensionRange> dims) {
  return {.name = std::move(name), .dtype = dtype, .dims = std::move(dims)};
}

inline DimensionRange fixed(std::int64_t extent) {
  return DimensionRange::fixed(extent);
}
inline const DimensionRange kAny{1, 64, {}};

inline constexpr std::int64_t kSide = 8;

/// An input that takes pictures of kSide x kSide.
inline TensorSpec pictures_spec() {
  return spec("images", DType::kF32, {kAny, fixed(3), fixed(kSide), fixed(kSide)});
}

inline Image picture(std::uint8_t value) {
  Image image = Image::allocate({kSide, kSide});
  const auto pixels = image.pixels().as<std::uint8_t>();
  std::fill(pixels.begin(), pixels.end(), value);
  return image;
}

inline std::vector<Prediction> predict(const ModelState& state, std::span<const ImageView> images,
                                       const PredictOptions& options = {}) {
  const PreProcessedImages batch = state.pre_process(images, options);
  return state.post_process(state.forward(batch, options), batch.metadata, options);
}

/// A model of `package` on a network that `engine` stands for.
inline ModelState state_of(ModelPackage package, fakes::ImageEngineOptions engine,
                           std::shared_ptr<GraphCache> cache = nullptr,
                           const AutoModelOptions& options = {}) {
  const models::Family& family =
      *models::find_family(package.model_config.model_architecture, package.model_config.task_type);
  NetworkInput network = models::network_input_for(package, family);
  return {std::move(package),
          family,
          std::move(network),
          false,
          fakes::make_image_engine(std::move(engine)),
          std::move(cache),
          options};
}

}  // namespace replayrt::detail
