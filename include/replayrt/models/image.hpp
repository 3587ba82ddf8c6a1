#pragma once

#include <cstdint>
#include <string_view>

#include "replayrt/core/tensor.hpp"

namespace replayrt {

/// Pixels. Written as (height, width) wherever both stand together, as in the Python reference.
struct ImageSize {
  std::int64_t height = 0;
  std::int64_t width = 0;

  friend bool operator==(const ImageSize&, const ImageSize&) = default;
};

/// Order of the colour channels.
enum class ColorFormat : std::uint8_t { kBgr, kRgb };

/// "bgr", "rgb"
std::string_view to_string(ColorFormat format) noexcept;
/// The inverse. Throws Error(kInvalidParameter) that names `text`.
ColorFormat color_format_from_string(std::string_view text);

/// How the stored rows and columns are to be turned for the picture to stand upright; the values
/// are those of EXIF's tag 274, "Orientation".
enum class Orientation : std::uint8_t {
  kUpright = 1,
  kMirrored = 2,
  kRotated180 = 3,
  kFlipped = 4,
  kTransposed = 5,
  kRotated90 = 6,  ///< To be turned clockwise by 90 degrees.
  kTransversed = 7,
  kRotated270 = 8,
};

/// A picture of u8 channels that somebody else owns: rows from top to bottom, pixels from left to
/// right, the channels of a pixel side by side. It must stay valid and unchanged until the call
/// that takes it has returned.
struct ImageView {
  const std::uint8_t* data = nullptr;
  std::int64_t height = 0;
  std::int64_t width = 0;
  /// 3 as `color` says; 1 is grey and stands for three equal channels; 4 has an opacity in the last
  /// channel, which is not looked at.
  std::int64_t channels = 3;
  std::int64_t row_bytes = 0;  ///< From one row to the next; 0: the rows follow without gaps.
  ColorFormat color = ColorFormat::kBgr;
  /// Looked at by packages that enable `auto-orient`; the others take the pixels as they are
  /// stored.
  Orientation orientation = Orientation::kUpright;

  [[nodiscard]] ImageSize size() const noexcept { return {height, width}; }
};

/// A picture that owns its pixels, dense. Copies share them.
class Image {
 public:
  Image() = default;

  /// Pixels uninitialised, in BGR. Throws Error(kInvalidParameter) unless the size is positive and
  /// there are 1, 3 or 4 channels, Error(kOutOfMemory).
  static Image allocate(ImageSize size, std::int64_t channels = 3);

  [[nodiscard]] bool defined() const noexcept { return pixels_.defined(); }
  [[nodiscard]] ImageSize size() const noexcept { return {pixels_.shape()[0], pixels_.shape()[1]}; }
  [[nodiscard]] std::int64_t channels() const noexcept { return pixels_.shape()[2]; }
  /// The pixels, (height, width, channels), u8.
  [[nodiscard]] const Tensor& pixels() const noexcept { return pixels_; }

  /// Valid as long as some copy of this image lives.
  [[nodiscard]] ImageView view() const noexcept;

 private:
  Tensor pixels_;
};

/// Throws Error(kModelInput) that says what is wrong with `image`: no pixels, a size or a number of
/// channels that is none, rows that overlap. `what` is what the message calls it.
void require_image(const ImageView& image, std::string_view what);

}  // namespace replayrt
