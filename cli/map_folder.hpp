#pragma once

#include <filesystem>
#include <string>

#include "picture_folder.hpp"
#include "replayrt/models/model_package.hpp"
#include "replayrt/models/result.hpp"

namespace replayrt::cli {

/// Whether a model for this task gives maps.
bool gives_maps(Task task) noexcept;

/// A folder in which maps are written, each under the name of its picture: segmentations as grey
/// PNG with the number of the class in each pixel, of 8 bits, or 16 where there are more than 256
/// classes; depths as .npy, (height, width) f32.
class MapFolder {
 public:
  /// `classes`: how many the model has.
  MapFolder(std::filesystem::path folder, std::size_t classes)
      : folder_(std::move(folder)), classes_(classes) {}

  /// As those of PictureFolder.
  void require_usable(const std::vector<std::filesystem::path>& inputs) const {
    folder_.require_usable(inputs, "--maps");
  }
  void make() const { folder_.make(); }

  /// Writes the map of the prediction, atomically; replaces a file that is there. The path of the
  /// file, empty if the prediction is no map. Throws Error(kFileAccess), Error(kUnsupported) if the
  /// number of a class needs more than 16 bits.
  std::string save(const NamedPicture& picture, const Prediction& prediction);

 private:
  PictureFolder folder_;
  std::size_t classes_;
};

}  // namespace replayrt::cli
