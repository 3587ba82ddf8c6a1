// JPEG and PNG, as far as it tells whether a file is whole.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "pictures.hpp"
#include "replayrt/core/error.hpp"

namespace replayrt::cli {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::array<std::uint8_t, 8> kPngSignature = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
constexpr std::uint8_t kSoi = 0xd8;
constexpr std::uint8_t kEoi = 0xd9;
constexpr std::uint8_t kSos = 0xda;

std::int64_t big_endian(Bytes bytes) noexcept {
  std::int64_t value = 0;
  for (const std::uint8_t byte : bytes) {
    value = value * 256 + byte;
  }
  return value;
}

/// What a container says of its picture.
struct Found {
  bool whole = false;
  ImageSize size;  // 0: not found.
};

Found look_at_png(Bytes content) {
  constexpr std::size_t kAround = 12;  // Length and type before the data, a checksum after it.
  Found found;
  std::size_t at = kPngSignature.size();
  while (content.size() - at >= kAround) {
    const auto length = static_cast<std::size_t>(big_endian(content.subspan(at, 4)));
    const Bytes type = content.subspan(at + 4, 4);
    if (length > content.size() - at - kAround) {
      break;
    }
    if (std::ranges::equal(type, std::string_view("IHDR")) && length >= 8) {
      const Bytes data = content.subspan(at + 8, length);
      found.size = {big_endian(data.subspan(4, 4)), big_endian(data.first(4))};
    }
    if (std::ranges::equal(type, std::string_view("IEND"))) {
      found.whole = true;
      break;
    }
    at += kAround + length;
  }
  return found;
}

/// Whether the marker stands alone, without a segment after it.
bool is_bare_marker(std::uint8_t marker) noexcept {
  return marker == 0x01 || (marker >= 0xd0 && marker <= kSoi);
}

bool is_frame_marker(std::uint8_t marker) noexcept {
  return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

/// The position behind the next marker at or after `at`; none if there is no more. Passes over what
/// is compressed, and over stray bytes as decoders do.
std::optional<std::size_t> behind_next_marker(Bytes content, std::size_t at) {
  while (at + 1 < content.size()) {
    if (content[at] != 0xff || content[at + 1] == 0xff) {
      ++at;  // Of two 0xff the first one fills up.
    } else if (content[at + 1] == 0x00) {
      at += 2;  // A compressed 0xff.
    } else {
      return at + 2;
    }
  }
  return std::nullopt;
}

Found look_at_jpeg(Bytes content) {
  Found found;
  bool has_scan = false;
  std::optional<std::size_t> at = behind_next_marker(content, 0);
  while (at) {
    const std::uint8_t marker = content[*at - 1];
    if (marker == kEoi) {
      found.whole = has_scan;
      break;
    }
    if (is_bare_marker(marker)) {
      at = behind_next_marker(content, *at);
      continue;
    }
    const Bytes rest = content.subspan(*at);
    if (rest.size() < 2) {
      break;
    }
    const auto length = static_cast<std::size_t>(big_endian(rest.first(2)));
    if (length < 2 || length > rest.size()) {
      break;
    }
    if (is_frame_marker(marker) && length >= 7) {
      found.size = {big_endian(rest.subspan(3, 2)), big_endian(rest.subspan(5, 2))};
    }
    has_scan = has_scan || marker == kSos;
    at = behind_next_marker(content, *at + length);
  }
  return found;
}

}  // namespace

void require_whole_picture(std::span<const std::uint8_t> content, const std::string& name) {
  const bool png = content.size() >= kPngSignature.size() &&
                   std::ranges::equal(content.first(kPngSignature.size()), kPngSignature);
  const bool jpeg =
      content.size() >= 3 && content[0] == 0xff && content[1] == kSoi && content[2] == 0xff;
  if (!png && !jpeg) {
    return;
  }
  const Found found = png ? look_at_png(content) : look_at_jpeg(content);
  const std::string_view format = png ? "PNG" : "JPEG";
  if (found.size.width > kMostPixels ||
      found.size.height > kMostPixels / std::max(found.size.width, std::int64_t{1})) {
    throw Error(
        ErrorCode::kModelInput,
        fmt::format("{}: is too large: {} x {} pixels (height x width), expected at most {}", name,
                    found.size.height, found.size.width, kMostPixels));
  }
  if (!found.whole) {
    throw Error(ErrorCode::kModelInput,
                fmt::format("{}: is truncated: a {} whose end is missing", name, format));
  }
}

}  // namespace replayrt::cli
