#include "replayrt/models/image.hpp"

#include <gtest/gtest.h>

#include <array>

#include "core/expect_error.hpp"

namespace replayrt {
namespace {

TEST(ImageTest, ColorFormatsHaveNames) {
  for (const ColorFormat format : {ColorFormat::kBgr, ColorFormat::kRgb}) {
    EXPECT_EQ(color_format_from_string(to_string(format)), format);
  }
  expect_error(ErrorCode::kInvalidParameter, {"'hsv'", "bgr or rgb"},
               [] { (void)color_format_from_string("hsv"); });
}

TEST(ImageTest, CopiesShareThePixels) {
  Image image = Image::allocate({2, 3}, 4);
  const Image copy = image;
  EXPECT_EQ(image.size(), (ImageSize{2, 3}));
  EXPECT_EQ(image.channels(), 4);
  EXPECT_EQ(image.view().data, copy.view().data);
  image = {};
  EXPECT_FALSE(image.defined());
  copy.pixels().as<std::uint8_t>()[23] = 7;
  EXPECT_EQ(copy.view().data[23], 7);
}

TEST(ImageTest, AnImageNeedsASizeAndChannels) {
  for (const ImageSize size : {ImageSize{0, 1}, ImageSize{1, 0}, ImageSize{-1, 1}}) {
    expect_error(ErrorCode::kInvalidParameter, {"at least 1 x 1"}, [&] { Image::allocate(size); });
  }
  expect_error(ErrorCode::kInvalidParameter, {"2 channels"}, [] { Image::allocate({1, 1}, 2); });
}

TEST(ImageTest, ViewsThatAreNoneAreRefused) {
  const std::array<std::uint8_t, 12> pixels{};
  const ImageView good{.data = pixels.data(), .height = 2, .width = 2};
  EXPECT_NO_THROW(require_image(good, "it"));
  const auto refuses = [](ImageView image, const std::string& part) {
    expect_error(ErrorCode::kModelInput, {"it has", part}, [&] { require_image(image, "it"); });
  };
  ImageView image = good;
  image.data = nullptr;
  refuses(image, "no pixels");
  image = good;
  image.height = 0;
  refuses(image, "height 0");
  image = good;
  image.width = -1;
  refuses(image, "width -1");
  image = good;
  image.width = std::int64_t{1} << 40;
  refuses(image, "width 1099511627776");
  image = good;
  image.channels = 2;
  refuses(image, "2 channels");
  image = good;
  image.row_bytes = 5;
  refuses(image, "rows 5 bytes apart that take 6");
}

}  // namespace
}  // namespace replayrt
