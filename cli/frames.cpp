#include "frames.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <opencv2/core/mat.hpp>
#include <system_error>

#include "codecs.hpp"
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
    if (readable_file_size(path) == 0) {
      throw Error(ErrorCode::kFileAccess,
                  fmt::format("{}: is empty, expected a video", path.string()));
    }
    video_ = codecs::open_video(path);
    if (video_ == nullptr) {
      throw Error(ErrorCode::kModelInput,
                  fmt::format("{}: is no video that can be decoded", path.string()));
    }
  }

  /// None at the end. Throws Error(kModelInput) if there is not even a first frame.
  std::optional<Image> next() {
    const cv::Mat frame = video_->next();
    if (!frame.empty()) {
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
  [[nodiscard]] std::int64_t expected() const { return video_->expected(); }

  [[nodiscard]] std::int64_t frames() const noexcept { return frames_; }

 private:
  fs::path path_;
  std::unique_ptr<codecs::Video> video_;
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
