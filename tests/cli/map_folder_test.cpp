#include "map_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>

#include "files.hpp"
#include "npy.hpp"

namespace replayrt::cli {
namespace {

namespace fs = std::filesystem;

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

NamedPicture picture(const fs::path& file, std::optional<std::int64_t> frame = std::nullopt) {
  return {file.string(), file, frame, {}, {}};
}

SemanticSegmentationResult segments(std::vector<std::int64_t> ids) {
  const std::vector<float> confidence(ids.size(), 1.0F);
  return {{2, static_cast<std::int64_t>(ids.size() / 2)}, std::move(ids), confidence};
}

class MapFolderTest : public testing::Test {
 protected:
  MapFolderTest() { fs::create_directories(folder_); }
  ~MapFolderTest() override { fs::remove_all(folder_); }

  fs::path folder_ =
      fs::path(testing::TempDir()) / ("replayrt_map_folder_" + std::to_string(::getpid()));
};

TEST_F(MapFolderTest, ASegmentationIsTheClassOfEachPixel) {
  MapFolder maps(folder_, 3);
  const std::string path = maps.save(picture("a/street.jpg"), segments({0, 1, 2, 255, 1, 0}));
  EXPECT_EQ(path, (folder_ / "street.png").string());
  const cv::Mat read = cv::imread(path, cv::IMREAD_UNCHANGED);
  EXPECT_EQ(read.type(), CV_8UC1);
  EXPECT_EQ(read.size(), cv::Size(3, 2));
  EXPECT_THAT(std::vector<std::uint8_t>(read.begin<std::uint8_t>(), read.end<std::uint8_t>()),
              ElementsAre(0, 1, 2, 255, 1, 0));
  EXPECT_EQ(maps.save(picture("b/street.jpg"), segments({0, 0})),
            (folder_ / "street_2.png").string());
  EXPECT_EQ(maps.save(picture("clip.mp4", 3), segments({0, 0})),
            (folder_ / "clip_000003.png").string());
}

TEST_F(MapFolderTest, ManyClassesTakeSixteenBits) {
  const auto type = [&](std::size_t classes, std::int64_t id) {
    MapFolder maps(folder_, classes);
    const cv::Mat read =
        cv::imread(maps.save(picture("x.png"), segments({id, 0})), cv::IMREAD_UNCHANGED);
    EXPECT_EQ(read.type() == CV_8UC1 ? read.at<std::uint8_t>(0, 0) : read.at<std::uint16_t>(0, 0),
              id);
    return read.type();
  };
  EXPECT_EQ(type(256, 1), CV_8UC1);
  EXPECT_EQ(type(257, 1), CV_16UC1) << "every picture of a model has the same type";
  EXPECT_EQ(type(2, 256), CV_16UC1);
  EXPECT_EQ(type(2, 65535), CV_16UC1);
  EXPECT_THAT([&] { type(2, 65536); }, ThrowsMessage<Error>(HasSubstr("class 65536")));
}

TEST_F(MapFolderTest, ADepthIsAnArray) {
  MapFolder maps(folder_, 0);
  const std::string path =
      maps.save(picture("street.jpg"), DepthMap{{2, 3}, {1, 2, 3, 4, 5, 6.5F}});
  EXPECT_EQ(path, (folder_ / "street.npy").string());
  const Tensor read = read_npy(path);
  EXPECT_EQ(read.shape(), (Shape{2, 3}));
  EXPECT_THAT(read.as<float>(), ElementsAre(1, 2, 3, 4, 5, 6.5F));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(MapFolderTest, OtherPredictionsHaveNone) {
  MapFolder maps(folder_, 0);
  EXPECT_EQ(maps.save(picture("street.jpg"), Detections{}), "");
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST(GivesMapsTest, SegmentationAndDepthDo) {
  EXPECT_TRUE(gives_maps(Task::kSemanticSegmentation));
  EXPECT_TRUE(gives_maps(Task::kDepthEstimation));
  EXPECT_FALSE(gives_maps(Task::kInstanceSegmentation));
  EXPECT_FALSE(gives_maps(Task::kObjectDetection));
}

}  // namespace
}  // namespace replayrt::cli
