#include "map_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <opencv2/core.hpp>
#include <variant>
#include <vector>

#include "codecs.hpp"
#include "files.hpp"
#include "npy.hpp"

namespace replayrt::cli {
namespace {

template <class Pixel>
std::string png_of(const SemanticSegmentationResult& found, int type) {
  cv::Mat grey(static_cast<int>(found.size.height), static_cast<int>(found.size.width), type);
  std::ranges::transform(found.segmentation_map, grey.ptr<Pixel>(),
                         [](std::int64_t id) { return static_cast<Pixel>(id); });
  const std::vector<std::uint8_t> bytes = codecs::encode(grey, ".png");
  return {bytes.begin(), bytes.end()};
}

/// Empty if it is too large for the format.
std::string png_of(const SemanticSegmentationResult& found, std::size_t classes) {
  const auto [least, most] = std::ranges::minmax(found.segmentation_map);
  if (least < 0 || most > std::numeric_limits<std::uint16_t>::max()) {
    throw Error(ErrorCode::kUnsupported,
                fmt::format("a segmentation has class {}: a PNG holds classes 0 to 65535",
                            least < 0 ? least : most));
  }
  const bool needs_more = std::max(static_cast<std::size_t>(most) + 1, classes) > 256;
  return needs_more ? png_of<std::uint16_t>(found, CV_16UC1) : png_of<std::uint8_t>(found, CV_8UC1);
}

std::string npy_of(const DepthMap& found) {
  std::string content = npy_header(DType::kF32, Shape{found.size.height, found.size.width});
  content.append(reinterpret_cast<const char*>(found.depth.data()),
                 found.depth.size() * sizeof(float));
  return content;
}

}  // namespace

bool gives_maps(Task task) noexcept {
  return task == Task::kSemanticSegmentation || task == Task::kDepthEstimation;
}

std::string MapFolder::save(const NamedPicture& picture, const Prediction& prediction) {
  std::filesystem::path file;
  std::string content;
  if (const auto* segments = std::get_if<SemanticSegmentationResult>(&prediction)) {
    file = folder_.take_path(picture, ".png");
    content = png_of(*segments, classes_);
  } else if (const auto* depth = std::get_if<DepthMap>(&prediction)) {
    file = folder_.take_path(picture, ".npy");
    content = npy_of(*depth);
  } else {
    return {};
  }
  if (content.empty()) {
    throw Error(ErrorCode::kFileAccess,
                fmt::format("{}: this map cannot be written as PNG", file.string()));
  }
  write_file_atomically(file, content);
  return file.string();
}

}  // namespace replayrt::cli
