#pragma once

#include "models/families/family.hpp"

namespace replayrt::models {

/// Ultralytics' detector with its NMS outside or inside of the network: YOLOv8, v9, v11 and v12.
Family ultralytics_detection(std::string_view architecture);

/// One class per image by softmax: ResNet, ViT, YOLOv8 and v11.
Family single_label(std::string_view architecture);

/// Any number of classes per image by sigmoid: ResNet and ViT.
Family multi_label(std::string_view architecture);

/// The same with masks: YOLOv8 and v11.
Family ultralytics_segmentation(std::string_view architecture);

/// Instance segmentation with an objectness.
Family yolov5_segmentation();
Family yolov7_segmentation();

/// Rows that the network has selected: (images, rows, 6).
Prediction decode_selected(const DecodeInput& input, std::size_t image,
                           const PreProcessingMetadata& metadata);

/// Logits per class and pixel: semantic segmentation of DeepLabV3+ and YOLO26.
Prediction decode_segmentation(const DecodeInput& input, std::size_t image,
                               const PreProcessingMetadata& metadata);

/// Such rows with the coefficients of masks, and prototypes: (images, rows, 6 + prototypes).
Prediction decode_selected_with_masks(const DecodeInput& input, std::size_t image,
                                      const PreProcessingMetadata& metadata);

/// Rows with an objectness: (images, rows, 5 + classes).
Prediction decode_with_objectness(const DecodeInput& input, std::size_t image,
                                  const PreProcessingMetadata& metadata);

}  // namespace replayrt::models
