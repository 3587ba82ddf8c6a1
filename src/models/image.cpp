#include "replayrt/models/image.hpp"

#include <limits>
#include <string>

#include "replayrt/core/error.hpp"

namespace replayrt {
namespace {

// OpenCV counts rows, columns and the bytes of a row in int.
constexpr std::int64_t kLongestSide = std::numeric_limits<std::int32_t>::max() / 16;

bool is_channel_count(std::int64_t channels) {
  return channels == 1 || channels == 3 || channels == 4;
}

}  // namespace

std::string_view to_string(ColorFormat format) noexcept {
  return format == ColorFormat::kBgr ? "bgr" : "rgb";
}

ColorFormat color_format_from_string(std::string_view text) {
  for (const ColorFormat format : {ColorFormat::kBgr, ColorFormat::kRgb}) {
    if (text == to_string(format)) {
      return format;
    }
  }
  throw Error(ErrorCode::kInvalidParameter,
              "colour format '" + std::string(text) + "' is unknown: expected bgr or rgb");
}

Image Image::allocate(ImageSize size, std::int64_t channels) {
  if (size.height < 1 || size.width < 1 || !is_channel_count(channels)) {
    throw Error(ErrorCode::kInvalidParameter,
                "an image of " + std::to_string(size.height) + " x " + std::to_string(size.width) +
                    " pixels with " + std::to_string(channels) +
                    " channels: expected at least 1 x 1 with 1, 3 or 4");
  }
  Image image;
  image.pixels_ = Tensor::allocate(DType::kU8, Shape{size.height, size.width, channels});
  return image;
}

ImageView Image::view() const noexcept {
  return {.data = static_cast<const std::uint8_t*>(pixels_.data()),
          .height = pixels_.shape()[0],
          .width = pixels_.shape()[1],
          .channels = pixels_.shape()[2]};
}

void require_image(const ImageView& image, std::string_view what) {
  const auto refuse = [&](const std::string& message) {
    throw Error(ErrorCode::kModelInput, std::string(what) + " " + message);
  };
  if (image.data == nullptr) {
    refuse("has no pixels");
  }
  if (image.height < 1 || image.width < 1 || image.height > kLongestSide ||
      image.width > kLongestSide) {
    refuse("has height " + std::to_string(image.height) + " and width " +
           std::to_string(image.width) + ": expected 1 to " + std::to_string(kLongestSide));
  }
  if (!is_channel_count(image.channels)) {
    refuse("has " + std::to_string(image.channels) + " channels: expected 1, 3 or 4");
  }
  if (image.row_bytes != 0 && image.row_bytes < image.width * image.channels) {
    refuse("has rows " + std::to_string(image.row_bytes) + " bytes apart that take " +
           std::to_string(image.width * image.channels));
  }
}

}  // namespace replayrt
