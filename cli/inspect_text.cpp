#include "inspect_text.hpp"

#include <fmt/format.h>

namespace replayrt::cli {
namespace {

using Limit = TextDetectionConfig::LimitType;

std::string text_detection_text(const TextDetectionConfig& config) {
  const char* const side = config.limit_type == Limit::kMin   ? "shorter side at least"
                           : config.limit_type == Limit::kMax ? "longer side at most"
                                                              : "longer side";
  return fmt::format("{} {}; pixels above {}, regions from {}, grown by {}, {} at most{}", side,
                     config.limit_side_len, config.thresh, config.box_thresh, config.unclip_ratio,
                     config.max_candidates, config.use_dilation ? ", dilated" : "");
}

std::string text_recognition_text(const TextRecognitionConfig& config) {
  return fmt::format("{} characters and a space; lines {} high, {} wide or more",
                     config.characters.size(), config.line_size.height, config.line_size.width);
}

}  // namespace

bool is_of_text(const ModelPackage& package) noexcept {
  return package.text_detection.has_value() || package.text_recognition.has_value();
}

std::string text_settings(const ModelPackage& package) {
  return package.text_recognition ? text_recognition_text(*package.text_recognition)
                                  : text_detection_text(*package.text_detection);
}

nlohmann::ordered_json text_settings_json(const ModelPackage& package) {
  if (package.text_recognition) {
    const TextRecognitionConfig& config = *package.text_recognition;
    return {{"characters", config.characters.size()},
            {"line_size", {config.line_size.height, config.line_size.width}}};
  }
  const TextDetectionConfig& config = *package.text_detection;
  return {{"limit_side_len", config.limit_side_len},
          {"limit_type", config.limit_type == Limit::kMin   ? "min"
                         : config.limit_type == Limit::kMax ? "max"
                                                            : "exactly"},
          {"thresh", config.thresh},
          {"box_thresh", config.box_thresh},
          {"unclip_ratio", config.unclip_ratio},
          {"max_candidates", config.max_candidates},
          {"use_dilation", config.use_dilation}};
}

}  // namespace replayrt::cli
