#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "replayrt/core/error.hpp"
#include "replayrt/models/image.hpp"

namespace replayrt::cli {

/// One picture of a source: of a file, or a frame of a video.
struct NamedPicture {
  std::string name;  ///< The path, and of a frame its number: "clip.mp4#3".
  std::filesystem::path file;
  std::optional<std::int64_t> frame;  ///< From 0; none: the file is a picture.
  Image image;                        ///< Not defined if there is an error.
  std::optional<Error> error;         ///< Why it could not be read.
};

class VideoFrames;

/// The pictures of files, folders and videos, one after the other: only the one that is asked for
/// is in memory. Not thread-safe.
class PictureSource {
 public:
  /// A folder stands for the pictures that lie in it, by name; what has no picture's name is left
  /// out with a debug message. Throws Error(kFileAccess) that names a folder without pictures or
  /// one that cannot be read; whether files can be read shows when their turn comes.
  explicit PictureSource(const std::vector<std::filesystem::path>& paths);
  PictureSource(const PictureSource&) = delete;
  PictureSource& operator=(const PictureSource&) = delete;
  ~PictureSource();

  /// The next picture, or why it cannot be read; then the one after it can still be asked for. None
  /// at the end.
  std::optional<NamedPicture> next();

  /// The files, folders replaced by their pictures.
  [[nodiscard]] const std::vector<std::filesystem::path>& files() const noexcept { return files_; }
  [[nodiscard]] bool has_video() const noexcept;

  /// How many pictures there are; 0: not known. Of a video it is known from its first frame on, if
  /// the video says so, but not of a video among other files.
  [[nodiscard]] std::int64_t expected_pictures() const;

 private:
  std::optional<NamedPicture> next_frame(const std::filesystem::path& file);

  std::vector<std::filesystem::path> files_;
  std::size_t at_ = 0;                  // In files_: the next one, or the video that is open.
  std::unique_ptr<VideoFrames> video_;  // Null: none is open.
};

}  // namespace replayrt::cli
