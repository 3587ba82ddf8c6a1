#include <cstdlib>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/videoio.hpp>
#include <opencv2/videoio/registry.hpp>

#include "codecs.hpp"

namespace replayrt::cli::codecs {
namespace {

class OpenCvVideo : public Video {
 public:
  bool open(const std::filesystem::path& path, cv::VideoCaptureAPIs api) {
    try {
      // An absolute path is never taken for a protocol.
      return cv::videoio_registry::hasBackend(api) &&
             capture_.open(std::filesystem::absolute(path).string(), api) && capture_.isOpened();
    } catch (const cv::Exception&) {
      return false;
    }
  }

  cv::Mat next() override {
    cv::Mat frame;
    try {
      if (capture_.read(frame) && frame.type() == CV_8UC3) {
        return frame;
      }
    } catch (const cv::Exception&) {
      // As a video that ends here.
    }
    return {};
  }

  [[nodiscard]] std::int64_t expected() const override {
    constexpr double kMost = 1e15;
    const double count = capture_.get(cv::CAP_PROP_FRAME_COUNT);
    return count > 0 && count < kMost ? static_cast<std::int64_t>(count) : 0;
  }

 private:
  cv::VideoCapture capture_;
};

}  // namespace

std::unique_ptr<Video> open_video(const std::filesystem::path& path) {
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  ::setenv("OPENCV_FFMPEG_LOGLEVEL", "-8", 0);  // Silent too, unless the user wants otherwise.
  auto video = std::make_unique<OpenCvVideo>();
  // Not what looks for a series of pictures or a camera; and GStreamer, which writes a registry
  // into the user's home, only where it must be.
  const bool has_ffmpeg = cv::videoio_registry::hasBackend(cv::CAP_FFMPEG);
  if (video->open(path, has_ffmpeg ? cv::CAP_FFMPEG : cv::CAP_GSTREAMER) ||
      video->open(path, cv::CAP_OPENCV_MJPEG)) {
    return video;
  }
  return nullptr;
}

}  // namespace replayrt::cli::codecs
