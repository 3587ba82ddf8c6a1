#include "models/preprocess/picture.hpp"

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "models/preprocess/contrast.hpp"
#include "models/preprocess/placement.hpp"
#include "models/size_text.hpp"
#include "replayrt/core/error.hpp"

namespace replayrt::models {
namespace {

/// The caller's pixels. OpenCV takes no const; nothing writes to a picture that is still a view.
cv::Mat view_of(const ImageView& image) {
  auto* const data = const_cast<std::uint8_t*>(image.data);
  const auto step = static_cast<std::size_t>(image.row_bytes == 0 ? image.width * image.channels
                                                                  : image.row_bytes);
  return {static_cast<int>(image.height), static_cast<int>(image.width),
          CV_8UC(static_cast<int>(image.channels)), data, step};
}

cv::Mat three_channels(const cv::Mat& pixels) {
  cv::Mat result = pixels;
  if (pixels.channels() == 1) {
    cv::cvtColor(pixels, result, cv::COLOR_GRAY2BGR);
  } else if (pixels.channels() == 4) {
    cv::cvtColor(pixels, result, cv::COLOR_BGRA2BGR);
  }
  return result;
}

cv::Mat upright(const cv::Mat& pixels, Orientation orientation) {
  constexpr int kVertical = 0;
  constexpr int kHorizontal = 1;
  cv::Mat result;
  switch (orientation) {
    case Orientation::kUpright:
      return pixels;
    case Orientation::kMirrored:
      cv::flip(pixels, result, kHorizontal);
      break;
    case Orientation::kRotated180:
      cv::rotate(pixels, result, cv::ROTATE_180);
      break;
    case Orientation::kFlipped:
      cv::flip(pixels, result, kVertical);
      break;
    case Orientation::kTransposed:
      cv::transpose(pixels, result);
      break;
    case Orientation::kRotated90:
      cv::rotate(pixels, result, cv::ROTATE_90_CLOCKWISE);
      break;
    case Orientation::kTransversed: {
      cv::Mat turned;
      cv::transpose(pixels, turned);
      cv::rotate(turned, result, cv::ROTATE_180);
      break;
    }
    case Orientation::kRotated270:
      cv::rotate(pixels, result, cv::ROTATE_90_COUNTERCLOCKWISE);
      break;
    default:
      throw Error(ErrorCode::kModelInput, "orientation " +
                                              std::to_string(static_cast<int>(orientation)) +
                                              " is none of EXIF's: expected 1 to 8");
  }
  return result;
}

void crop(Picture& picture, const ImagePreProcessing::StaticCrop& percent,
          const std::string& name) {
  const Region region = crop_region(percent, picture.size());
  if (region.size.height < 1 || region.size.width < 1) {
    throw Error(ErrorCode::kModelInput,
                name + " is " + size_text(picture.size()) +
                    " pixels (height x width): the package's static crop leaves none");
  }
  picture.pixels = picture.pixels(
      cv::Rect(static_cast<int>(region.left), static_cast<int>(region.top),
               static_cast<int>(region.size.width), static_cast<int>(region.size.height)));
  picture.crop = {region.left, region.top, region.size.width, region.size.height};
}

void make_grey(Picture& picture) {
  cv::Mat grey;
  cv::cvtColor(picture.pixels, grey,
               picture.color == ColorFormat::kBgr ? cv::COLOR_BGR2GRAY : cv::COLOR_RGB2GRAY);
  cv::Mat replicated;
  cv::cvtColor(grey, replicated, cv::COLOR_GRAY2BGR);
  picture.pixels = replicated;
}

}  // namespace

Picture prepare_picture(const ImageView& image, const ImagePreProcessing& steps,
                        const PreProcessingOverrides& overrides, const std::string& name) {
  require_image(image, name);
  Picture picture;
  picture.color = image.color;
  picture.pixels = three_channels(view_of(image));
  if (steps.auto_orient) {
    picture.pixels = upright(picture.pixels, image.orientation);
  }
  picture.original_size = picture.size();
  picture.crop = {0, 0, picture.original_size.width, picture.original_size.height};
  if (steps.static_crop.has_value() && !overrides.disable_static_crop) {
    crop(picture, *steps.static_crop, name);
  }
  if (steps.grayscale && !overrides.disable_grayscale) {
    make_grey(picture);
  }
  if (steps.contrast.has_value() && !overrides.disable_contrast_enhancement) {
    picture.pixels = picture.pixels.clone();  // It may still be the caller's.
    enhance_contrast(picture.pixels, *steps.contrast);
  }
  return picture;
}

}  // namespace replayrt::models
