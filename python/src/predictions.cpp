#include "predictions.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

#include "replayrt/core/error.hpp"
#include "text.hpp"

namespace replayrt::python {
namespace {

using Box = std::array<std::int32_t, 4>;
using Quad = std::array<std::array<std::int32_t, 2>, 4>;

/// The elements of a vector of fixed-size rows as one array, which takes the vector over.
template <class Element, class T>
nb::object array_over(std::vector<T> values, std::initializer_list<std::size_t> shape) {
  auto* held = new std::vector<T>(std::move(values));
  const nb::capsule owner(held, [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
  return nb::cast(
      nb::ndarray<nb::numpy, Element>(reinterpret_cast<Element*>(held->data()), shape, owner));
}

nb::object size_to_python(ImageSize size) {
  return nb::make_tuple(size.height, size.width);
}

nb::object results(const char* name) {
  return nb::module_::import_("replayrt.results").attr(name);
}

nb::list masks_to_python(std::vector<RleMask> masks) {
  const nb::object type = results("RleMask");
  nb::list list;
  for (RleMask& mask : masks) {
    const std::size_t runs = mask.counts.size();
    list.append(
        type(size_to_python(mask.size), array_over<std::uint32_t>(std::move(mask.counts), {runs})));
  }
  return list;
}

std::pair<nb::list, nb::list> points_to_python(const std::vector<std::vector<KeyPoint>>& all) {
  std::pair<nb::list, nb::list> lists;
  for (const std::vector<KeyPoint>& points : all) {
    std::vector<std::array<std::int32_t, 2>> places;
    std::vector<float> confidence;
    for (const KeyPoint& point : points) {
      places.push_back({point.x, point.y});
      confidence.push_back(point.confidence);
    }
    const std::size_t count = points.size();
    lists.first.append(array_over<std::int32_t>(std::move(places), {count, 2}));
    lists.second.append(array_over<float>(std::move(confidence), {count}));
  }
  return lists;
}

/// As many for each object as the one with the most has; NaN for those that an object lacks.
nb::object covariance_to_python(const std::vector<std::vector<Covariance>>& all) {
  std::size_t places = 0;
  for (const std::vector<Covariance>& of_object : all) {
    places = std::max(places, of_object.size());
  }
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  constexpr Covariance kNone = {{{kNan, kNan}, {kNan, kNan}}};
  std::vector<Covariance> flat(all.size() * places, kNone);
  for (std::size_t object = 0; object < all.size(); ++object) {
    std::ranges::copy(all[object], flat.begin() + static_cast<std::ptrdiff_t>(object * places));
  }
  return array_over<float>(std::move(flat), {all.size(), places, 2, 2});
}

/// Makes one dataclass per kind of prediction.
class ToPython {
 public:
  ToPython(nb::handle class_names, ImageSize size)
      : class_names_(nb::borrow(class_names)), size_(size) {}

  nb::object operator()(Detections found) const {
    return results("Detections")(**boxes(std::move(found)));
  }
  nb::object operator()(InstanceDetections found) const {
    nb::list mask = masks_to_python(std::move(found.mask));
    nb::dict fields = boxes(std::move(found));
    fields["mask"] = mask;
    return results("InstanceDetections")(**fields);
  }
  nb::object operator()(KeyPointDetections found) const {
    const auto [places, confidence] = points_to_python(found.key_points);
    const nb::object covariance =
        found.covariance ? covariance_to_python(*found.covariance) : nb::none();
    nb::dict fields = boxes(std::move(found));
    fields["key_points"] = places;
    fields["key_points_confidence"] = confidence;
    fields["covariance"] = covariance;
    return results("KeyPointDetections")(**fields);
  }
  nb::object operator()(ClassificationPrediction found) const {
    nb::dict fields = named();
    fields["class_id"] = found.class_id;
    fields["confidence"] = floats(std::move(found.confidence));
    return results("ClassificationPrediction")(**fields);
  }
  nb::object operator()(MultiLabelClassificationPrediction found) const {
    nb::dict fields = named();
    const std::size_t count = found.class_ids.size();
    fields["class_ids"] = array_over<std::int64_t>(std::move(found.class_ids), {count});
    fields["confidence"] = floats(std::move(found.confidence));
    return results("MultiLabelClassificationPrediction")(**fields);
  }
  nb::object operator()(SemanticSegmentationResult found) const {
    nb::dict fields = named();
    const auto height = static_cast<std::size_t>(found.size.height);
    const auto width = static_cast<std::size_t>(found.size.width);
    fields["segmentation_map"] =
        array_over<std::int64_t>(std::move(found.segmentation_map), {height, width});
    fields["confidence"] = array_over<float>(std::move(found.confidence), {height, width});
    return results("SemanticSegmentationResult")(**fields);
  }
  nb::object operator()(DepthMap found) const {
    const auto height = static_cast<std::size_t>(found.size.height);
    const auto width = static_cast<std::size_t>(found.size.width);
    nb::dict fields;
    fields["depth"] = array_over<float>(std::move(found.depth), {height, width});
    fields["image_size"] = size_to_python(size_);
    return results("DepthMap")(**fields);
  }
  nb::object operator()(const TextResult& found) const {
    nb::dict fields;
    fields["text"] = text_of(found.text);
    fields["confidence"] = found.confidence;
    fields["image_size"] = size_to_python(size_);
    return results("TextResult")(**fields);
  }

 private:
  static nb::object floats(std::vector<float> values) {
    const std::size_t count = values.size();
    return array_over<float>(std::move(values), {count});
  }

  [[nodiscard]] nb::dict named() const {
    nb::dict fields;
    fields["class_names"] = class_names_;
    fields["image_size"] = size_to_python(size_);
    return fields;
  }

  [[nodiscard]] nb::dict boxes(Detections found) const {
    nb::dict fields = named();
    const std::size_t count = found.size();
    fields["xyxy"] = array_over<std::int32_t>(std::move(found.xyxy), {count, 4});
    fields["class_id"] = array_over<std::int32_t>(std::move(found.class_id), {count});
    fields["confidence"] = floats(std::move(found.confidence));
    if (!found.polygon.empty()) {
      fields["polygon"] = array_over<std::int32_t>(std::move(found.polygon), {count, 4, 2});
    }
    return fields;
  }

  nb::object class_names_;
  ImageSize size_;
};

/// The elements of a NumPy array, of rows if T is an array.
template <class Element, class T = Element>
std::vector<T> values_of(nb::handle object) {
  const auto array = nb::cast<nb::ndarray<const Element, nb::c_contig, nb::device::cpu>>(object);
  const auto* first = reinterpret_cast<const T*>(array.data());
  return {first, first + array.size() * sizeof(Element) / sizeof(T)};
}

template <class D>
D boxes_of(nb::handle prediction) {
  D found;
  found.xyxy = values_of<std::int32_t, Box>(prediction.attr("xyxy"));
  found.class_id = values_of<std::int32_t>(prediction.attr("class_id"));
  found.confidence = values_of<float>(prediction.attr("confidence"));
  if (const nb::object polygon = prediction.attr("polygon"); !polygon.is_none()) {
    found.polygon = values_of<std::int32_t, Quad>(polygon);
  }
  return found;
}

Prediction instances_of(nb::handle prediction) {
  auto found = boxes_of<InstanceDetections>(prediction);
  for (const nb::handle mask : prediction.attr("mask")) {
    found.mask.push_back(
        {size_from_python(mask.attr("size")), values_of<std::uint32_t>(mask.attr("counts"))});
  }
  return found;
}

std::vector<std::vector<Covariance>> covariance_from_python(
    nb::handle covariance, const std::vector<std::vector<KeyPoint>>& key_points) {
  const auto flat = values_of<float, Covariance>(covariance);
  const std::size_t places = key_points.empty() ? 0 : flat.size() / key_points.size();
  std::vector<std::vector<Covariance>> all;
  for (const std::vector<KeyPoint>& points : key_points) {
    const auto first = flat.begin() + static_cast<std::ptrdiff_t>(all.size() * places);
    all.emplace_back(first, first + static_cast<std::ptrdiff_t>(std::min(points.size(), places)));
  }
  return all;
}

Prediction key_points_of(nb::handle prediction) {
  auto found = boxes_of<KeyPointDetections>(prediction);
  const nb::object confidence = prediction.attr("key_points_confidence");
  std::size_t object = 0;
  for (const nb::handle places : prediction.attr("key_points")) {
    const auto points = values_of<std::int32_t, std::array<std::int32_t, 2>>(places);
    const auto scores = values_of<float>(nb::object(confidence[object++]));
    std::vector<KeyPoint> list;
    for (std::size_t i = 0; i < points.size() && i < scores.size(); ++i) {
      list.push_back({points[i][0], points[i][1], scores[i]});
    }
    found.key_points.push_back(std::move(list));
  }
  if (const nb::object covariance = prediction.attr("covariance"); !covariance.is_none()) {
    found.covariance = covariance_from_python(covariance, found.key_points);
  }
  return found;
}

std::string to_json_text(nb::handle prediction, const std::string& image,
                         const std::string& map_path) {
  const Prediction of = prediction_from_python(prediction);
  std::vector<std::string> names;
  if (nb::hasattr(prediction, "class_names")) {
    names = nb::cast<std::vector<std::string>>(prediction.attr("class_names"));
  }
  const ImageSize size = size_from_python(prediction.attr("image_size"));
  return to_json(of, {.image = image, .size = size, .class_names = names, .map_path = map_path});
}

nb::object rle_decode(std::pair<std::int64_t, std::int64_t> size, nb::handle counts) {
  const RleMask mask{{size.first, size.second}, values_of<std::uint32_t>(counts)};
  return array_over<std::uint8_t>(
      mask.decode(), {static_cast<std::size_t>(size.first), static_cast<std::size_t>(size.second)});
}

nb::object rle_encode(
    const nb::ndarray<const std::uint8_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>& mask) {
  RleMask encoded = RleMask::encode(
      {mask.data(), mask.size()},
      {static_cast<std::int64_t>(mask.shape(0)), static_cast<std::int64_t>(mask.shape(1))});
  const std::size_t runs = encoded.counts.size();
  return array_over<std::uint32_t>(std::move(encoded.counts), {runs});
}

}  // namespace

nb::object prediction_to_python(Prediction prediction, nb::handle class_names, ImageSize size) {
  return std::visit(ToPython(class_names, size), std::move(prediction));
}

ImageSize size_from_python(nb::handle size) {
  if (size.is_none()) {
    return {};
  }
  return {nb::cast<std::int64_t>(nb::object(size[0])), nb::cast<std::int64_t>(nb::object(size[1]))};
}

Prediction prediction_from_python(nb::handle prediction) {
  const auto is = [&](const char* name) { return nb::isinstance(prediction, results(name)); };
  if (is("InstanceDetections")) {
    return instances_of(prediction);
  }
  if (is("KeyPointDetections")) {
    return key_points_of(prediction);
  }
  if (is("Detections")) {
    return boxes_of<Detections>(prediction);
  }
  if (is("ClassificationPrediction")) {
    return ClassificationPrediction{nb::cast<std::int64_t>(prediction.attr("class_id")),
                                    values_of<float>(prediction.attr("confidence"))};
  }
  if (is("MultiLabelClassificationPrediction")) {
    return MultiLabelClassificationPrediction{values_of<std::int64_t>(prediction.attr("class_ids")),
                                              values_of<float>(prediction.attr("confidence"))};
  }
  if (is("SemanticSegmentationResult")) {
    const nb::object map = prediction.attr("segmentation_map");
    return SemanticSegmentationResult{size_from_python(map.attr("shape")),
                                      values_of<std::int64_t>(map),
                                      values_of<float>(prediction.attr("confidence"))};
  }
  if (is("DepthMap")) {
    const nb::object depth = prediction.attr("depth");
    return DepthMap{size_from_python(depth.attr("shape")), values_of<float>(depth)};
  }
  if (is("TextResult")) {
    return TextResult{nb::cast<std::string>(prediction.attr("text")),
                      nb::cast<float>(prediction.attr("confidence"))};
  }
  throw Error(ErrorCode::kInvalidParameter,
              "a " + class_name_of(prediction) +
                  " is no result of a model: expected one of replayrt.results");
}

void bind_predictions(nb::module_& m) {
  m.def("prediction_json", to_json_text, nb::arg("prediction"), nb::arg("image"),
        nb::arg("map_path"));
  m.def("rle_decode", rle_decode, nb::arg("size"), nb::arg("counts"),
        nb::sig("def rle_decode(size: tuple[int, int], counts: object) -> typing.Any"));
  m.def("rle_encode", rle_encode, nb::arg("mask"),
        nb::sig("def rle_encode(mask: object) -> typing.Any"));
}

}  // namespace replayrt::python
