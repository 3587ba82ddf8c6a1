#include "models/package/network_input.hpp"

#include <array>

#include "models/package/inference_config.hpp"

namespace replayrt::models {
namespace {

constexpr std::array<std::pair<std::string_view, ColorFormat>, 2> kColorModes = {
    {{"rgb", ColorFormat::kRgb}, {"bgr", ColorFormat::kBgr}}};

constexpr std::array<std::pair<std::string_view, ResizeMode>, 5> kResizeModes = {{
    {"stretch", ResizeMode::kStretch},
    {"letterbox", ResizeMode::kLetterbox},
    {"center-crop", ResizeMode::kCenterCrop},
    {"fit-longer-edge", ResizeMode::kFitLongerEdge},
    {"letterbox-reflect-edges", ResizeMode::kLetterboxReflectEdges},
}};

enum class SpatialSizeMode { kPadToBeDivisible, kAnySize };
constexpr std::array<std::pair<std::string_view, SpatialSizeMode>, 2> kSpatialSizeModes = {
    {{"pad-to-be-divisible", SpatialSizeMode::kPadToBeDivisible},
     {"any-size", SpatialSizeMode::kAnySize}}};

std::optional<ImageSize> read_size(const JsonValue& value) {
  std::optional<JsonObject> object = value.object();
  if (!object) {
    return std::nullopt;
  }
  const std::optional<std::int64_t> height =
      object->required("height").integer_within(1, kMostSide);
  const std::optional<std::int64_t> width = object->required("width").integer_within(1, kMostSide);
  object->warn_of_unknown_keys();
  return height && width ? std::optional(ImageSize{*height, *width}) : std::nullopt;
}

/// Whether the mode is the one for any size.
bool read_spatial_size_mode(const JsonValue& value, std::int64_t& divisor) {
  std::optional<JsonObject> object = value.object();
  if (!object) {
    return false;
  }
  const std::optional<SpatialSizeMode> mode =
      object->required("type").choice<SpatialSizeMode>(kSpatialSizeModes);
  if (mode == SpatialSizeMode::kPadToBeDivisible) {
    divisor = object->required("value").integer_within(1, kMostSide).value_or(0);
  } else if (mode == SpatialSizeMode::kAnySize) {
    divisor = 1;
  }
  if (mode) {  // Which keys belong here is the type's to say.
    object->warn_of_unknown_keys();
  }
  return mode == SpatialSizeMode::kAnySize;
}

/// Whether the training size may be left out.
bool read_dynamic_spatial_size(JsonObject& object, NetworkInput& input) {
  const JsonValue supported = object.required("dynamic_spatial_size_supported");
  input.dynamic_spatial_size.supported = supported.boolean().value_or(false);
  const JsonValue mode = object.optional("dynamic_spatial_size_mode");
  bool any_size = false;
  if (mode.present()) {
    any_size = read_spatial_size_mode(mode, input.dynamic_spatial_size.divisor);
  } else if (input.dynamic_spatial_size.supported) {
    supported.warn(
        "is true, but dynamic_spatial_size_mode does not say which sizes: none other "
        "than the training size can be used");
  }
  return input.dynamic_spatial_size.supported && any_size;
}

std::optional<std::vector<double>> read_numbers(const JsonValue& list, bool divisors) {
  const std::optional<std::size_t> size = list.list_size();
  if (!size) {
    return std::nullopt;
  }
  std::vector<double> numbers;
  for (std::size_t i = 0; i < *size; ++i) {
    const JsonValue value = list.at(i);
    const std::optional<double> number = value.number();
    if (number && *number == 0 && divisors) {
      value.error("expected a number other than 0: values are divided by it");
    } else if (number) {
      numbers.push_back(*number);
    }
  }
  return numbers.size() == *size ? std::optional(std::move(numbers)) : std::nullopt;
}

void read_normalization(const JsonValue& value, std::optional<std::int64_t> channels,
                        NetworkInput& input) {
  if (!value.present()) {
    return;
  }
  const std::optional<std::size_t> size = value.list_size();
  if (size && *size != 2) {
    value.error("expected two lists, means and standard deviations, found " +
                std::to_string(*size) + " values");
  }
  if (size != 2U) {
    return;
  }
  const auto fits = [&](const JsonValue& list) {
    const std::optional<std::size_t> count = list.list_size();
    // A number of channels that could not be read has its own error.
    if (count && channels && static_cast<std::int64_t>(*count) != *channels) {
      list.error("expected one number for each of the " + std::to_string(*channels) +
                 " input_channels, found " + std::to_string(*count));
      return false;
    }
    return count.has_value();
  };
  const bool means_fit = fits(value.at(0));
  const auto means = means_fit ? read_numbers(value.at(0), false) : std::nullopt;
  const bool deviations_fit = fits(value.at(1));
  const auto deviations = deviations_fit ? read_numbers(value.at(1), true) : std::nullopt;
  if (means && deviations) {
    input.normalization = {*means, *deviations};
  }
}

}  // namespace

void read_network_input(const JsonValue& value, NetworkInput& input) {
  std::optional<JsonObject> object = value.object();
  if (!object) {
    return;
  }
  const JsonValue training_size = object->optional("training_input_size");
  if (training_size.present()) {
    input.training_input_size = read_size(training_size).value_or(ImageSize{});
  }
  const JsonValue dataset_size = object->optional("dataset_version_resize_dimensions");
  if (dataset_size.present()) {
    input.dataset_version_resize_dimensions = read_size(dataset_size);
  }
  const bool any_size = read_dynamic_spatial_size(*object, input);
  if (!training_size.present() && !any_size) {
    object->required("training_input_size")
        .error(
            "is missing: only models that support dynamic spatial sizes of the mode 'any-size' may "
            "leave it out");
  }
  if (const auto mode = object->required("color_mode").choice<ColorFormat>(kColorModes)) {
    input.color_mode = *mode;
  }
  if (const auto mode = object->required("resize_mode").choice<ResizeMode>(kResizeModes)) {
    input.resize_mode = *mode;
  }
  input.padding_value = object->optional("padding_value").integer().value_or(0);
  const std::optional<std::int64_t> channels =
      object->required("input_channels").integer_within(1, 1024);
  input.input_channels = channels.value_or(input.input_channels);
  const JsonValue scaling = object->optional("scaling_factor");
  const std::optional<double> factor = scaling.number();
  if (factor && *factor == 0) {
    scaling.error("expected a number other than 0: pixel values are divided by it");
  } else {
    input.scaling_factor = factor;
  }
  read_normalization(object->optional("normalization"), channels, input);
  object->warn_of_unknown_keys();
}

}  // namespace replayrt::models
