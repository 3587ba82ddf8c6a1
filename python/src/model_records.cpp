#include "model_records.hpp"

#include <string>
#include <tuple>
#include <utility>
#include <variant>

#include "replayrt/core/error.hpp"
#include "replayrt/models/predict_options.hpp"

namespace replayrt::python {
namespace {

using Sides = std::pair<std::int64_t, std::int64_t>;
using GivenConfidence = std::variant<std::monostate, double, std::string>;

Confidence confidence_of(const GivenConfidence& given) {
  if (const double* threshold = std::get_if<double>(&given)) {
    return {*threshold};
  }
  if (const std::string* name = std::get_if<std::string>(&given);
      name != nullptr && *name != "default") {
    if (*name == "best") {
      return Confidence::best();
    }
    throw Error(
        ErrorCode::kInvalidParameter,
        "confidence is '" + *name + "': expected 'default', 'best' or a number from 0 to 1");
  }
  return {};
}

PredictOptions options_of(std::tuple<bool, bool, bool> overrides, std::optional<Sides> image_size,
                          bool disable_cuda_graphs, const GivenConfidence& confidence,
                          std::optional<double> iou_threshold,
                          std::optional<std::int64_t> max_detections,
                          std::optional<bool> class_agnostic_nms,
                          std::optional<bool> masks_smoothing_enabled,
                          std::optional<double> masks_binarization_threshold,
                          std::optional<double> masks_resolution_factor,
                          std::optional<double> key_points_threshold) {
  PredictOptions options;
  options.pre_processing_overrides = {.disable_contrast_enhancement = std::get<0>(overrides),
                                      .disable_grayscale = std::get<1>(overrides),
                                      .disable_static_crop = std::get<2>(overrides)};
  if (image_size.has_value()) {  // (width, height), as in the reference.
    options.image_size = ImageSize{.height = image_size->second, .width = image_size->first};
  }
  options.disable_cuda_graphs = disable_cuda_graphs;
  options.confidence = confidence_of(confidence);
  options.iou_threshold = iou_threshold;
  options.max_detections = max_detections;
  options.class_agnostic_nms = class_agnostic_nms;
  options.masks_smoothing_enabled = masks_smoothing_enabled;
  options.masks_binarization_threshold = masks_binarization_threshold;
  options.masks_resolution_factor = masks_resolution_factor;
  options.key_points_threshold = key_points_threshold;
  return options;
}

void bind_metadata(nb::module_& m) {
  nb::class_<ImageSize>(m, "ImageDimensions", "Pixels.")
      .def(nb::init<std::int64_t, std::int64_t>(), nb::arg("height"), nb::arg("width"))
      .def_ro("height", &ImageSize::height)
      .def_ro("width", &ImageSize::width)
      .def(
          "__eq__",
          [](const ImageSize& self, nb::handle other) {
            return nb::isinstance<ImageSize>(other) && self == nb::cast<const ImageSize&>(other);
          },
          nb::arg("other").none(), nb::sig("def __eq__(self, other: object, /) -> bool"))
      .def("__hash__",
           [](const ImageSize& self) { return nb::hash(nb::make_tuple(self.height, self.width)); })
      .def("__repr__", [](const ImageSize& self) {
        return "ImageDimensions(height=" + std::to_string(self.height) +
               ", width=" + std::to_string(self.width) + ")";
      });
  using Offset = PreProcessingMetadata::StaticCropOffset;
  nb::class_<Offset>(m, "StaticCropOffset", "Where the static crop lies in the image, in pixels.")
      .def_ro("offset_x", &Offset::offset_x)
      .def_ro("offset_y", &Offset::offset_y)
      .def_ro("crop_width", &Offset::crop_width)
      .def_ro("crop_height", &Offset::crop_height);
  using Metadata = PreProcessingMetadata;
  nb::class_<Metadata>(m, "PreProcessingMetadata",
                       "How an image became the network's input. All in pixels.")
      .def_ro("pad_left", &Metadata::pad_left, "Negative: so much was cut off.")
      .def_ro("pad_top", &Metadata::pad_top)
      .def_ro("pad_right", &Metadata::pad_right)
      .def_ro("pad_bottom", &Metadata::pad_bottom)
      .def_ro("original_size", &Metadata::original_size)
      .def_ro("size_after_pre_processing", &Metadata::size_after_pre_processing)
      .def_ro("inference_size", &Metadata::inference_size)
      .def_ro("scale_width", &Metadata::scale_width)
      .def_ro("scale_height", &Metadata::scale_height)
      .def_ro("static_crop_offset", &Metadata::static_crop_offset)
      .def_ro("nonsquare_intermediate_size", &Metadata::nonsquare_intermediate_size);
}

void bind_options(nb::module_& m) {
  nb::class_<PredictOptions>(m, "PredictOptions")
      .def(
          "__init__",
          [](PredictOptions* self, std::tuple<bool, bool, bool> overrides,
             std::optional<Sides> image_size, bool disable_cuda_graphs,
             const GivenConfidence& confidence, std::optional<double> iou_threshold,
             std::optional<std::int64_t> max_detections, std::optional<bool> class_agnostic_nms,
             std::optional<bool> masks_smoothing_enabled,
             std::optional<double> masks_binarization_threshold,
             std::optional<double> masks_resolution_factor,
             std::optional<double> key_points_threshold) {
            new (self) PredictOptions(options_of(
                overrides, image_size, disable_cuda_graphs, confidence, iou_threshold,
                max_detections, class_agnostic_nms, masks_smoothing_enabled,
                masks_binarization_threshold, masks_resolution_factor, key_points_threshold));
          },
          nb::arg("overrides"), nb::arg("image_size").none(), nb::arg("disable_cuda_graphs"),
          nb::arg("confidence").none(), nb::arg("iou_threshold").none(),
          nb::arg("max_detections").none(), nb::arg("class_agnostic_nms").none(),
          nb::arg("masks_smoothing_enabled").none(), nb::arg("masks_binarization_threshold").none(),
          nb::arg("masks_resolution_factor").none(), nb::arg("key_points_threshold").none());
}

}  // namespace

void bind_model_records(nb::module_& m) {
  bind_metadata(m);
  bind_options(m);
}

}  // namespace replayrt::python
