#include "models/package/inference_yml.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

#include "models/package/inference_config.hpp"
#include "models/package/lax_values.hpp"
#include "models/package/text.hpp"
#include "models/package/yaml_document.hpp"

namespace replayrt::models {
namespace {

constexpr const char* kFile = "inference.yml";
constexpr std::size_t kChannels = 3;
constexpr std::int64_t kMostUnclipRatio = 100;

using Limit = TextDetectionConfig::LimitType;

void read_file(std::string_view text, std::vector<PackageProblem>& problems,
               const std::function<void(JsonObject& root, ProblemList& list)>& read) {
  ProblemList list(kFile, problems);
  const std::optional<JsonDocument> document = parse_yaml(text, list);
  if (!document) {
    return;
  }
  if (std::optional<JsonObject> root = document->root().object()) {
    read(*root, list);
  }
}

/// The list `PreProcess.transform_ops`, if there is one.
std::optional<JsonValue> transform_ops(JsonObject& root) {
  std::optional<JsonObject> pre_process = root.optional("PreProcess").object();
  if (!pre_process) {
    return std::nullopt;
  }
  const JsonValue operations = pre_process->optional("transform_ops");
  return operations.present() && operations.list_size() ? std::optional(operations) : std::nullopt;
}

/// The settings of the first operation of that name, if it has any. Operations are mappings of one
/// name to settings; what else is in the list is none of ours.
std::optional<JsonObject> find_operation(const std::optional<JsonValue>& operations,
                                         std::string_view name) {
  const std::size_t count = operations ? operations->list_size().value_or(0) : 0;
  for (std::size_t i = 0; i < count; ++i) {
    const JsonValue operation = operations->at(i);
    if (!operation.is_object()) {
      continue;
    }
    std::optional<JsonObject> object = operation.object();
    if (object->contains(name)) {
      return object->optional(name).object();
    }
  }
  return std::nullopt;
}

void read_number(const JsonValue& value, std::int64_t high, double& to) {
  if (!value.present()) {
    return;
  }
  const std::optional<double> number = value.number();
  if (number && (*number < 0 || *number > static_cast<double>(high))) {
    value.error("expected a number from 0 to " + std::to_string(high) + ", found " + value.found());
  } else if (number) {
    to = *number;
  }
}

void read_integer(const JsonValue& value, std::int64_t low, std::int64_t high, std::int64_t& to) {
  if (value.present()) {
    to = value.integer_within(low, high).value_or(to);
  }
}

/// One number per channel; `to` stays where there is none.
void read_numbers(const JsonValue& value, bool divisors, std::vector<double>& to) {
  if (!value.present()) {
    return;
  }
  const std::optional<std::size_t> size = value.list_size();
  if (size && *size != kChannels) {
    value.error("expected one number for each of the 3 channels, found " + std::to_string(*size));
  }
  if (size != kChannels) {
    return;
  }
  for (std::size_t i = 0; i < kChannels; ++i) {
    const JsonValue element = value.at(i);
    const std::optional<double> number = element.number();
    if (number && *number == 0 && divisors) {
      element.error("expected a number other than 0: values are divided by it");
    } else if (number) {
      to[i] = *number;
    }
  }
}

/// "1./255.", "0.0039"
std::optional<double> parse_scale(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto number = [](std::string_view part) {
    return parse_lax_number(strip(part, Whitespace::kPython));
  };
  if (slash == std::string_view::npos) {
    return number(text);
  }
  const std::optional<double> above = number(text.substr(0, slash));
  const std::optional<double> below = number(text.substr(slash + 1));
  return above && below && *below != 0 ? std::optional(*above / *below) : std::nullopt;
}

void read_scale(const JsonValue& value, NetworkInput& network) {
  if (!value.present()) {
    return;
  }
  const std::optional<std::string> text = value.text();
  if (!text) {
    return;
  }
  const std::optional<double> scale = parse_scale(*text);
  if (!scale || *scale == 0 || !std::isfinite(*scale)) {
    value.error("expected a number other than 0, or a fraction as '1./255.', found " +
                value.found());
  } else {
    network.multiplier = scale;
  }
}

void read_limit_type(const JsonValue& value, TextDetectionConfig& config) {
  if (!value.present()) {
    return;
  }
  const std::optional<std::string> text = value.text();
  if (!text) {
    return;
  }
  config.limit_type = *text == "min" ? Limit::kMin : *text == "max" ? Limit::kMax : Limit::kExactly;
  if (config.limit_type == Limit::kExactly) {
    value.warn(
        "is neither 'min' nor 'max': the longer side of every picture becomes "
        "limit_side_len, as in the reference");
  }
}

void read_post_process(JsonObject& root, TextDetectionConfig& config) {
  std::optional<JsonObject> post_process = root.optional("PostProcess").object();
  if (!post_process) {
    return;
  }
  read_number(post_process->optional("thresh"), 1, config.thresh);
  read_number(post_process->optional("box_thresh"), 1, config.box_thresh);
  read_number(post_process->optional("unclip_ratio"), kMostUnclipRatio, config.unclip_ratio);
  read_integer(post_process->optional("max_candidates"), 1, kMostCandidates, config.max_candidates);
  if (const JsonValue dilation = post_process->optional("use_dilation"); dilation.present()) {
    config.use_dilation = dilation.boolean().value_or(false);
  }
}

void read_line_size(const std::optional<JsonValue>& operations, ImageSize& size,
                    ProblemList& problems) {
  constexpr const char* kExpected =
      "is missing: expected an operation RecResizeImg with an image_shape of three whole numbers, "
      "channels, height and least width of a line";
  std::optional<JsonObject> resize = find_operation(operations, "RecResizeImg");
  if (!resize) {
    problems.error("PreProcess.transform_ops.RecResizeImg", kExpected);
    return;
  }
  const JsonValue shape = resize->optional("image_shape");
  if (!shape.present()) {
    problems.error(shape.key(), kExpected);
    return;
  }
  const std::optional<std::size_t> count = shape.list_size();
  if (count && *count != 3) {
    shape.error("expected three whole numbers, channels, height and least width of a line, found " +
                std::to_string(*count));
  }
  if (count != 3U) {
    return;
  }
  static_cast<void>(shape.at(0).integer_within(3, 3));
  size.height = shape.at(1).integer_within(1, kMostLineHeight).value_or(size.height);
  size.width = shape.at(2).integer_within(1, kMostLineWidth).value_or(size.width);
}

void read_characters(JsonObject& root, std::vector<std::string>& characters,
                     ProblemList& problems) {
  constexpr const char* kExpected = "is missing: expected the list of the network's characters";
  std::optional<JsonObject> post_process = root.optional("PostProcess").object();
  if (!post_process) {
    problems.error("PostProcess.character_dict", kExpected);
    return;
  }
  const JsonValue list = post_process->optional("character_dict");
  if (!list.present()) {
    problems.error(list.key(), kExpected);
    return;
  }
  const std::size_t count = list.list_size().value_or(0);
  for (std::size_t i = 0; i < count; ++i) {
    const JsonValue character = list.at(i);
    if (character.is_null()) {
      character.error("is null: expected a character; '~' and 'null' are written in quotes");
    } else if (std::optional<std::string> text = character.text()) {
      characters.push_back(std::move(*text));
    }
  }
  if (characters.empty() && problems.errors() == 0) {
    list.error("has no character: expected at least one");
  }
}

}  // namespace

TextDetectionConfig parse_text_detection(std::string_view text, NetworkInput& network,
                                         std::vector<PackageProblem>& problems) {
  TextDetectionConfig config;
  std::vector<double> means = {0.485, 0.456, 0.406};
  std::vector<double> deviations = {0.229, 0.224, 0.225};
  network = {};
  network.dynamic_spatial_size = {.supported = true, .divisor = 32};
  network.color_mode = ColorFormat::kBgr;
  network.multiplier = 1.0 / 255.0;
  read_file(text, problems, [&](JsonObject& root, ProblemList& /*list*/) {
    const std::optional<JsonValue> operations = transform_ops(root);
    if (std::optional<JsonObject> decode = find_operation(operations, "DecodeImage")) {
      const std::string mode = decode->optional("img_mode").text().value_or("BGR");
      network.color_mode = lower_case(mode) == "rgb" ? ColorFormat::kRgb : ColorFormat::kBgr;
    }
    if (std::optional<JsonObject> resize = find_operation(operations, "DetResizeForTest")) {
      read_integer(resize->optional("limit_side_len"), 1, kMostSide, config.limit_side_len);
      read_limit_type(resize->optional("limit_type"), config);
    }
    if (std::optional<JsonObject> normalize = find_operation(operations, "NormalizeImage")) {
      read_scale(normalize->optional("scale"), network);
      read_numbers(normalize->optional("mean"), false, means);
      read_numbers(normalize->optional("std"), true, deviations);
    }
    read_post_process(root, config);
  });
  network.normalization = {std::move(means), std::move(deviations)};
  return config;
}

TextRecognitionConfig parse_text_recognition(std::string_view text, NetworkInput& network,
                                             std::vector<PackageProblem>& problems) {
  TextRecognitionConfig config;
  read_file(text, problems, [&](JsonObject& root, ProblemList& list) {
    read_line_size(transform_ops(root), config.line_size, list);
    read_characters(root, config.characters, list);
  });
  network = {};
  network.training_input_size = config.line_size;
  network.dynamic_spatial_size = {.supported = true, .divisor = 1};
  network.color_mode = ColorFormat::kBgr;
  network.scaling_factor = 255;
  network.normalization = {std::vector<double>(kChannels, 0.5),
                           std::vector<double>(kChannels, 0.5)};
  return config;
}

}  // namespace replayrt::models
