#include "files.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <opencv2/imgcodecs.hpp>

#include "replayrt/core/error.hpp"

namespace ocr {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

class Files : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("replayrt_files_test_" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] fs::path path(const std::string& name) const { return folder_ / name; }

  template <class Action>
  static std::string error_of(Action action) {
    try {
      action();
    } catch (const replayrt::Error& error) {
      EXPECT_EQ(error.code(), replayrt::ErrorCode::kFileAccess);
      return error.what();
    }
    return "no error";
  }

  fs::path folder_;
};

TEST_F(Files, ReadsColourAndGrey) {
  cv::Mat colour(4, 5, CV_8UC3, cv::Scalar(10, 20, 30));
  cv::imwrite(path("colour.png"), colour);
  cv::imwrite(path("grey.png"), cv::Mat(4, 5, CV_8UC1, cv::Scalar(77)));
  cv::imwrite(path("deep.png"), cv::Mat(4, 5, CV_16UC1, cv::Scalar(0x8000)));
  EXPECT_EQ(cv::norm(read_picture(path("colour.png")), colour, cv::NORM_INF), 0.0);
  EXPECT_EQ(read_picture(path("grey.png")).at<cv::Vec3b>(0, 0), cv::Vec3b(77, 77, 77));
  EXPECT_EQ(read_picture(path("deep.png")).at<cv::Vec3b>(0, 0), cv::Vec3b(128, 128, 128));
  cv::imwrite(path("photo.jpg"), colour);
  EXPECT_EQ(read_picture(path("photo.jpg")).size(), colour.size());
}

TEST_F(Files, PutsTransparentPicturesOnAContrastingBackground) {
  cv::Mat dark(2, 2, CV_8UC4, cv::Scalar(20, 20, 20, 0));
  dark.at<cv::Vec4b>(0, 0) = {20, 20, 20, 255};
  cv::imwrite(path("dark.png"), dark);
  const cv::Mat on_white = read_picture(path("dark.png"));
  ASSERT_EQ(on_white.type(), CV_8UC3);
  EXPECT_EQ(on_white.at<cv::Vec3b>(0, 0), cv::Vec3b(20, 20, 20));
  EXPECT_EQ(on_white.at<cv::Vec3b>(1, 1), cv::Vec3b(255, 255, 255));

  cv::Mat light(2, 2, CV_8UC4, cv::Scalar(220, 220, 220, 0));
  light.at<cv::Vec4b>(0, 0) = {220, 220, 220, 255};
  cv::imwrite(path("light.png"), light);
  EXPECT_EQ(read_picture(path("light.png")).at<cv::Vec3b>(1, 1), cv::Vec3b(0, 0, 0));

  cv::imwrite(path("clear.png"), cv::Mat(2, 2, CV_8UC4, cv::Scalar(0, 0, 0, 0)));
  EXPECT_EQ(read_picture(path("clear.png")).at<cv::Vec3b>(0, 0), cv::Vec3b(255, 255, 255));
}

TEST_F(Files, NamesAPictureThatCannotBeRead) {
  const auto reading = [this](const std::string& name) {
    return error_of([&] { read_picture(path(name)); });
  };
  EXPECT_THAT(reading("none.png"), AllOf(HasSubstr("none.png"), HasSubstr("no such file")));
  EXPECT_THAT(reading(""), HasSubstr("is a folder"));
  std::ofstream(path("empty.png")).close();
  EXPECT_THAT(reading("empty.png"), AllOf(HasSubstr("empty.png"), HasSubstr("is empty")));
  std::ofstream(path("text.png")) << "this is no picture";
  EXPECT_THAT(reading("text.png"), AllOf(HasSubstr("text.png"), HasSubstr("cannot be decoded")));
}

TEST_F(Files, WritesWholeFilesOnly) {
  write_file(path("out.json"), "first");
  write_file(path("out.json"), "second");
  std::ifstream stream(path("out.json"));
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(stream), {}), "second");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1)
      << "nothing left over";
}

TEST_F(Files, LeavesNothingWhereItCannotWrite) {
  fs::create_directories(path("taken/inside"));
  EXPECT_THAT(error_of([this] { write_file(path("taken"), "x"); }), HasSubstr("taken"));
  EXPECT_THAT(error_of([this] { write_file(path("no/such/folder/a"), "x"); }),
              HasSubstr("no/such/folder/a"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(Files, NamesAnUnknownPictureFormat) {
  const cv::Mat picture(4, 4, CV_8UC3, cv::Scalar::all(0));
  write_picture(path("out.png"), picture);
  EXPECT_FALSE(cv::imread(path("out.png")).empty());
  EXPECT_THAT(error_of([&] { write_picture(path("out.xyz"), picture); }),
              AllOf(HasSubstr("out.xyz"), HasSubstr(".png")));
  EXPECT_FALSE(fs::exists(path("out.xyz")));
}

TEST_F(Files, NamesAFolderThatCannotBeMade) {
  std::ofstream(path("file")) << "x";
  make_folder(path("a/b/c"));
  EXPECT_TRUE(fs::is_directory(path("a/b/c")));
  EXPECT_THAT(error_of([this] { make_folder(path("file/inside")); }), HasSubstr("file/inside"));
}

}  // namespace
}  // namespace ocr
