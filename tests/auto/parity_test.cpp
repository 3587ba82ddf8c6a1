// What the Python reference gives out, for every family: tests/models/expected, written by
// tools/reference/oracle.py.

#include "parity.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <opencv2/core/mat.hpp>
#include <string>

#include "deviation.hpp"
#include "replayrt/auto_model.hpp"

namespace replayrt {
namespace {

using nlohmann::json;

// "Scores within 1e-3; boxes equal, or 1 px off on at most 1 % of the coordinates."
constexpr double kScoreTolerance = 1e-3;
constexpr double kTextScoreTolerance = 1e-4;
constexpr double kCovarianceTolerance = 1e-4;  // Of the product of two deviations.
constexpr double kMostCoordinatesOff = 0.01;
constexpr std::size_t kLeastCases = 4;

/// The reference's keyword arguments.
PredictOptions options_of(const json& keywords) {
  PredictOptions options;
  for (const auto& [name, value] : keywords.items()) {
    if (name == "confidence") {
      options.confidence = value.is_string() ? Confidence::best() : Confidence(value.get<double>());
    } else if (name == "iou_threshold") {
      options.iou_threshold = value;
    } else if (name == "max_detections") {
      options.max_detections = value;
    } else if (name == "class_agnostic_nms") {
      options.class_agnostic_nms = value.get<bool>();
    } else if (name == "masks_smoothing_enabled") {
      options.masks_smoothing_enabled = value.get<bool>();
    } else if (name == "masks_binarization_threshold") {
      options.masks_binarization_threshold = value;
    } else if (name == "masks_resolution_factor") {
      options.masks_resolution_factor = value;
    } else if (name == "key_points_threshold") {
      options.key_points_threshold = value.get<double>();
    } else if (name == "image_size") {
      options.image_size =
          value.is_array() ? ImageSize{value[1], value[0]} : ImageSize{value, value};
    } else if (name == "pre_processing_overrides") {
      PreProcessingOverrides& overrides = options.pre_processing_overrides;
      overrides.disable_static_crop = value.value("disable_static_crop", false);
      overrides.disable_grayscale = value.value("disable_grayscale", false);
      overrides.disable_contrast_enhancement = value.value("disable_contrast_enhancement", false);
    } else {
      EXPECT_EQ(name, "input_color_format");
    }
  }
  return options;
}

json size_json(const std::optional<ImageSize>& size) {
  return size ? json{size->height, size->width} : json(nullptr);
}

void expect_metadata(const PreProcessingMetadata& actual, const json& wanted) {
  EXPECT_EQ(size_json(actual.original_size), wanted["original_size"]);
  EXPECT_EQ(size_json(actual.inference_size), wanted["inference_size"]);
  if (!wanted.contains("pad_left")) {
    return;  // Of text the reference records nothing else.
  }
  const auto& crop = actual.static_crop_offset;
  EXPECT_EQ(
      (json{actual.pad_left, actual.pad_top, actual.pad_right, actual.pad_bottom}),
      (json{wanted["pad_left"], wanted["pad_top"], wanted["pad_right"], wanted["pad_bottom"]}));
  EXPECT_EQ(size_json(actual.size_after_pre_processing), wanted["size_after_pre_processing"]);
  EXPECT_EQ(size_json(actual.nonsquare_intermediate_size), wanted["nonsquare_intermediate_size"]);
  EXPECT_DOUBLE_EQ(actual.scale_width, wanted["scale_width"].get<double>());
  EXPECT_DOUBLE_EQ(actual.scale_height, wanted["scale_height"].get<double>());
  EXPECT_EQ((json{crop.offset_x, crop.offset_y, crop.crop_width, crop.crop_height}),
            wanted["static_crop_offset"]);
}

/// Sanitizers take long, and find in one way what they would find in the others.
std::vector<Way> ways() {
  std::vector<Way> all = {{"default", true, false, false},
                          {"unfused", false, true, false},
                          {"cached", true, true, true}};
#if defined(__SANITIZE_ADDRESS__)
  all.resize(1);
#endif
  return all;
}

void run_case(const json& test, const Model& model, bool compatible, Deviation& deviation) {
  const ColorFormat color =
      color_format_from_string(test["options"].value("input_color_format", "bgr"));
  std::vector<cv::Mat> pictures;
  std::vector<ImageView> views;
  for (const json& name : test["pictures"]) {
    pictures.push_back(picture(name));
    // The reference is given the same array, whatever it is told of its colours.
    views.push_back(view_of(pictures.back(), color));
  }
  const PredictOptions options = options_of(test["options"]);
  // Pages of text have a size each: they make no batch.
  const bool one_by_one = model.package().text_detection.has_value();
  for (std::size_t first = 0; first < views.size(); first += one_by_one ? 1 : views.size()) {
    const PreProcessedImages batch =
        model.pre_process(std::span(views).subspan(first, one_by_one ? 1 : views.size()), options);
    for (std::size_t i = 0; i < batch.metadata.size(); ++i) {
      expect_metadata(batch.metadata[i], test["metadata"][first + i]);
    }
  }
  // Captured by the first call, replayed by the second.
  for (int call = 0; call < (model.graph_cache() != nullptr ? 2 : 1); ++call) {
    const std::vector<Prediction> found = model.predict(views, options);
    const json& wanted = answers_of(test, compatible);
    ASSERT_EQ(found.size(), wanted.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      ASSERT_NO_FATAL_FAILURE(deviation.add(found[i], wanted[i], model));
    }
  }
}

/// Whether the reference's map shows what its network has not seen, or is not of the picture's
/// size.
bool map_differs(const json& test) {
  const bool has_map = test["predictions"][0].contains("mean");
  return has_map && std::ranges::any_of(test["metadata"], [](const json& metadata) {
           const json& crop = metadata["static_crop_offset"];
           const bool crop_at_corner =
               crop[0] == 0 && crop[1] == 0 &&
               metadata["original_size"] != metadata["size_after_pre_processing"];
           return crop_at_corner || metadata["pad_left"] < 0 || metadata["pad_top"] < 0 ||
                  metadata["pad_right"] < 0 || metadata["pad_bottom"] < 0;
         });
}

/// Where ReplayRT deliberately differs (docs/reference-differences.md).
bool differs_on_purpose(const json& test) {
  const std::filesystem::path package = packages() / test["package"].get<std::string>();
  if (!std::filesystem::exists(package / "inference_config.json")) {
    return test["name"] == "dilation";  // Text.
  }
  std::ifstream inference_config(package / "inference_config.json");
  std::ifstream model_config(package / "model_config.json");
  const json network = json::parse(inference_config)["network_input"];
  const bool rfdetr = json::parse(model_config)["model_architecture"] == "rfdetr";
  const std::string mode = network["resize_mode"];
  const bool has_dataset_size =
      !network.value("dataset_version_resize_dimensions", json()).is_null();
  const bool one_step = mode == "stretch" || mode == "fit-longer-edge";
  return test["name"] == "options of NMS have no effect" || map_differs(test) ||
         (rfdetr && !one_step && !has_dataset_size) ||
         (rfdetr && network["color_mode"] == "bgr" &&
          !test["options"].contains("input_color_format"));
}

class ParityTest : public testing::TestWithParam<std::tuple<std::string, Way>> {};

TEST_P(ParityTest, AnswersAreTheReferences) {
  const auto& [family, way] = GetParam();
  Deviation deviation;
  std::map<std::string, Model> models;
  const json answers = expected(family);
  for (const json& test : answers["cases"]) {
    if (!way.compatible && differs_on_purpose(test)) {
      continue;
    }
    SCOPED_TRACE(family + ": " + test["name"].get<std::string>());
    const std::string package = test["package"];
    if (!models.contains(package)) {
      models.emplace(package, load(package, way));
      ASSERT_NO_FATAL_FAILURE(deviation.add_family(models.at(package).package().model_config));
    }
    ASSERT_NO_FATAL_FAILURE(run_case(test, models.at(package), way.compatible, deviation));
    ++deviation.cases;
  }
  std::cout << "[  PARITY  ] " << family << ", " << way.name << ": " << deviation.cases
            << " cases, " << deviation.objects << " objects, " << deviation.key_points
            << " key points (" << deviation.key_points_off << " off), coordinates off "
            << deviation.coordinates_off << " (by " << deviation.farthest << " px), score off by "
            << deviation.score;
  if (deviation.masks > 0) {
    std::cout << ", of " << deviation.masks << " masks " << deviation.masks_off << " off, by "
              << deviation.mask_pixels_off << " px in all";
  }
  if (deviation.covariances.known > 0) {
    std::cout << ", " << deviation.covariances.known << " covariances off by "
              << deviation.covariances.farthest;
  }
  std::cout << ", pixels off " << deviation.maps.pixels_off << " of " << deviation.maps.pixels
            << ", numbers off by " << deviation.maps.number << "\n";
  record(family, way.name, deviation);
  deviation.maps.expect_small();
  EXPECT_GE(deviation.cases, kLeastCases);
  EXPECT_LE(deviation.farthest, 1);
  // Within half a pixel: both are whole ones, and margins.py has refused those near the middle.
  EXPECT_EQ(deviation.key_points_off, 0U);
  EXPECT_EQ(deviation.covariances.known > 0, family == "rfdetr-points");
  EXPECT_LE(deviation.covariances.farthest, kCovarianceTolerance);
  EXPECT_LE(static_cast<double>(deviation.coordinates_off),
            kMostCoordinatesOff * static_cast<double>(deviation.coordinates));
  EXPECT_LE(deviation.score, family.starts_with("pp-ocr") ? kTextScoreTolerance : kScoreTolerance);
}

INSTANTIATE_TEST_SUITE_P(
    Families, ParityTest,
    testing::Combine(testing::Values("yolov5", "yolov7", "yolov8", "yolov8-any-size",
                                     "yolov8-fused", "yolov9", "yolov9-fused", "yolov10", "yolov11",
                                     "yolov11-fused", "yolov12", "yolov12-fused", "yolo26",
                                     "yolov5-masks", "yolov7-masks", "yolov8-masks",
                                     "yolov8-masks-stride8", "yolov8-masks-fused", "yolov11-masks",
                                     "yolov11-masks-fused", "yolo26-masks", "yolact",
                                     "rfdetr-masks", "yolov8-points", "yolov8-points-fused",
                                     "yolov11-points", "yolov11-points-fused", "yolo26-points",
                                     "rfdetr-points", "yolo26-segmentation", "yolo26-binary",
                                     "yolo26-depth", "deep-lab-v3-plus", "deep-lab-v3-plus-without",
                                     "yolonas", "rfdetr", "rfdetr-no-object", "rfdetr-removal",
                                     "resnet", "resnet-fused", "resnet-multi", "resnet-multi-fused",
                                     "vit", "vit-fused", "vit-multi", "vit-multi-fused",
                                     "yolov8-classification", "yolov11-classification",
                                     "pp-ocrv6-det", "pp-ocrv6-rec"),
                     testing::ValuesIn(ways())),
    [](const auto& test) {
      std::string name = std::get<0>(test.param) + "_" + std::get<1>(test.param).name;
      std::ranges::replace(name, '-', '_');
      return name;
    });

std::uint64_t fnv1a(std::span<const std::uint8_t> bytes) {
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const std::uint8_t byte : bytes) {
    hash = (hash ^ byte) * 0x100000001B3U;
  }
  return hash;
}

TEST(PreProcessParityTest, TensorsAreTheReferencesBitByBit) {
  const json answers = expected("preprocess");
  EXPECT_GE(answers["cases"].size(), 12U);
  for (const json& test : answers["cases"]) {
    const std::string package = test["package"];
    SCOPED_TRACE(package + " " + test["picture"].get<std::string>());
    const Model model = AutoModel::from_pretrained(
        packages() / package, {.fuse_pre_processing = false, .reference_compatible = true});
    const cv::Mat pixels = picture(test["picture"]);
    const ImageView view = view_of(pixels, ColorFormat::kBgr);
    const PreProcessedImages batch = model.pre_process(std::span(&view, 1));
    EXPECT_EQ(json(std::vector<std::int64_t>(batch.images.shape().dims().begin(),
                                             batch.images.shape().dims().end())),
              test["shape"]);
    ASSERT_EQ(test["dtype"], "float32");
    const auto values = batch.images.as<float>();
    const std::span bytes(reinterpret_cast<const std::uint8_t*>(values.data()),
                          values.size_bytes());
    EXPECT_EQ(fnv1a(bytes), std::stoull(test["fnv1a"].get<std::string>(), nullptr, 16));
  }
}

}  // namespace
}  // namespace replayrt
