#include "picture_folder.hpp"

#include <fmt/format.h>

#include <string_view>
#include <system_error>
#include <vector>

#include "codecs.hpp"
#include "error.hpp"
#include "files.hpp"
#include "pictures.hpp"
#include "text.hpp"

namespace replayrt::cli {
namespace {

namespace fs = std::filesystem;

bool can_write(const fs::path& file) {
  return has_picture_name(file) && codecs::can_encode(file.extension().string());
}

std::string stem_of(const NamedPicture& picture) {
  const std::string stem = picture.file.stem().string();
  return picture.frame ? stem + fmt::format("_{:06}", *picture.frame) : stem;
}

}  // namespace

void PictureFolder::require_usable(const std::vector<fs::path>& inputs,
                                   std::string_view flag) const {
  std::error_code error;
  const fs::file_status status = fs::status(folder_, error);
  if (fs::exists(status) && !fs::is_directory(status)) {
    throw Error(
        ErrorCode::kFileAccess,
        fmt::format("{}: is not a folder, expected one to write files in", folder_.string()));
  }
  for (const fs::path& input : inputs) {
    const fs::path parent = input.has_parent_path() ? input.parent_path() : fs::path(".");
    if (fs::equivalent(parent, folder_, error) && !error) {
      throw UsageError(
          fmt::format("{}: the input {} lies in this folder and would be "
                      "overwritten, expected another folder",
                      flag, in_quotes(input.string())));
    }
  }
}

void PictureFolder::make() const {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error || !fs::is_directory(folder_, error)) {
    throw Error(ErrorCode::kFileAccess,
                fmt::format("{}: cannot make this folder: {}", folder_.string(), error.message()));
  }
}

std::string PictureFolder::take_name(const NamedPicture& picture) {
  const bool keeps_format = !picture.frame && can_write(picture.file);
  return take(stem_of(picture), keeps_format ? picture.file.extension().string() : ".png");
}

fs::path PictureFolder::take_path(const NamedPicture& picture, const std::string& extension) {
  return folder_ / take(stem_of(picture), extension);
}

std::string PictureFolder::take(const std::string& stem, const std::string& extension) {
  std::string name = stem + extension;
  for (int number = 2; !names_.insert(name).second; ++number) {
    name = fmt::format("{}_{}{}", stem, number, extension);
  }
  return name;
}

void PictureFolder::save(const NamedPicture& picture, const cv::Mat& drawn) {
  const fs::path file = folder_ / take_name(picture);
  const std::vector<std::uint8_t> bytes = codecs::encode(drawn, file.extension().string());
  if (bytes.empty()) {
    throw Error(ErrorCode::kFileAccess,
                fmt::format("{}: a picture of {} x {} pixels cannot be written in this format",
                            file.string(), drawn.rows, drawn.cols));
  }
  write_file_atomically(file, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace replayrt::cli
