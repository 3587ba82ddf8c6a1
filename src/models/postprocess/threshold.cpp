#include "models/postprocess/threshold.hpp"

#include <algorithm>

#include "replayrt/core/error.hpp"

namespace replayrt::models {

float Threshold::least() const noexcept {
  float least = value_;
  for (const float value : of_class_) {
    least = std::min(least, value);
  }
  return least;
}

Threshold resolve_confidence(const Confidence& confidence, const RecommendedParameters& recommended,
                             double family_default, std::span<const std::string> class_names) {
  if (const auto& value = confidence.threshold(); value.has_value()) {
    if (!(*value >= 0 && *value <= 1)) {
      throw Error(ErrorCode::kInvalidParameter,
                  "confidence is " + std::to_string(*value) + ": expected 0 to 1");
    }
    return Threshold(static_cast<float>(*value));
  }
  if (!confidence.is_best() || !recommended.confidence.has_value()) {
    return Threshold(static_cast<float>(family_default));
  }
  const auto otherwise = static_cast<float>(*recommended.confidence);
  if (recommended.per_class_confidence.empty()) {
    return Threshold(otherwise);
  }
  std::vector<float> of_class;
  of_class.reserve(class_names.size());
  for (const std::string& name : class_names) {
    const auto found = recommended.per_class_confidence.find(name);
    of_class.push_back(found == recommended.per_class_confidence.end()
                           ? otherwise
                           : static_cast<float>(found->second));
  }
  return {std::move(of_class), otherwise};
}

}  // namespace replayrt::models
