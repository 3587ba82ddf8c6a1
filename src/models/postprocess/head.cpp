#include "models/postprocess/head.hpp"

#include <utility>

#include "models/element_type.hpp"
#include "replayrt/core/error.hpp"

namespace replayrt::models {

HeadOutput::HeadOutput(const Tensor& tensor, std::string name) : name_(std::move(name)) {
  if (tensor.device().type != DeviceType::kCpu) {
    throw Error(ErrorCode::kModelInput, "output '" + name_ + "' lies on " +
                                            tensor.device().to_string() +
                                            ": post-processing needs it in host memory");
  }
  if (tensor.shape().rank() == 0) {
    throw Error(ErrorCode::kCorruptedModel,
                "output '" + name_ + "' is a scalar: expected one row per image");
  }
  tensor_ = as_f32(tensor, name_);
}

std::span<const float> HeadOutput::of_image(std::size_t image) const {
  const auto values = std::span<const float>(tensor_.as<float>());
  const std::size_t size = values.size() / static_cast<std::size_t>(images());
  return values.subspan(image * size, size);
}

void HeadOutput::require(std::size_t rank, bool fits, const std::string& expected) const {
  if (shape().rank() != rank || !fits) {
    throw Error(ErrorCode::kCorruptedModel, "output '" + name_ + "' has shape " +
                                                shape().to_string() + ": expected " + expected);
  }
}

}  // namespace replayrt::models
