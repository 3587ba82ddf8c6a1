#include "coco.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "error.hpp"
#include "replayrt/core/version.hpp"

namespace replayrt::cli {
namespace {

// With f32 numbers: 0.9F has one digit after the point, not sixteen.
using CocoJson = nlohmann::basic_json<nlohmann::ordered_map, std::vector, std::string, bool,
                                      std::int64_t, std::uint64_t, float>;

/// Names that are no UTF-8 have their wrong bytes replaced.
std::string text_of(const CocoJson& json) {
  return json.dump(-1, ' ', false, CocoJson::error_handler_t::replace);
}

/// As COCO has it: 0 means not labelled, 2 visible. A network does not tell what is only hidden.
constexpr int kNotThere = 0;
constexpr int kVisible = 2;

void add_mask(const RleMask& mask, CocoJson& annotation) {
  annotation["area"] = mask.area();
  annotation["segmentation"] = {{"size", {mask.size.height, mask.size.width}},
                                {"counts", mask.compressed_counts()}};
}

void add_polygon(const std::array<std::array<std::int32_t, 2>, 4>& corners, CocoJson& annotation) {
  CocoJson flat = CocoJson::array();
  for (const auto& [x, y] : corners) {
    flat.push_back(x);
    flat.push_back(y);
  }
  annotation["segmentation"] = CocoJson::array({std::move(flat)});
}

void add_key_points(const std::vector<KeyPoint>& points, CocoJson& annotation) {
  CocoJson flat = CocoJson::array();
  CocoJson scores = CocoJson::array();
  std::int64_t count = 0;
  for (const KeyPoint& point : points) {
    const bool there = point.confidence > 0;
    count += there ? 1 : 0;
    flat.insert(flat.end(), {point.x, point.y, there ? kVisible : kNotThere});
    scores.push_back(point.confidence);
  }
  annotation["keypoints"] = std::move(flat);
  annotation["num_keypoints"] = count;
  annotation["keypoint_scores"] = std::move(scores);
}

CocoJson category_of(std::int64_t class_id, std::span<const std::string> class_names,
                     std::span<const KeyPointsOfClass> key_points) {
  const auto index = static_cast<std::size_t>(class_id);
  CocoJson category = {
      {"id", class_id + 1},
      {"name", index < class_names.size() ? class_names[index] : fmt::format("class {}", class_id)},
      {"supercategory", ""}};
  if (index < key_points.size()) {
    CocoJson skeleton = CocoJson::array();
    for (const auto& [from, to] : key_points[index].edges) {
      skeleton.push_back({from + 1, to + 1});
    }
    category["keypoints"] = key_points[index].names;
    category["skeleton"] = std::move(skeleton);
  }
  return category;
}

}  // namespace

void require_coco_task(Task task) {
  switch (task) {
    case Task::kObjectDetection:
    case Task::kInstanceSegmentation:
    case Task::kKeyPointDetection:
      return;
    case Task::kSemanticSegmentation:
    case Task::kClassification:
    case Task::kMultiLabelClassification:
    case Task::kDepthEstimation:
    case Task::kTextOnlyOcr:
      break;
  }
  throw UsageError(fmt::format("--coco: does not apply to {}: expected a model that finds objects",
                               to_string(task)));
}

CocoWriter::CocoWriter(JsonLines& file, std::span<const std::string> class_names,
                       std::span<const KeyPointsOfClass> key_points)
    : file_(file), class_names_(class_names), key_points_(key_points) {
  const CocoJson info = {{"description", "What replayrt predict found"}, {"version", kVersion}};
  file_.write("{\"info\": " + text_of(info) + ",");
  file_.write("\"licenses\": [],");
  file_.write("\"annotations\": [");
}

void CocoWriter::add(const std::string& name, ImageSize size, const Prediction& prediction) {
  const CocoJson image = {{"id", static_cast<std::int64_t>(images_.size()) + 1},
                          {"file_name", name},
                          {"height", size.height},
                          {"width", size.width}};
  images_.push_back(text_of(image));
  if (const Detections* found = detections_of(prediction); found != nullptr) {
    for (std::size_t i = 0; i < found->size(); ++i) {
      add_object(*found, i, prediction);
    }
  }
}

void CocoWriter::add_object(const Detections& found, std::size_t index,
                            const Prediction& prediction) {
  const auto& [left, top, right, bottom] = found.xyxy[index];
  const std::int64_t width = std::int64_t{right} - left;
  const std::int64_t height = std::int64_t{bottom} - top;
  // The evaluation of pycocotools takes annotation 0 for none at all.
  CocoJson annotation = {{"id", annotations_ + 1},
                         {"image_id", static_cast<std::int64_t>(images_.size())},
                         {"category_id", std::int64_t{found.class_id[index]} + 1},
                         {"bbox", {left, top, width, height}},
                         {"area", width * height},
                         {"iscrowd", 0},
                         {"score", found.confidence[index]}};
  if (const auto* instances = std::get_if<InstanceDetections>(&prediction)) {
    add_mask(instances->mask[index], annotation);
  } else if (const auto* points = std::get_if<KeyPointDetections>(&prediction)) {
    add_key_points(points->key_points[index], annotation);
  } else if (index < found.polygon.size()) {
    add_polygon(found.polygon[index], annotation);
  }
  // The comma belongs to the one before, whose line is out already.
  file_.write((annotations_ > 0 ? "," : " ") + text_of(annotation));
  if (static_cast<std::size_t>(found.class_id[index]) >= class_names_.size()) {
    nameless_.insert(found.class_id[index]);
  }
  ++annotations_;
}

void CocoWriter::finish() {
  file_.write("],");
  file_.write("\"images\": [");
  for (std::size_t i = 0; i < images_.size(); ++i) {
    file_.write((i > 0 ? "," : " ") + images_[i]);
  }
  file_.write("],");
  file_.write("\"categories\": [");
  std::string before = " ";
  const auto write_category = [&](std::int64_t class_id) {
    file_.write(before + text_of(category_of(class_id, class_names_, key_points_)));
    before = ",";
  };
  for (std::size_t i = 0; i < class_names_.size(); ++i) {
    write_category(static_cast<std::int64_t>(i));
  }
  std::ranges::for_each(nameless_, write_category);
  file_.write("]}");
}

}  // namespace replayrt::cli
