#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "covariance_parity.hpp"
#include "map_deviation.hpp"
#include "mask_parity.hpp"
#include "replayrt/auto_model.hpp"

namespace replayrt {

/// How far a family is from the reference.
struct Deviation {
  std::string architecture;
  std::string task;
  std::size_t cases = 0;
  std::size_t objects = 0;
  std::size_t key_points = 0;  // That were found.
  std::size_t key_points_off = 0;
  std::int32_t key_points_farthest = 0;
  CovarianceDeviation covariances;  ///< Of key points.
  std::size_t coordinates = 0;
  std::size_t coordinates_off = 0;
  std::int32_t farthest = 0;
  double score = 0;
  MapDeviation maps;
  std::size_t masks = 0;
  std::size_t masks_off = 0;
  std::int64_t mask_pixels_off = 0;   ///< Of all masks.
  std::int64_t mask_pixels_most = 0;  ///< Of one.
  double mask_iou = 1;                ///< The least of one.

  /// A file of cases is of one family.
  void add_family(const ModelConfig& config) {
    ASSERT_TRUE(architecture.empty() || architecture == config.model_architecture);
    ASSERT_TRUE(task.empty() || task == config.task_type);
    architecture = config.model_architecture;
    task = config.task_type;
  }

  void add_scores(const std::vector<float>& actual, const nlohmann::json& wanted) {
    ASSERT_EQ(actual.size(), wanted.size());
    for (std::size_t i = 0; i < actual.size(); ++i) {
      score = std::max(score, std::abs(static_cast<double>(actual[i]) - wanted[i].get<double>()));
    }
  }

  void add(const Detections& actual, const nlohmann::json& wanted) {
    ASSERT_EQ(nlohmann::json(actual.class_id), wanted["class_id"]);
    objects += actual.size();
    add_scores(actual.confidence, wanted["confidence"]);
    for (std::size_t i = 0; i < actual.size(); ++i) {
      for (std::size_t side = 0; side < 4; ++side) {
        add_coordinate(actual.xyxy[i][side], wanted["xyxy"][i][side]);
      }
    }
    ASSERT_EQ(actual.polygon.size(), wanted.contains("polygon") ? actual.size() : 0);
    for (std::size_t i = 0; i < actual.polygon.size(); ++i) {
      for (std::size_t corner = 0; corner < 4; ++corner) {
        add_coordinate(actual.polygon[i][corner][0], wanted["polygon"][i][corner][0]);
        add_coordinate(actual.polygon[i][corner][1], wanted["polygon"][i][corner][1]);
      }
    }
  }

  void add_masks(const std::vector<RleMask>& actual, const nlohmann::json& wanted) {
    const std::vector<RleMask> expected_masks = masks_of(wanted);
    ASSERT_EQ(actual.size(), expected_masks.size());
    for (std::size_t i = 0; i < actual.size(); ++i) {
      ASSERT_EQ(actual[i].size, expected_masks[i].size);
      const MaskDifference off = difference(actual[i], expected_masks[i]);
      EXPECT_TRUE(off.is_small()) << "mask " << i << ": " << off.pixels << " pixels, IoU "
                                  << off.iou;
      ++masks;
      masks_off += off.pixels != 0 ? 1 : 0;
      mask_pixels_off += off.pixels;
      mask_pixels_most = std::max(mask_pixels_most, off.pixels);
      mask_iou = std::min(mask_iou, off.iou);
    }
  }

  /// The reference gives as many points for each object as any class has; those that the object's
  /// own class lacks are 0.
  void add_key_points(const KeyPointDetections& actual, const nlohmann::json& wanted,
                      const std::vector<KeyPointsOfClass>& classes) {
    ASSERT_EQ(actual.key_points.size(), wanted["key_points"].size());
    for (std::size_t i = 0; i < actual.key_points.size(); ++i) {
      std::vector<KeyPoint> points = actual.key_points[i];
      ASSERT_EQ(points.size(),
                classes.at(static_cast<std::size_t>(actual.class_id[i])).names.size());
      points.resize(wanted["key_points"][i].size());
      std::vector<float> confidence;
      for (std::size_t place = 0; place < points.size(); ++place) {
        const nlohmann::json& place_wanted = wanted["key_points"][i][place];
        const std::int32_t off =
            std::max(std::abs(points[place].x - place_wanted[0].get<std::int32_t>()),
                     std::abs(points[place].y - place_wanted[1].get<std::int32_t>()));
        key_points_off += off != 0 ? 1 : 0;
        key_points_farthest = std::max(key_points_farthest, off);
        key_points += points[place].confidence > 0 ? 1 : 0;
        confidence.push_back(points[place].confidence);
      }
      add_scores(confidence, wanted["key_points_confidence"][i]);
    }
    covariances.add(actual.covariance, wanted.value("covariance", nlohmann::json()));
  }

  void add_coordinate(std::int32_t actual, const nlohmann::json& wanted) {
    const std::int32_t off = std::abs(actual - wanted.get<std::int32_t>());
    ++coordinates;
    coordinates_off += off != 0 ? 1 : 0;
    farthest = std::max(farthest, off);
  }

  void add(const Prediction& actual, const nlohmann::json& wanted, const Model& model) {
    if (const auto* points = std::get_if<KeyPointDetections>(&actual)) {
      add_key_points(*points, wanted, model.key_points());
    } else {
      ASSERT_FALSE(wanted.contains("key_points"));
    }
    if (const Detections* found = detections_of(actual); found != nullptr) {
      add(*found, wanted);
      if (const auto* instances = std::get_if<InstanceDetections>(&actual)) {
        ASSERT_NO_FATAL_FAILURE(add_masks(instances->mask, wanted));
      }
    } else if (const auto* one = std::get_if<ClassificationPrediction>(&actual)) {
      ASSERT_EQ(one->class_id, wanted["class_id"].get<std::int64_t>());
      add_scores(one->confidence, wanted["confidence"]);
      ++objects;
    } else if (const auto* read = std::get_if<TextResult>(&actual)) {
      ASSERT_EQ(read->text, wanted["text"].get<std::string>());
      add_scores({read->confidence}, wanted["confidence"]);
      ++objects;
    } else if (const auto* segments = std::get_if<SemanticSegmentationResult>(&actual)) {
      maps.add(*segments, wanted);
    } else if (const auto* depth = std::get_if<DepthMap>(&actual)) {
      maps.add(*depth, wanted);
    } else {
      const auto& labels = std::get<MultiLabelClassificationPrediction>(actual);
      ASSERT_EQ(nlohmann::json(labels.class_ids), wanted["class_ids"]);
      add_scores(labels.confidence, wanted["confidence"]);
      objects += labels.class_ids.size();
    }
  }
};

template <class T>
std::string property_text(T number) {
  constexpr std::size_t kMostDigits = 32;
  std::array<char, kMostDigits> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr};
}

/// For tools/parity.py, which reads what `--gtest_output=json:` writes.
inline void record(const std::string& expected, const std::string& way,
                   const Deviation& deviation) {
  const MapDeviation& maps = deviation.maps;
  testing::Test::RecordProperty("expected", expected);
  testing::Test::RecordProperty("way", way);
  testing::Test::RecordProperty("architecture", deviation.architecture);
  testing::Test::RecordProperty("task", deviation.task);
  for (const auto& [name, text] : std::initializer_list<std::pair<const char*, std::string>>{
           {"cases", property_text(deviation.cases)},
           {"objects", property_text(deviation.objects)},
           {"coordinates", property_text(deviation.coordinates)},
           {"coordinates_off", property_text(deviation.coordinates_off)},
           {"coordinate_px", property_text(deviation.farthest)},
           {"score", property_text(deviation.score)},
           {"masks", property_text(deviation.masks)},
           {"masks_off", property_text(deviation.masks_off)},
           {"mask_px", property_text(deviation.mask_pixels_most)},
           {"mask_iou", property_text(deviation.mask_iou)},
           {"key_points", property_text(deviation.key_points)},
           {"key_points_off", property_text(deviation.key_points_off)},
           {"key_point_px", property_text(deviation.key_points_farthest)},
           {"covariances", property_text(deviation.covariances.known)},
           {"covariance", property_text(deviation.covariances.farthest)},
           {"maps", property_text(maps.maps)},
           {"map_pixels", property_text(maps.pixels)},
           {"map_pixels_off", property_text(maps.pixels_off)},
           {"map_number", property_text(maps.number)}}) {
    testing::Test::RecordProperty(name, text);
  }
}

}  // namespace replayrt
