#pragma once

#include "models/families/family.hpp"
#include "models/postprocess/key_points.hpp"

namespace replayrt::models {

/// Ultralytics' key points with their NMS outside or inside of the network: YOLOv8 and v11.
Family ultralytics_key_points(std::string_view architecture);

/// Rows that the network has selected: (images, rows, 6 + 3 x places).
Prediction decode_selected_key_points(const DecodeInput& input, std::size_t image,
                                      const PreProcessingMetadata& metadata);

/// What a call says of key points.
KeyPointSettings key_point_settings(const DecodeInput& input);

}  // namespace replayrt::models
