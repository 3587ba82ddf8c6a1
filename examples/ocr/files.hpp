#pragma once

#include <filesystem>
#include <opencv2/core.hpp>
#include <span>
#include <string_view>

namespace ocr {

/// Reads a picture as 8-bit BGR. Transparent pixels get a white background behind dark colours and
/// a black one behind light colours. Throws replayrt::Error(kFileAccess) that names the file.
cv::Mat read_picture(const std::filesystem::path& file);

/// Writes a file in one step: another process sees the old file or the whole new one, and a failure
/// leaves nothing behind. Throws replayrt::Error(kFileAccess) that names the file.
void write_file(const std::filesystem::path& file, std::string_view content);

/// Encodes by the extension of `file` and writes as `write_file` does.
void write_picture(const std::filesystem::path& file, const cv::Mat& bgr);

/// Makes the folder and its parents. Throws replayrt::Error(kFileAccess) that names it.
void make_folder(const std::filesystem::path& folder);

}  // namespace ocr
