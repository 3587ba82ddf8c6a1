#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "replayrt/models/image.hpp"

namespace cv {
class Mat;
}

namespace replayrt::cli {

/// Most pixels of a picture that is read.
inline constexpr std::int64_t kMostPixels = std::int64_t{1} << 28;

/// Whether the name ends as those of the pictures do that can be read, in any case.
bool has_picture_name(const std::filesystem::path& path);
/// The same of videos.
bool has_video_name(const std::filesystem::path& path);

/// The picture that a file holds, whatever its name: as `cv2.imread` gives it, upright, 8-bit BGR.
/// Throws Error(kFileAccess) that names the file: missing, a directory, empty, and
/// Error(kModelInput) for no picture, a truncated one, and one of more than `kMostPixels`.
Image read_picture(const std::filesystem::path& path);

/// The same of a file's content; messages begin with `name`.
Image decode_picture(std::span<const std::uint8_t> content, const std::string& name);

/// A copy of OpenCV's picture, which is 8-bit BGR.
Image image_of(const cv::Mat& bgr);

/// Throws Error(kModelInput) that begins with `name` if `content` is a JPEG or PNG that breaks off
/// before its end, which OpenCV would fill up with grey, or that has too many pixels.
void require_whole_picture(std::span<const std::uint8_t> content, const std::string& name);

}  // namespace replayrt::cli
