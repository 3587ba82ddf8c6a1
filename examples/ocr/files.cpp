#include "files.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>
#include <system_error>
#include <vector>

#include "replayrt/core/error.hpp"

namespace ocr {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& file, const std::string& what) {
  throw replayrt::Error(replayrt::ErrorCode::kFileAccess, file.string() + ": " + what);
}

std::vector<unsigned char> read_bytes(const fs::path& file) {
  std::error_code error;
  if (const fs::file_status status = fs::status(file, error); !fs::exists(status)) {
    fail(file, "no such file; expected a picture");
  } else if (fs::is_directory(status)) {
    fail(file, "is a folder; expected a picture");
  }
  std::ifstream stream(file, std::ios::binary);
  std::vector<unsigned char> bytes{std::istreambuf_iterator<char>(stream), {}};
  if (!stream) {
    fail(file, "cannot be read");
  }
  if (bytes.empty()) {
    fail(file, "is empty; expected a picture");
  }
  return bytes;
}

/// Null instead of an exception: OpenCV throws for pictures that are too large, and returns null
/// for others.
cv::Mat decode(const std::vector<unsigned char>& bytes, cv::ImreadModes mode) {
  try {
    return cv::imdecode(bytes, mode);
  } catch (const cv::Exception&) {
    return {};
  }
}

/// Mean brightness of the pixels that are not fully transparent.
double mean_luminance(const cv::Mat& bgra, const cv::Mat& alpha) {
  const cv::Scalar mean = cv::mean(bgra, alpha);
  return 0.114 * mean[0] + 0.587 * mean[1] + 0.299 * mean[2];
}

cv::Mat without_alpha(const cv::Mat& bgra) {
  constexpr double kDark = 128.0;
  cv::Mat alpha;
  cv::extractChannel(bgra, alpha, 3);
  const bool invisible = cv::countNonZero(alpha) == 0;
  const int paper = invisible || mean_luminance(bgra, alpha) < kDark ? 255 : 0;
  cv::Mat bgr(bgra.size(), CV_8UC3);
  for (int y = 0; y < bgra.rows; ++y) {
    const auto* from = bgra.ptr<cv::Vec4b>(y);
    auto* to = bgr.ptr<cv::Vec3b>(y);
    for (int x = 0; x < bgra.cols; ++x) {
      const int opacity = from[x][3];
      for (int c = 0; c < 3; ++c) {
        to[x][c] =
            static_cast<unsigned char>((from[x][c] * opacity + paper * (255 - opacity)) / 255);
      }
    }
  }
  return bgr;
}

}  // namespace

cv::Mat read_picture(const fs::path& file) {
  const std::vector<unsigned char> bytes = read_bytes(file);
  const bool jpeg = bytes.size() > 2 && bytes[0] == 0xFF && bytes[1] == 0xD8;
  cv::Mat picture;
  if (!jpeg) {
    // Only an unchanged picture tells of transparency; a JPEG has none, and may have to be turned.
    picture = decode(bytes, cv::IMREAD_UNCHANGED);
    if (picture.type() == CV_8UC4) {
      return without_alpha(picture);
    }
  }
  if (picture.type() == CV_8UC1 && !picture.empty()) {
    cv::cvtColor(picture, picture, cv::COLOR_GRAY2BGR);
  } else if (picture.type() != CV_8UC3) {
    picture = decode(bytes, cv::IMREAD_COLOR);
  }
  if (picture.empty()) {
    fail(file,
         "cannot be decoded; expected a picture in a format that OpenCV reads (PNG, JPEG, TIFF, "
         "WebP, BMP)");
  }
  return picture;
}

void write_file(const fs::path& file, std::string_view content) {
  fs::path temporary = file;
  temporary += ".part" + std::to_string(::getpid());
  std::ofstream stream(temporary, std::ios::binary);
  stream.write(content.data(), static_cast<std::streamsize>(content.size()));
  stream.close();
  std::error_code error;
  if (stream) {
    fs::rename(temporary, file, error);
  }
  if (!stream || error) {
    std::error_code ignored;
    fs::remove(temporary, ignored);
    fail(file, "cannot be written; expected a path in an existing folder that may be written to");
  }
}

void write_picture(const fs::path& file, const cv::Mat& bgr) {
  std::vector<unsigned char> bytes;
  bool encoded = false;
  try {
    encoded = cv::imencode(file.extension().string(), bgr, bytes);
  } catch (const cv::Exception&) {
    encoded = false;  // An extension that OpenCV does not know.
  }
  if (!encoded) {
    fail(file,
         "cannot be encoded; expected an extension that OpenCV writes (.png, .jpg, .tiff, .webp, "
         ".bmp)");
  }
  write_file(file, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error || !fs::is_directory(folder)) {
    fail(folder, "cannot be made; expected a folder, or a path at which one can be made");
  }
}

}  // namespace ocr
