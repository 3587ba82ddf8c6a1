#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

#include "support/temporary_folder.hpp"

namespace replayrt::models {

/// `json_text` with the value at `pointer` ("/network_input/color_mode") made `value`, JSON as
/// well.
inline std::string with_value(std::string_view json_text, const std::string& pointer,
                              std::string_view value) {
  auto json = nlohmann::json::parse(json_text);
  json[nlohmann::json::json_pointer(pointer)] = nlohmann::json::parse(value);
  return json.dump();
}

/// `json_text` without what is at `pointer`, which must be a key of an object.
inline std::string without_value(std::string_view json_text, const std::string& pointer) {
  auto json = nlohmann::json::parse(json_text);
  const nlohmann::json::json_pointer at(pointer);
  if (json[at.parent_pointer()].erase(at.back()) != 1) {
    throw std::logic_error("no " + pointer + " in " + std::string(json_text));
  }
  return json.dump();
}

inline constexpr std::string_view kValidModelConfig = R"({
  "model_architecture": "yolov8",
  "task_type": "object-detection",
  "backend_type": "onnx",
  "model_id": "test/1"
})";

inline constexpr std::string_view kValidInferenceConfig = R"({
  "network_input": {
    "training_input_size": {"height": 64, "width": 96},
    "dynamic_spatial_size_supported": false,
    "color_mode": "rgb",
    "resize_mode": "stretch",
    "input_channels": 3,
    "scaling_factor": 255
  },
  "post_processing": {"type": "nms", "fused": false}
})";

inline constexpr std::string_view kValidTrtConfig = R"({
  "static_batch_size": null,
  "dynamic_batch_size_min": 1,
  "dynamic_batch_size_opt": 2,
  "dynamic_batch_size_max": 8
})";

inline constexpr std::string_view kValidTextDetection = R"(PreProcess:
  transform_ops:
  - DecodeImage: {img_mode: BGR}
  - DetResizeForTest: {limit_side_len: 736, limit_type: min}
  - NormalizeImage: {mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], scale: 1./255.}
PostProcess: {thresh: 0.3, box_thresh: 0.5, unclip_ratio: 1.6, max_candidates: 1000}
)";

inline constexpr std::string_view kValidTextRecognition = R"(PreProcess:
  transform_ops:
  - RecResizeImg: {image_shape: [3, 48, 320]}
PostProcess:
  character_dict: [a, b, "\u00fc", '0']
)";

inline constexpr std::string_view kValidKeyPoints = R"([
  {"object_class_id": 0, "keypoints": {"0": "head", "1": "tail"}, "edges": [{"from": 0, "to": 1}]},
  {"object_class_id": 1, "keypoints": {"0": "nose"}, "edges": []}
])";

inline constexpr std::string_view kValidPackageManifest = R"({
  "type": "trt-model-package-v1",
  "backendType": "trt",
  "dynamicBatchSize": true,
  "minBatchSize": 1,
  "optBatchSize": 2,
  "maxBatchSize": 8,
  "quantization": "fp16",
  "cudaDeviceType": "NVIDIA T4",
  "cudaDeviceCC": "7.5",
  "cudaVersion": "12.4",
  "trtVersion": "10.3.0.26",
  "machineType": "gpu-server",
  "machineSpecs": {
    "type": "gpu-server-specs-v1",
    "driverVersion": "535.104.05",
    "osVersion": "ubuntu-22.04"
  }
})";

/// A manifest of the one file engine.plan as `ValidPackage::trt` has it.
inline constexpr std::string_view kMd5OfPlan = "96cfce01064e70044faf9396eddc07e8";  // Of "a plan".

inline std::string valid_manifest() {
  return R"({"packageManifest": )" + std::string(kValidPackageManifest) +
         R"(, "files": {"engine.plan": ")" + std::string(kMd5OfPlan) + R"("}})";
}

/// The files of a small package with nothing wrong: to be changed, and then written.
struct ValidPackage {
  std::map<std::string, std::string> files;

  /// Weights are a text: this is for what only looks at the package.
  static ValidPackage onnx() {
    return {{{"model_config.json", std::string(kValidModelConfig)},
             {"class_names.txt", "cat\ndog\n"},
             {"inference_config.json", std::string(kValidInferenceConfig)},
             {"weights.onnx", "a network"}}};
  }
  static ValidPackage text_detection() {
    return {{{"model_config.json",
              R"({"model_architecture": "pp-ocrv6-det", "task_type": "object-detection",
                  "backend_type": "onnx"})"},
             {"inference.yml", std::string(kValidTextDetection)},
             {"inference.onnx", "a network"}}};
  }
  static ValidPackage text_recognition() {
    return {{{"model_config.json",
              R"({"model_architecture": "pp-ocrv6-rec", "task_type": "text-only-ocr",
                  "backend_type": "onnx"})"},
             {"inference.yml", std::string(kValidTextRecognition)},
             {"inference.onnx", "a network"}}};
  }
  static ValidPackage trt() {
    ValidPackage package = onnx();
    package.files.erase("weights.onnx");
    package.set("model_config.json", "/backend_type", R"("trt")");
    package.files["engine.plan"] = "a plan";
    package.files["trt_config.json"] = std::string(kValidTrtConfig);
    return package;
  }

  /// Changes one value of a JSON file.
  ValidPackage& set(const std::string& file, const std::string& pointer, std::string_view value) {
    files.at(file) = with_value(files.at(file), pointer, value);
    return *this;
  }

  /// Makes the files in `folder`; its path.
  std::filesystem::path write(const TemporaryFolder& folder) const {
    for (const auto& [name, content] : files) {
      folder.write(name, content);
    }
    return folder.path();
  }
};

}  // namespace replayrt::models
