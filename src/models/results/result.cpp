#include "replayrt/models/result.hpp"

#include <numeric>

#include "replayrt/core/error.hpp"

namespace replayrt {

std::vector<std::int64_t> Detections::box_area() const {
  std::vector<std::int64_t> areas;
  areas.reserve(xyxy.size());
  for (const auto& [left, top, right, bottom] : xyxy) {
    areas.push_back((std::int64_t{right} - left) * (std::int64_t{bottom} - top));
  }
  return areas;
}

const Detections* detections_of(const Prediction& prediction) noexcept {
  return std::visit(
      [](const auto& value) -> const Detections* {
        if constexpr (std::is_base_of_v<Detections, std::decay_t<decltype(value)>>) {
          return &value;
        } else {
          return nullptr;
        }
      },
      prediction);
}

RleMask RleMask::encode(std::span<const std::uint8_t> mask, ImageSize size) {
  if (size.height < 0 || size.width < 0 ||
      static_cast<std::uint64_t>(size.height * size.width) != mask.size()) {
    throw Error(ErrorCode::kInvalidParameter, "a mask of " + std::to_string(mask.size()) +
                                                  " elements for " + std::to_string(size.height) +
                                                  " x " + std::to_string(size.width) +
                                                  " pixels: expected one element per pixel");
  }
  RleMask result{.size = size, .counts = {}};
  const auto height = static_cast<std::size_t>(size.height);
  const auto width = static_cast<std::size_t>(size.width);
  bool current = false;
  std::uint32_t run = 0;
  for (std::size_t column = 0; column < width; ++column) {
    for (std::size_t row = 0; row < height; ++row) {
      const bool set = mask[row * width + column] != 0;
      if (set != current) {
        result.counts.push_back(run);
        run = 0;
        current = set;
      }
      ++run;
    }
  }
  result.counts.push_back(run);
  return result;
}

std::vector<std::uint8_t> RleMask::decode() const {
  const std::uint64_t total = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  if (size.height < 0 || size.width < 0 ||
      total != static_cast<std::uint64_t>(size.height * size.width)) {
    throw Error(ErrorCode::kInvalidParameter,
                "the runs of a mask have " + std::to_string(total) + " pixels: expected " +
                    std::to_string(size.height) + " x " + std::to_string(size.width));
  }
  const auto height = static_cast<std::size_t>(size.height);
  const auto width = static_cast<std::size_t>(size.width);
  std::vector<std::uint8_t> mask(height * width);
  std::size_t at = 0;
  bool set = false;
  for (const std::uint32_t count : counts) {
    for (std::uint32_t i = 0; i < count; ++i, ++at) {
      mask[at % height * width + at / height] = set ? 1 : 0;
    }
    set = !set;
  }
  return mask;
}

std::string RleMask::compressed_counts() const {
  constexpr std::int64_t kBits = 5;
  constexpr std::int64_t kMask = 0x1F;
  constexpr std::int64_t kSign = 0x10;
  constexpr std::int64_t kMore = 0x20;
  constexpr std::int64_t kFirstCharacter = 48;
  std::string text;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    // From the third run on, the difference to the one before the last is smaller.
    std::int64_t rest = std::int64_t{counts[i]} - (i > 2 ? std::int64_t{counts[i - 2]} : 0);
    bool more = true;
    while (more) {
      std::int64_t digit = rest & kMask;
      rest >>= kBits;
      more = (digit & kSign) != 0 ? rest != -1 : rest != 0;
      digit |= more ? kMore : 0;
      text.push_back(static_cast<char>(digit + kFirstCharacter));
    }
  }
  return text;
}

std::int64_t RleMask::area() const noexcept {
  std::int64_t area = 0;
  for (std::size_t i = 1; i < counts.size(); i += 2) {
    area += counts[i];
  }
  return area;
}

}  // namespace replayrt
