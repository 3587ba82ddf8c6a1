#include "models/preprocess/pillow_resize.hpp"

#include "models/preprocess/expected_pixels.hpp"

namespace replayrt::models {
namespace {

TEST(PillowResizeTest, GivesTheBytesOfPillow) {
  const nlohmann::json all_expected = expected_pixels("pillow_resize");
  EXPECT_GT(all_expected.size(), 100U);
  for (const nlohmann::json& expected : all_expected) {
    const cv::Mat source = make_picture(expected);
    const nlohmann::json& new_size = expected.at("new_size");
    cv::Mat destination(new_size.at(0).get<int>(), new_size.at(1).get<int>(), CV_8UC3);
    resize_like_pillow(source, destination);
    expect_pixels(destination, expected);
  }
}

TEST(PillowResizeTest, ResizesFromAViewIntoAView) {
  const cv::Rect from(3, 2, 21, 19);
  // Both passes, either alone, and none.
  for (const cv::Size& size :
       {cv::Size(17, 23), cv::Size(40, 19), cv::Size(21, 9), cv::Size(21, 19)}) {
    cv::Mat picture(30, 40, CV_8UC3);
    fill_with_picture(picture, "noise", 5);
    cv::Mat alone(size, CV_8UC3);
    resize_like_pillow(picture(from).clone(), alone);

    const cv::Rect to(cv::Point(5, 4), size);
    cv::Mat whole(50, 60, CV_8UC3, cv::Scalar::all(200));
    cv::Mat view = whole(to);
    const std::uint8_t* const data = view.data;
    resize_like_pillow(picture(from), view);
    EXPECT_EQ(view.data, data);
    EXPECT_EQ(cv::norm(whole(to), alone, cv::NORM_INF), 0);
    expect_untouched_around(whole, to, 200);
  }
}

TEST(PillowResizeTest, NothingIsWrittenWithoutPixels) {
  cv::Mat destination(3, 4, CV_8UC3, cv::Scalar::all(200));
  for (const cv::Size& size : {cv::Size(0, 0), cv::Size(7, 0), cv::Size(0, 7)}) {
    resize_like_pillow(cv::Mat(size, CV_8UC3), destination);
    expect_untouched_around(destination, {}, 200);
    cv::Mat none(size, CV_8UC3);
    EXPECT_NO_THROW(resize_like_pillow(destination, none));
    EXPECT_EQ(none.size(), size);
  }
}

TEST(PillowResizeTest, RefusesOtherTypesOfImage) {
  cv::Mat right(4, 4, CV_8UC3, cv::Scalar::all(1));
  for (const int type : {CV_8UC1, CV_8UC4, CV_32FC3}) {
    cv::Mat wrong(4, 4, type, cv::Scalar::all(1));
    EXPECT_THROW(resize_like_pillow(wrong, right), cv::Exception);
    EXPECT_THROW(resize_like_pillow(right, wrong), cv::Exception);
  }
}

}  // namespace
}  // namespace replayrt::models
