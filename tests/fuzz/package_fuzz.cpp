// Files of model packages: whatever the bytes are, they are read or there is a problem, and what is
// read without an error keeps the promises that the models rely on. The first byte chooses the
// file.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "models/package/class_names.hpp"
#include "models/package/inference_config.hpp"
#include "models/package/inference_yml.hpp"
#include "models/package/key_points.hpp"
#include "models/package/manifest.hpp"
#include "models/package/model_config.hpp"
#include "models/package/trt_config.hpp"
#include "models/package/version.hpp"

namespace {

using namespace replayrt;

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

bool usable(const std::vector<PackageProblem>& problems) {
  ModelPackage package;
  package.problems = problems;
  require(problems.size() <= 110);
  for (const PackageProblem& problem : problems) {
    const std::string text = problem.text();
    require(!problem.message.empty() && !problem.file.empty());
    require(text.size() < 4096 && text.find_first_of("\n\r\x1b") == std::string::npos);
  }
  return package.usable();
}

void check_inference_config(std::string_view text) {
  std::vector<PackageProblem> problems;
  const InferenceConfig config = models::parse_inference_config(text, problems);
  const NetworkInput& input = config.network_input;
  const std::int64_t most = models::kMostSide;
  require(input.training_input_size.height >= 0 && input.training_input_size.height <= most);
  require(input.training_input_size.width >= 0 && input.training_input_size.width <= most);
  require(!input.scaling_factor ||
          (*input.scaling_factor != 0 && std::isfinite(*input.scaling_factor)));
  if (const auto& crop = config.image_pre_processing.static_crop) {
    require(0 <= crop->x_min && crop->x_min < crop->x_max && crop->x_max <= 100);
    require(0 <= crop->y_min && crop->y_min < crop->y_max && crop->y_max <= 100);
  }
  if (!usable(problems)) {
    return;
  }
  if (input.training_input_size == ImageSize{}) {
    require(input.dynamic_spatial_size.supported && input.dynamic_spatial_size.divisor == 1);
  }
  if (input.normalization) {
    const auto channels = static_cast<std::size_t>(input.input_channels);
    require(input.normalization->first.size() == channels);
    require(input.normalization->second.size() == channels);
    for (const double deviation : input.normalization->second) {
      require(deviation != 0);
    }
  }
}

void check_normalization(const NetworkInput& input) {
  require(input.normalization->first.size() == 3 && input.normalization->second.size() == 3);
  for (const double deviation : input.normalization->second) {
    require(deviation != 0 && std::isfinite(deviation));
  }
}

void check_text_detection(std::string_view text) {
  std::vector<PackageProblem> problems;
  NetworkInput input;
  const TextDetectionConfig config = models::parse_text_detection(text, input, problems);
  usable(problems);
  check_normalization(input);
  require(*input.multiplier != 0 && std::isfinite(*input.multiplier));
  require(config.limit_side_len >= 1 && config.limit_side_len <= models::kMostSide);
  require(config.thresh >= 0 && config.thresh <= 1);
  require(config.box_thresh >= 0 && config.box_thresh <= 1);
  require(config.unclip_ratio >= 0 && config.unclip_ratio <= 100);
  require(config.max_candidates >= 1 && config.max_candidates <= models::kMostCandidates);
}

void check_text_recognition(std::string_view text) {
  std::vector<PackageProblem> problems;
  NetworkInput input;
  const TextRecognitionConfig config = models::parse_text_recognition(text, input, problems);
  require(!usable(problems) || !config.characters.empty());
  check_normalization(input);
  require(config.line_size.height >= 1 && config.line_size.height <= models::kMostLineHeight);
  require(config.line_size.width >= 1 && config.line_size.width <= models::kMostLineWidth);
}

void check_trt_config(std::string_view text) {
  std::vector<PackageProblem> problems;
  const TrtConfig config = models::parse_trt_config(text, problems);
  if (!usable(problems)) {
    return;
  }
  if (config.static_batch_size) {
    require(*config.static_batch_size >= 1);
  } else {
    require(1 <= config.dynamic_batch_size_min.value() &&
            config.dynamic_batch_size_min.value() <= config.dynamic_batch_size_opt.value() &&
            config.dynamic_batch_size_opt.value() <= config.dynamic_batch_size_max.value());
  }
}

void check_key_points(std::string_view text) {
  std::vector<PackageProblem> problems;
  const std::vector<KeyPointsOfClass> classes = models::parse_key_points(text, {}, problems);
  if (!usable(problems)) {
    return;
  }
  require(!classes.empty());
  for (const KeyPointsOfClass& key_points : classes) {
    const auto count = static_cast<std::int64_t>(key_points.names.size());
    for (const auto& [from, to] : key_points.edges) {
      require(from >= 0 && from < count && to >= 0 && to < count);
    }
  }
}

void check_rest(std::uint8_t which, std::string_view text) {
  std::vector<PackageProblem> problems;
  if (which == 0) {
    const auto names = models::parse_class_names(text, problems);
    require(usable(problems) == !names.empty());
  } else if (which == 1) {
    const ModelConfig config = models::parse_model_config(text, problems);
    require(!usable(problems) || !config.backend_type.empty());
  } else {
    for (const models::Manifest::File& file : models::parse_manifest(text, problems).files) {
      require(file.md5.size() == 32 && file.handle.find('/') == std::string::npos);
    }
    usable(problems);
    models::is_version(text);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 'i':
      check_inference_config(text);
      break;
    case 't':
      check_trt_config(text);
      break;
    case 'k':
      check_key_points(text);
      break;
    case 'd':
      check_text_detection(text);
      break;
    case 'r':
      check_text_recognition(text);
      break;
    case 'c':
      check_rest(0, text);
      break;
    case 'm':
      check_rest(1, text);
      break;
    case 'l':
      check_rest(2, text);
      break;
    default:
      break;
  }
  return 0;
}
