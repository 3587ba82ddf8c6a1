#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <opencv2/core/mat.hpp>
#include <span>
#include <string>
#include <vector>

/// What decodes and encodes files of pictures and videos, chosen at link time: OpenCV's codecs
/// (`replayrt_cli_codecs`: opencv_codecs.cpp, opencv_video.cpp) in the program, Pillow
/// (python/src/cli.cpp) in the Python package. Pictures are 8-bit BGR, upright. Thread-safe, but
/// for one `Video` used by two threads.
namespace replayrt::cli::codecs {

/// The picture in a file's whole content; empty if it is none that can be decoded. Throws
/// Error(kModelInput) that begins with `name` if decoding fails.
cv::Mat decode(std::span<const std::uint8_t> content, const std::string& name);

/// Whether pictures can be written in the format that files with this extension (".png", in any
/// case) have.
bool can_encode(const std::string& extension);

/// A file's content; empty if this picture cannot be written in that format. As ".png" a picture
/// may also have one channel, of 8 or 16 bits.
std::vector<std::uint8_t> encode(const cv::Mat& picture, const std::string& extension);

/// The frames of a video, one after the other.
class Video {
 public:
  Video() = default;
  Video(const Video&) = delete;
  Video& operator=(const Video&) = delete;
  virtual ~Video() = default;

  /// The next frame, valid until the next call; empty at the end, and where no more can be decoded.
  virtual cv::Mat next() = 0;

  /// Number of frames as the file's header has it; 0 if it does not say.
  [[nodiscard]] virtual std::int64_t expected() const = 0;
};

/// Null if the file, which is there and not empty, is no video that can be decoded. Throws
/// Error(kUnsupported) where no video can be.
std::unique_ptr<Video> open_video(const std::filesystem::path& path);

}  // namespace replayrt::cli::codecs
