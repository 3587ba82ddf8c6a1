#include <fmt/format.h>

#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>

#include "codecs.hpp"
#include "replayrt/core/error.hpp"
#include "text.hpp"

namespace replayrt::cli::codecs {

cv::Mat decode(std::span<const std::uint8_t> content, const std::string& name) {
  // Its messages would stand beside ours, and name no file.
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  const cv::Mat bytes(1, static_cast<int>(content.size()), CV_8UC1,
                      const_cast<std::uint8_t*>(content.data()));  // NOLINT: is only read.
  try {
    return cv::imdecode(bytes, cv::IMREAD_COLOR);
  } catch (const cv::Exception& error) {
    throw Error(ErrorCode::kModelInput,
                fmt::format("{}: cannot be decoded: {}", name, one_line(error.err)));
  }
}

bool can_encode(const std::string& extension) {
  try {
    return cv::haveImageWriter(extension);
  } catch (const cv::Exception&) {
    return false;
  }
}

std::vector<std::uint8_t> encode(const cv::Mat& picture, const std::string& extension) {
  std::vector<std::uint8_t> bytes;
  try {
    if (cv::imencode(extension, picture, bytes)) {
      return bytes;
    }
  } catch (const cv::Exception&) {
    // Too large for the format, for example.
  }
  return {};
}

}  // namespace replayrt::cli::codecs
