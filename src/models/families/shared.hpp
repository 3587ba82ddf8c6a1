#pragma once

#include "models/families/family.hpp"

namespace replayrt::models {

/// Ultralytics' detector with its NMS outside or inside of the network: YOLOv8, v9, v11 and v12.
Family ultralytics_detection(std::string_view architecture);

/// One class per image by softmax: ResNet, ViT, YOLOv8 and v11.
Family single_label(std::string_view architecture);

/// Any number of classes per image by sigmoid: ResNet and ViT.
Family multi_label(std::string_view architecture);

/// Rows that the network has selected: (images, rows, 6).
Prediction decode_selected(const DecodeInput& input, std::size_t image,
                           const PreProcessingMetadata& metadata);

/// Logits per class and pixel: semantic segmentation of DeepLabV3+ and YOLO26.
Prediction decode_segmentation(const DecodeInput& input, std::size_t image,
                               const PreProcessingMetadata& metadata);

/// Rows with an objectness: (images, rows, 5 + classes).
Prediction decode_with_objectness(const DecodeInput& input, std::size_t image,
                                  const PreProcessingMetadata& metadata);

}  // namespace replayrt::models
