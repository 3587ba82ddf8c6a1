#include "picture_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <string>

#include "error.hpp"
#include "files.hpp"
#include "json_lines.hpp"

namespace replayrt::cli {
namespace {

namespace fs = std::filesystem;

using testing::HasSubstr;
using testing::ThrowsMessage;

NamedPicture picture(const fs::path& file, std::optional<std::int64_t> frame = std::nullopt) {
  return {file.string(), file, frame, {}, {}};
}

class PictureFolderTest : public testing::Test {
 protected:
  PictureFolderTest() { fs::create_directories(folder_); }
  ~PictureFolderTest() override { fs::remove_all(folder_); }

  fs::path folder_ =
      fs::path(testing::TempDir()) / ("replayrt_picture_folder_" + std::to_string(::getpid()));
};

TEST_F(PictureFolderTest, EveryPictureHasANameOfItsOwn) {
  PictureFolder folder(folder_);
  EXPECT_EQ(folder.take_name(picture("a/street.jpg")), "street.jpg");
  EXPECT_EQ(folder.take_name(picture("b/street.jpg")), "street_2.jpg");
  EXPECT_EQ(folder.take_name(picture("street_2.jpg")), "street_2_2.jpg");
  EXPECT_EQ(folder.take_name(picture("c/street.jpg")), "street_3.jpg");
  EXPECT_EQ(folder.take_name(picture("street.png")), "street.png");
  EXPECT_EQ(folder.take_name(picture("noext")), "noext.png");
  EXPECT_EQ(folder.take_name(picture("odd.xyz")), "odd.png");
  EXPECT_EQ(folder.take_name(picture("UP.PNG")), "UP.PNG");
  EXPECT_EQ(folder.take_name(picture("clip.mp4", 12)), "clip_000012.png");
}

TEST_F(PictureFolderTest, SavesInTheFormatOfItsName) {
  PictureFolder folder(folder_ / "new" / "drawn");
  folder.require_usable({"x.png"});
  EXPECT_FALSE(fs::exists(folder_ / "new"));
  folder.make();
  const cv::Mat drawn(5, 7, CV_8UC3, cv::Scalar::all(9));
  folder.save(picture("x.png"), drawn);
  folder.save(picture("x.jpg"), drawn);
  EXPECT_EQ(cv::imread((folder_ / "new/drawn/x.png").string()).size(), drawn.size());
  EXPECT_EQ(read_file(folder_ / "new/drawn/x.jpg", 100000).substr(0, 2), "\xff\xd8");
}

TEST_F(PictureFolderTest, DoesNotOverwriteTheInputs) {
  const std::string name = folder_.filename().string();
  EXPECT_THAT([&] { PictureFolder(folder_).require_usable({folder_ / ".." / name / "x.png"}); },
              ThrowsMessage<UsageError>(HasSubstr("x.png' lies in this folder")));
  EXPECT_NO_THROW(PictureFolder(folder_).require_usable({folder_ / "deeper" / "x.png"}));
}

TEST_F(PictureFolderTest, SaysWhatIsWrong) {
  std::ofstream(folder_ / "file") << "x";
  EXPECT_THAT([&] { PictureFolder(folder_ / "file").require_usable({}); },
              ThrowsMessage<Error>(HasSubstr("file: is not a folder")));
  EXPECT_THAT([&] { PictureFolder(folder_ / "file" / "deeper").make(); },
              ThrowsMessage<Error>(HasSubstr("deeper: cannot make this folder")));
}

TEST_F(PictureFolderTest, LinesAppearWholeOrNotAtAll) {
  const fs::path path = folder_ / "found.jsonl";
  with_json_lines(path, [&](JsonLines& lines) {
    lines.write("{}");
    EXPECT_FALSE(fs::exists(path));
    lines.write("[]");
  });
  EXPECT_EQ(read_file(path, 100), "{}\n[]\n");
  EXPECT_THROW(with_json_lines(path,
                               [](JsonLines& lines) {
                                 lines.write("half");
                                 throw Error(ErrorCode::kModelInput, "bad");
                               }),
               Error);
  EXPECT_EQ(read_file(path, 100), "{}\n[]\n");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

}  // namespace
}  // namespace replayrt::cli
