#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "json_lines.hpp"
#include "replayrt/models/image.hpp"
#include "replayrt/models/model_package.hpp"
#include "replayrt/models/result.hpp"

namespace replayrt::cli {

/// Throws UsageError that names --coco unless models of this task find objects.
void require_coco_task(Task task);

/// Writes what was found in a run as one dataset of COCO's format, which `pycocotools.coco.COCO`
/// loads and whose annotations `loadRes` takes. Ids count from 1: images and annotations in their
/// order, categories as class id + 1. Annotations go out as they come; the rest is held until the
/// end.
class CocoWriter {
 public:
  /// Writes to `file` as long as this lives. `class_names` and `key_points` are by class id.
  CocoWriter(JsonLines& file, std::span<const std::string> class_names,
             std::span<const KeyPointsOfClass> key_points);

  /// What was found in the picture of this name and size. Throws Error(kFileAccess).
  void add(const std::string& name, ImageSize size, const Prediction& prediction);

  /// The images and categories: the file is whole then. Throws Error(kFileAccess).
  void finish();

 private:
  void add_object(const Detections& found, std::size_t index, const Prediction& prediction);

  JsonLines& file_;
  std::span<const std::string> class_names_;
  std::span<const KeyPointsOfClass> key_points_;
  std::vector<std::string> images_;  // Objects of JSON.
  std::int64_t annotations_ = 0;
  std::set<std::int64_t> nameless_;  // Class ids beyond class_names_.
};

}  // namespace replayrt::cli
