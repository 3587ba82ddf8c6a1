#pragma once

#include <filesystem>
#include <opencv2/core/mat.hpp>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "frames.hpp"

namespace replayrt::cli {

/// A folder in which pictures are saved, each under a name of its own.
class PictureFolder {
 public:
  explicit PictureFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Throws UsageError that names the `flag` if one of the `inputs` lies in the folder, as it would
  /// be overwritten, and Error(kFileAccess) if there is something else at its path. Makes nothing.
  void require_usable(const std::vector<std::filesystem::path>& inputs,
                      std::string_view flag = "--save") const;

  /// Makes the folder. Throws Error(kFileAccess).
  void make() const;

  /// What the picture is saved as: the name of its file, with .png where OpenCV cannot write that
  /// format; a frame is "clip_000003.png". A name that another picture has got already is numbered.
  std::string take_name(const NamedPicture& picture);

  /// The path of a file of its own for what is no picture, or always one of this format: the name
  /// of the picture's file with this `extension`.
  std::filesystem::path take_path(const NamedPicture& picture, const std::string& extension);

  /// Saves what is drawn of the picture, atomically; replaces a file that is there. Throws
  /// Error(kFileAccess).
  void save(const NamedPicture& picture, const cv::Mat& drawn);

 private:
  std::string take(const std::string& stem, const std::string& extension);

  std::filesystem::path folder_;
  std::unordered_set<std::string> names_;
};

}  // namespace replayrt::cli
