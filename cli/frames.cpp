#include "frames.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/videoio.hpp>
#include <opencv2/videoio/registry.hpp>
#include <system_error>

#include "files.hpp"
#include "pictures.hpp"
#include "replayrt/core/log.hpp"

namespace replayrt::cli {
namespace {

namespace fs = std::filesystem;

/// The pictures in a folder, by name.
std::vector<fs::path> pictures_in(const fs::path& folder) {
  std::vector<fs::path> pictures;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code ignored;
    if (has_picture_name(entry->path()) && !entry->is_directory(ignored)) {
      pictures.push_back(entry->path());
    } else {
      log(LogLevel::kDebug, fmt::format("{}: left out, no picture's name", entry->path().string()));
    }
  }
  if (error) {
    throw Error(ErrorCode::kFileAccess,
                fmt::format("{}: cannot read the folder: {}", folder.string(), error.message()));
  }
  if (pictures.empty()) {
    throw Error(ErrorCode::kFileAccess,
                fmt::format("{}: no picture in this folder, expected .jpg, .png or the like",
                            folder.string()));
  }
  std::ranges::sort(pictures);
  return pictures;
}

}  // namespace

/// An open video.
class VideoFrames {
 public:
  /// Throws Error: kFileAccess, kModelInput for what is no video.
  explicit VideoFrames(const fs::path& path) : path_(path) {
    cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
    ::setenv("OPENCV_FFMPEG_LOGLEVEL", "-8", 0);  // Silent too, unless the user wants otherwise.
    if (readable_file_size(path) == 0) {
      throw Error(ErrorCode::kFileAccess,
                  fmt::format("{}: is empty, expected a video", path.string()));
    }
    // Not what looks for a series of pictures or a camera; and GStreamer, which writes a registry
    // into the user's home, only where it must be.
    const bool has_ffmpeg = cv::videoio_registry::hasBackend(cv::CAP_FFMPEG);
    if (open(has_ffmpeg ? cv::CAP_FFMPEG : cv::CAP_GSTREAMER) || open(cv::CAP_OPENCV_MJPEG)) {
      return;
    }
    throw Error(ErrorCode::kModelInput,
                fmt::format("{}: is no video that can be decoded", path.string()));
  }

  /// None at the end. Throws Error(kModelInput) if there is not even a first frame.
  std::optional<Image> next() {
    cv::Mat frame;
    bool read = false;
    try {
      read = capture_.read(frame) && frame.type() == CV_8UC3;
    } catch (const cv::Exception&) {
      read = false;  // As a video that ends here.
    }
    if (read) {
      ++frames_;
      return image_of(frame);
    }
    if (frames_ == 0) {
      throw Error(ErrorCode::kModelInput,
                  fmt::format("{}: no frame of this video can be decoded", path_.string()));
    }
    const std::int64_t missing = expected() - frames_;
    // What a header says is often one off.
    if (missing > 1 + expected() / 100) {
      log(LogLevel::kWarning, fmt::format("{}: {} frames could be decoded, its header says {}",
                                          path_.string(), frames_, expected()));
    }
    return std::nullopt;
  }

  /// Number of frames as the header has it; 0 if it does not say.
  [[nodiscard]] std::int64_t expected() const {
    constexpr double kMost = 1e15;
    const double count = capture_.get(cv::CAP_PROP_FRAME_COUNT);
    return count > 0 && count < kMost ? static_cast<std::int64_t>(count) : 0;
  }

  [[nodiscard]] std::int64_t frames() const noexcept { return frames_; }

 private:
  bool open(cv::VideoCaptureAPIs api) {
    try {
      // An absolute path is never taken for a protocol.
      return cv::videoio_registry::hasBackend(api) &&
             capture_.open(fs::absolute(path_).string(), api) && capture_.isOpened();
    } catch (const cv::Exception&) {
      return false;
    }
  }

  fs::path path_;
  cv::VideoCapture capture_;
  std::int64_t frames_ = 0;
};

PictureSource::PictureSource(const std::vector<fs::path>& paths) {
  for (const fs::path& path : paths) {
    std::error_code ignored;
    if (!fs::is_directory(path, ignored)) {
      files_.push_back(path);
      continue;
    }
    const std::vector<fs::path> pictures = pictures_in(path);
    files_.insert(files_.end(), pictures.begin(), pictures.end());
  }
}

PictureSource::~PictureSource() = default;

bool PictureSource::has_video() const noexcept {
  return std::ranges::any_of(files_, has_video_name);
}

std::int64_t PictureSource::expected_pictures() const {
  if (!has_video()) {
    return static_cast<std::int64_t>(files_.size());
  }
  return files_.size() == 1 && video_ ? video_->expected() : 0;
}

std::optional<NamedPicture> PictureSource::next() {
  while (at_ < files_.size()) {
    const fs::path& file = files_[at_];
    if (has_video_name(file)) {
      if (std::optional<NamedPicture> frame = next_frame(file)) {
        return frame;
      }
      continue;
    }
    ++at_;
    NamedPicture picture{file.string(), file, {}, {}, {}};
    try {
      picture.image = read_picture(file);
    } catch (const Error& error) {
      picture.error = error;
    }
    return picture;
  }
  return std::nullopt;
}

std::optional<NamedPicture> PictureSource::next_frame(const fs::path& file) {
  NamedPicture picture{file.string(), file, {}, {}, {}};
  try {
    if (!video_) {
      video_ = std::make_unique<VideoFrames>(file);
    }
    const std::int64_t number = video_->frames();
    if (std::optional<Image> image = video_->next()) {
      picture.name = fmt::format("{}#{}", file.string(), number);
      picture.frame = number;
      picture.image = *std::move(image);
      return picture;
    }
  } catch (const Error& error) {
    picture.error = error;
  }
  video_.reset();
  ++at_;
  return picture.error ? std::optional(std::move(picture)) : std::nullopt;
}

}  // namespace replayrt::cli
