#pragma once

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "replayrt/models/result.hpp"

namespace replayrt {

/// The inverse of `RleMask::compressed_counts` (`rleFrString` of COCO's maskApi.c).
inline RleMask from_compressed(const std::string& text, ImageSize size) {
  constexpr std::int64_t kMore = 0x20;
  constexpr std::int64_t kSign = 0x10;
  RleMask mask{.size = size, .counts = {}};
  std::size_t at = 0;
  while (at < text.size()) {
    std::int64_t value = 0;
    int shift = 0;
    std::int64_t digit = kMore;
    for (; (digit & kMore) != 0; shift += 5) {
      digit = text[at++] - 48;
      value |= (digit & 0x1F) << shift;
    }
    if ((digit & kSign) != 0) {
      value -= std::int64_t{1} << shift;
    }
    const std::size_t count = mask.counts.size();
    mask.counts.push_back(
        static_cast<std::uint32_t>(value + (count > 2 ? mask.counts[count - 2] : 0)));
  }
  return mask;
}

/// "IoU >= 0.99 or at most 8 pixels."
struct MaskDifference {
  std::int64_t pixels = 0;
  double iou = 1;

  [[nodiscard]] bool is_small() const { return pixels <= 8 || iou >= 0.99; }
};

/// Both of one size.
inline MaskDifference difference(const RleMask& first, const RleMask& second) {
  const std::vector<std::uint8_t> a = first.decode();
  const std::vector<std::uint8_t> b = second.decode();
  std::int64_t both = 0;
  std::int64_t either = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    both += a[i] & b[i];
    either += a[i] | b[i];
  }
  return {either - both,
          either == 0 ? 1.0 : static_cast<double>(both) / static_cast<double>(either)};
}

inline std::vector<RleMask> masks_of(const nlohmann::json& wanted) {
  const ImageSize size{wanted["mask_size"][0], wanted["mask_size"][1]};
  std::vector<RleMask> masks;
  for (const auto& text : wanted["masks"]) {
    masks.push_back(from_compressed(text, size));
  }
  return masks;
}

/// Whether classes, boxes (to a pixel) and masks are those of an expected answer.
inline bool agrees(const InstanceDetections& found, const nlohmann::json& wanted) {
  if (nlohmann::json(found.class_id) != wanted["class_id"]) {
    return false;
  }
  const std::vector<RleMask> masks = masks_of(wanted);
  for (std::size_t i = 0; i < found.size(); ++i) {
    for (std::size_t side = 0; side < 4; ++side) {
      if (std::abs(found.xyxy[i][side] - wanted["xyxy"][i][side].get<std::int32_t>()) > 1) {
        return false;
      }
    }
    if (found.mask[i].size != masks[i].size || !difference(found.mask[i], masks[i]).is_small()) {
      return false;
    }
  }
  return true;
}

}  // namespace replayrt
