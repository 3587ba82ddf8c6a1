#include "pictures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <opencv2/core/mat.hpp>
#include <string_view>

#include "codecs.hpp"
#include "files.hpp"
#include "replayrt/core/error.hpp"

namespace replayrt::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostBytes = std::size_t{1} << 31;

constexpr std::string_view kPictureNames[] = {".bmp", ".dib", ".jpe",  ".jpeg", ".jpg", ".jp2",
                                              ".pbm", ".pgm", ".png",  ".pnm",  ".ppm", ".ras",
                                              ".sr",  ".tif", ".tiff", ".webp"};
constexpr std::string_view kVideoNames[] = {".3gp", ".avi",  ".m2ts", ".m4v", ".mkv",
                                            ".mov", ".mp4",  ".mpeg", ".mpg", ".ogv",
                                            ".ts",  ".webm", ".wmv"};

std::string lower_extension(const fs::path& path) {
  std::string extension = path.extension().string();
  std::ranges::transform(extension, extension.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension;
}

Error picture_error(const std::string& name, std::string_view problem) {
  return {ErrorCode::kModelInput, fmt::format("{}: {}", name, problem)};
}

}  // namespace

bool has_picture_name(const fs::path& path) {
  return std::ranges::find(kPictureNames, lower_extension(path)) != std::end(kPictureNames);
}

bool has_video_name(const fs::path& path) {
  return std::ranges::find(kVideoNames, lower_extension(path)) != std::end(kVideoNames);
}

Image decode_picture(std::span<const std::uint8_t> content, const std::string& name) {
  if (content.empty()) {
    throw Error(ErrorCode::kFileAccess, fmt::format("{}: is empty, expected a picture", name));
  }
  require_whole_picture(content, name);
  const cv::Mat picture = codecs::decode(content, name);
  if (picture.empty()) {
    throw picture_error(name, "is no picture that can be decoded, expected one of " +
                                  fmt::format("{}", fmt::join(kPictureNames, " ")));
  }
  if (static_cast<std::int64_t>(picture.total()) > kMostPixels) {
    throw picture_error(
        name, fmt::format("is too large: {} x {} pixels (height x width), expected at most {}",
                          picture.rows, picture.cols, kMostPixels));
  }
  return image_of(picture);
}

Image image_of(const cv::Mat& bgr) {
  Image image = Image::allocate({bgr.rows, bgr.cols});
  auto* to = static_cast<std::uint8_t*>(image.pixels().data());
  const std::size_t row_bytes = static_cast<std::size_t>(bgr.cols) * bgr.elemSize();
  for (int y = 0; y < bgr.rows; ++y) {
    std::memcpy(to + static_cast<std::size_t>(y) * row_bytes, bgr.ptr(y), row_bytes);
  }
  return image;
}

Image read_picture(const fs::path& path) {
  const std::string content = read_file(path, kMostBytes - 1);
  return decode_picture({reinterpret_cast<const std::uint8_t*>(content.data()), content.size()},
                        path.string());
}

}  // namespace replayrt::cli
