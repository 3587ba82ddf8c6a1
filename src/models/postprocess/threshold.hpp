#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "replayrt/models/model_package.hpp"
#include "replayrt/models/predict_options.hpp"

namespace replayrt::models {

/// The least confidence, for all classes or for each. Compared in f32, as the reference does.
class Threshold {
 public:
  explicit Threshold(float value) : value_(value) {}
  /// Classes that are not in the list have `otherwise`.
  Threshold(std::vector<float> of_class, float otherwise)
      : value_(otherwise), of_class_(std::move(of_class)) {}

  /// `inclusive`: what equals the threshold passes, too. NaN never does.
  [[nodiscard]] bool passes(float confidence, std::int64_t class_id,
                            bool inclusive) const noexcept {
    const float least = of(class_id);
    return confidence > least || (inclusive && confidence == least);
  }
  [[nodiscard]] float of(std::int64_t class_id) const noexcept {
    const auto position = static_cast<std::uint64_t>(class_id);
    return position < of_class_.size() ? of_class_[position] : value_;
  }
  [[nodiscard]] bool is_per_class() const noexcept { return !of_class_.empty(); }
  /// The smallest one of any class.
  [[nodiscard]] float least() const noexcept;

 private:
  float value_;
  std::vector<float> of_class_;
};

/// What a call's argument, the package's recommendation and the family's default make together: a
/// number counts for all classes; `best` is what is recommended, per class if there are such
/// numbers and one for all others; the default is the family's. Throws Error(kInvalidParameter)
/// unless a number is 0 to 1.
Threshold resolve_confidence(const Confidence& confidence, const RecommendedParameters& recommended,
                             double family_default, std::span<const std::string> class_names);

}  // namespace replayrt::models
