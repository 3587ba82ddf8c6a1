#include "predict_params.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "error.hpp"
#include "text.hpp"

namespace replayrt::cli {
namespace {

constexpr std::int64_t kLargestSide = 65536;

UsageError value_error(std::string_view name, std::string_view expected, std::string_view value) {
  return UsageError(
      fmt::format("--param {}: expected {}, got {}", name, expected, in_quotes(value)));
}

/// A finite number; none for any other text.
std::optional<double> real(std::string_view value) {
  double number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  const bool whole = !value.empty() && error == std::errc() && end == value.data() + value.size();
  return whole && std::isfinite(number) ? std::optional(number) : std::nullopt;
}

/// A number from 0 to 1; none for any other text.
std::optional<double> fraction(std::string_view value) {
  const std::optional<double> number = real(value);
  return number && *number >= 0 && *number <= 1 ? number : std::nullopt;
}

void read_confidence(std::string_view name, std::string_view value, PredictOptions& options) {
  if (value == "default") {
    options.confidence = Confidence();
  } else if (value == "best") {
    options.confidence = Confidence::best();
  } else if (const std::optional<double> number = fraction(value)) {
    options.confidence = Confidence(*number);
  } else {
    throw value_error(name, "a number from 0 to 1, default or best", value);
  }
}

void read_iou_threshold(std::string_view name, std::string_view value, PredictOptions& options) {
  options.iou_threshold = fraction(value);
  if (!options.iou_threshold) {
    throw value_error(name, "a number from 0 to 1", value);
  }
}

void read_max_detections(std::string_view name, std::string_view value, PredictOptions& options) {
  options.max_detections = parse_whole_number(fmt::format("--param {}", name), value, 0,
                                              std::numeric_limits<std::int64_t>::max());
}

void read_key_points_threshold(std::string_view name, std::string_view value,
                               PredictOptions& options) {
  options.key_points_threshold = fraction(value);
  if (!options.key_points_threshold) {
    throw value_error(name, "a number from 0 to 1", value);
  }
}

bool read_bool(std::string_view name, std::string_view value) {
  if (value == "true" || value == "1") {
    return true;
  }
  if (value == "false" || value == "0") {
    return false;
  }
  throw value_error(name, "true, false, 1 or 0", value);
}

void read_class_agnostic_nms(std::string_view name, std::string_view value,
                             PredictOptions& options) {
  options.class_agnostic_nms = read_bool(name, value);
}

void read_masks_smoothing_enabled(std::string_view name, std::string_view value,
                                  PredictOptions& options) {
  options.masks_smoothing_enabled = read_bool(name, value);
}

void read_masks_binarization_threshold(std::string_view name, std::string_view value,
                                       PredictOptions& options) {
  options.masks_binarization_threshold = real(value);
  if (!options.masks_binarization_threshold) {
    throw value_error(name, "a number", value);
  }
}

void read_masks_resolution_factor(std::string_view name, std::string_view value,
                                  PredictOptions& options) {
  options.masks_resolution_factor = fraction(value);
  if (!options.masks_resolution_factor) {
    throw value_error(name, "a number from 0 to 1", value);
  }
}

void refuse_mask_format(std::string_view name, std::string_view value, PredictOptions& /*unused*/) {
  throw UsageError(
      fmt::format("--param {}: does not apply, masks are always lengths of runs; got {}", name,
                  in_quotes(value)));
}

void read_image_size(std::string_view name, std::string_view value, PredictOptions& options) {
  const std::vector<std::string_view> sides = split(value, 'x');
  if (sides.size() > 2) {
    throw value_error(name, "N or HEIGHTxWIDTH", value);
  }
  const std::string what = fmt::format("--param {}", name);
  const std::int64_t height = parse_whole_number(what, sides.front(), 1, kLargestSide);
  options.image_size = ImageSize{height, parse_whole_number(what, sides.back(), 1, kLargestSide)};
}

void read_disable_cuda_graphs(std::string_view name, std::string_view value,
                              PredictOptions& options) {
  options.disable_cuda_graphs = read_bool(name, value);
}

template <bool PreProcessingOverrides::*Step>
void read_override(std::string_view name, std::string_view value, PredictOptions& options) {
  options.pre_processing_overrides.*Step = read_bool(name, value);
}

void refuse_color_format(std::string_view name, std::string_view value,
                         PredictOptions& /*unused*/) {
  throw UsageError(
      fmt::format("--param {}: does not apply to files, which are read as bgr whatever they hold; "
                  "got {}",
                  name, in_quotes(value)));
}

using Reader = void (*)(std::string_view, std::string_view, PredictOptions&);

struct Param {
  std::string_view name;
  std::string_view takes;  // Empty: is refused whatever the model.
  Reader read;
};

constexpr std::array<Param, 15> kParams = {{
    {"confidence", "0 to 1, default or best", read_confidence},
    {"iou_threshold", "0 to 1", read_iou_threshold},
    {"max_detections", "N", read_max_detections},
    {"class_agnostic_nms", "true or false", read_class_agnostic_nms},
    {"image_size", "N or HxW", read_image_size},
    {"disable_cuda_graphs", "true or false", read_disable_cuda_graphs},
    {"disable_contrast_enhancement", "true or false",
     read_override<&PreProcessingOverrides::disable_contrast_enhancement>},
    {"disable_grayscale", "true or false",
     read_override<&PreProcessingOverrides::disable_grayscale>},
    {"disable_static_crop", "true or false",
     read_override<&PreProcessingOverrides::disable_static_crop>},
    {"input_color_format", "", refuse_color_format},
    {"key_points_threshold", "0 to 1", read_key_points_threshold},
    {"mask_format", "", refuse_mask_format},
    {"masks_binarization_threshold", "a number", read_masks_binarization_threshold},
    {"masks_resolution_factor", "0 to 1", read_masks_resolution_factor},
    {"masks_smoothing_enabled", "true or false", read_masks_smoothing_enabled},
}};

/// The names of those that some model takes.
std::vector<std::string> names() {
  std::vector<std::string> list;
  for (const Param& param : kParams) {
    if (!param.takes.empty()) {
      list.emplace_back(param.name);
    }
  }
  return list;
}

}  // namespace

void parse_param(std::string_view text, PredictParams& params) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) {
    throw UsageError(fmt::format("--param: expected NAME=VALUE, got {}", in_quotes(text)));
  }
  const std::string_view name = text.substr(0, equals);
  const auto* const found = std::ranges::find(kParams, name, &Param::name);
  if (found == kParams.end()) {
    throw UsageError(fmt::format("--param: unknown parameter {}, expected one of {}",
                                 in_quotes(name), join(names(), ", ")));
  }
  if (std::ranges::find(params.given, name) != params.given.end()) {
    throw UsageError(fmt::format("--param {}: is given twice", name));
  }
  found->read(name, text.substr(equals + 1), params.options);
  params.given.emplace_back(name);
}

std::string params_help() {
  std::string text;
  for (const Param& param : kParams) {
    if (!param.takes.empty()) {
      text += fmt::format("  {:<28}  {}\n", param.name, param.takes);
    }
  }
  return text;
}

}  // namespace replayrt::cli
