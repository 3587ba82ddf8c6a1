#include "frames.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/videoio.hpp>
#include <string>
#include <vector>

namespace replayrt::cli {
namespace {

namespace fs = std::filesystem;

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

class FramesTest : public testing::Test {
 protected:
  FramesTest() { fs::create_directories(folder_ / "pictures"); }
  ~FramesTest() override { fs::remove_all(folder_); }

  fs::path write_picture(const std::string& name, int width = 4) const {
    const fs::path path = folder_ / name;
    std::vector<unsigned char> bytes;
    cv::imencode(".png", cv::Mat(3, width, CV_8UC3, cv::Scalar::all(width)), bytes);
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    return path;
  }

  /// Frame k is grey of value 40 k.
  fs::path write_video(const std::string& name, int frames) const {
    const fs::path path = folder_ / name;
    cv::VideoWriter video(path.string(), cv::VideoWriter::fourcc('M', 'J', 'P', 'G'), 10, {64, 48});
    for (int k = 0; k < frames; ++k) {
      video.write(cv::Mat(48, 64, CV_8UC3, cv::Scalar::all(40 * k)));
    }
    return path;
  }

  [[nodiscard]] std::vector<std::string> names(const std::vector<fs::path>& paths) const {
    PictureSource source(paths);
    std::vector<std::string> list;
    while (const std::optional<NamedPicture> picture = source.next()) {
      list.push_back((picture->error ? "!" : "") + fs::path(picture->name).filename().string());
    }
    return list;
  }

  fs::path folder_ =
      fs::path(testing::TempDir()) / ("replayrt_frames_" + std::to_string(::getpid()));
};

TEST_F(FramesTest, AFolderStandsForItsPicturesByName) {
  for (const char* name : {"pictures/b.png", "pictures/a.PNG", "pictures/c.jpg", "z.png"}) {
    write_picture(name);
  }
  std::ofstream(folder_ / "pictures" / "notes.txt") << "no picture";
  fs::create_directories(folder_ / "pictures" / "deeper.png");
  EXPECT_THAT(names({folder_ / "z.png", folder_ / "pictures", folder_ / "z.png"}),
              ElementsAre("z.png", "a.PNG", "b.png", "c.jpg", "z.png"));
}

TEST_F(FramesTest, AFolderWithoutPicturesIsAnError) {
  EXPECT_THAT([&] { PictureSource({folder_ / "pictures"}); },
              ThrowsMessage<Error>(HasSubstr("pictures: no picture in this folder")));
}

TEST_F(FramesTest, ABadPictureDoesNotEndTheOthers) {
  write_picture("a.png");
  write_picture("b.png");
  std::ofstream(folder_ / "text.jpg") << "text";
  EXPECT_THAT(names({folder_ / "a.png", folder_ / "missing.png", folder_ / "text.jpg",
                     folder_ / "no.mp4", folder_ / "b.png"}),
              ElementsAre("a.png", "!missing.png", "!text.jpg", "!no.mp4", "b.png"));
}

TEST_F(FramesTest, AVideoIsItsFrames) {
  const fs::path video = write_video("clip.avi", 5);
  PictureSource source({video});
  EXPECT_TRUE(source.has_video());
  EXPECT_EQ(source.expected_pictures(), 0);
  for (int k = 0; k < 5; ++k) {
    const std::optional<NamedPicture> frame = source.next();
    ASSERT_TRUE(frame && !frame->error);
    EXPECT_EQ(frame->name, video.string() + "#" + std::to_string(k));
    EXPECT_EQ(frame->frame, k);
    EXPECT_EQ(frame->image.size(), (ImageSize{48, 64}));
    EXPECT_NEAR(*static_cast<const std::uint8_t*>(frame->image.pixels().data()), 40 * k, 4);
    EXPECT_EQ(source.expected_pictures(), 5);
  }
  EXPECT_FALSE(source.next());
  EXPECT_FALSE(source.next());
}

TEST_F(FramesTest, VideosAndPicturesMix) {
  write_picture("a.png");
  write_video("clip.avi", 2);
  EXPECT_THAT(names({folder_ / "clip.avi", folder_ / "a.png", folder_ / "clip.avi"}),
              ElementsAre("clip.avi#0", "clip.avi#1", "a.png", "clip.avi#0", "clip.avi#1"));
}

TEST_F(FramesTest, WhatIsNoVideoIsAnError) {
  std::ofstream(folder_ / "text.mp4") << "no video";
  std::ofstream(folder_ / "empty.mp4") << "";
  for (const auto& [name, message] : {std::pair("text.mp4", "text.mp4: is no video"),
                                      std::pair("empty.mp4", "empty.mp4: is empty"),
                                      std::pair("missing.mp4", "missing.mp4: no such file")}) {
    const std::optional<NamedPicture> picture = PictureSource({folder_ / name}).next();
    ASSERT_TRUE(picture && picture->error);
    EXPECT_THAT(picture->error->what(), HasSubstr(message));
  }
}

}  // namespace
}  // namespace replayrt::cli
