#include "pictures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <string>
#include <vector>

#include "replayrt/core/error.hpp"

namespace replayrt::cli {
namespace {

namespace fs = std::filesystem;

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;
using Bytes = std::vector<std::uint8_t>;

/// A red CMYK JPEG of 8 x 8 pixels, which OpenCV cannot write.
constexpr std::array<std::uint8_t, 177> kCmyk = {
    0xff, 0xd8, 0xff, 0xee, 0x00, 0x0e, 0x41, 0x64, 0x6f, 0x62, 0x65, 0x00, 0x64, 0x00, 0x00,
    0x00, 0x00, 0x00, 0xff, 0xdb, 0x00, 0x43, 0x00, 0x03, 0x02, 0x02, 0x03, 0x02, 0x02, 0x03,
    0x03, 0x03, 0x03, 0x04, 0x03, 0x03, 0x04, 0x05, 0x08, 0x05, 0x05, 0x04, 0x04, 0x05, 0x0a,
    0x07, 0x07, 0x06, 0x08, 0x0c, 0x0a, 0x0c, 0x0c, 0x0b, 0x0a, 0x0b, 0x0b, 0x0d, 0x0e, 0x12,
    0x10, 0x0d, 0x0e, 0x11, 0x0e, 0x0b, 0x0b, 0x10, 0x16, 0x10, 0x11, 0x13, 0x14, 0x15, 0x15,
    0x15, 0x0c, 0x0f, 0x17, 0x18, 0x16, 0x14, 0x18, 0x12, 0x14, 0x15, 0x14, 0xff, 0xc0, 0x00,
    0x14, 0x08, 0x00, 0x08, 0x00, 0x08, 0x04, 0x43, 0x11, 0x00, 0x4d, 0x11, 0x00, 0x59, 0x11,
    0x00, 0x4b, 0x11, 0x00, 0xff, 0xc4, 0x00, 0x14, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x09, 0xff, 0xc4, 0x00, 0x14,
    0x10, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0xff, 0xda, 0x00, 0x0e, 0x04, 0x43, 0x00, 0x4d, 0x00, 0x59, 0x00, 0x4b,
    0x00, 0x00, 0x3f, 0x00, 0x54, 0xc5, 0x50, 0xaa, 0x2a, 0x6f, 0xff, 0xd9};

class PicturesTest : public testing::Test {
 protected:
  PicturesTest() { fs::create_directories(folder_); }
  ~PicturesTest() override { fs::remove_all(folder_); }

  fs::path write(const std::string& name, const Bytes& content) {
    const fs::path path = folder_ / name;
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(content.data()),
               static_cast<std::streamsize>(content.size()));
    return path;
  }

  // Tests of several builds may run at once.
  fs::path folder_ =
      fs::path(testing::TempDir()) / ("replayrt_pictures_" + std::to_string(::getpid()));
};

/// Every pixel differs from its neighbours, smoothly enough for a JPEG.
cv::Mat gradient(int height, int width, int type = CV_8UC3) {
  cv::Mat picture(height, width, CV_8UC3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      picture.at<cv::Vec3b>(y, x) = {static_cast<std::uint8_t>(x * 255 / std::max(width - 1, 1)),
                                     static_cast<std::uint8_t>(y * 255 / std::max(height - 1, 1)),
                                     static_cast<std::uint8_t>((x + y) % 256)};
    }
  }
  cv::Mat result;
  if (type == CV_8UC1) {
    cv::extractChannel(picture, result, 0);
  } else if (type == CV_16UC3) {
    picture.convertTo(result, type, 257.0);
  } else if (type == CV_8UC4) {
    const cv::Mat alpha(height, width, CV_8UC1, cv::Scalar(7));
    cv::merge(std::vector<cv::Mat>{picture, alpha}, result);
    cv::mixChannels({picture}, {result}, {0, 0, 1, 1, 2, 2});
  } else {
    result = picture;
  }
  return result;
}

Bytes encoded(const char* extension, const cv::Mat& picture) {
  Bytes bytes;
  cv::imencode(extension, picture, bytes);
  return bytes;
}

Bytes pixels_of(const Image& image) {
  const auto* from = static_cast<const std::uint8_t*>(image.pixels().data());
  return {from, from + image.pixels().shape().num_elements()};
}

Bytes pixels_of(const cv::Mat& picture) {
  const cv::Mat dense = picture.clone();
  return {dense.data, dense.data + dense.total() * dense.elemSize()};
}

/// A JPEG whose EXIF says how it is to be turned.
Bytes turned_jpeg(const cv::Mat& picture, std::uint8_t orientation) {
  const Bytes jpeg = encoded(".jpg", picture);
  const Bytes exif = {0xff, 0xe1, 0x00, 0x22, 'E', 'x',         'i', 'f', 0,    0,    'M', 'M',
                      0,    42,   0,    0,    0,   8,           0,   1,   0x01, 0x12, 0,   3,
                      0,    0,    0,    1,    0,   orientation, 0,   0,   0,    0,    0,   0};
  Bytes result(jpeg.begin(), jpeg.begin() + 2);
  std::ranges::copy(exif, std::back_inserter(result));
  result.insert(result.end(), jpeg.begin() + 2, jpeg.end());
  return result;
}

TEST_F(PicturesTest, ReadsWhatOpenCvReads) {
  const std::vector<std::pair<std::string, Bytes>> files = {
      {"one.png", encoded(".png", gradient(1, 1))},
      {"long.png", encoded(".png", gradient(1, 10000))},
      {"tall.jpg", encoded(".jpg", gradient(10000, 1))},
      {"deep.png", encoded(".png", gradient(13, 17, CV_16UC3))},
      {"grey.png", encoded(".png", gradient(13, 17, CV_8UC1))},
      {"grey.jpg", encoded(".jpg", gradient(13, 17, CV_8UC1))},
      {"alpha.png", encoded(".png", gradient(13, 17, CV_8UC4))},
      {"colour.jpg", encoded(".jpg", gradient(64, 48))},
      {"colour.webp", encoded(".webp", gradient(64, 48))},
      {"colour.bmp", encoded(".bmp", gradient(64, 48))},
      {"colour.tiff", encoded(".tiff", gradient(64, 48))},
      {"cmyk.jpg", Bytes(kCmyk.begin(), kCmyk.end())},
      {"png.jpg", encoded(".png", gradient(5, 6))}};
  for (const auto& [name, content] : files) {
    const fs::path path = write(name, content);
    const Image image = read_picture(path);
    const cv::Mat expected = cv::imread(path.string());
    EXPECT_EQ(image.channels(), 3);
    EXPECT_EQ(image.size(), (ImageSize{expected.rows, expected.cols})) << name;
    EXPECT_EQ(pixels_of(image), pixels_of(expected)) << name;
  }
}

TEST_F(PicturesTest, IsEightBitBgr) {
  const cv::Mat expected = gradient(13, 17);
  for (const int type : {CV_8UC3, CV_16UC3, CV_8UC4}) {
    const Image image = decode_picture(encoded(".png", gradient(13, 17, type)), "x");
    EXPECT_EQ(pixels_of(image), pixels_of(expected)) << type;
  }
  const Image red = decode_picture(kCmyk, "x");
  EXPECT_THAT(pixels_of(red), testing::SizeIs(8 * 8 * 3));
  EXPECT_LT(pixels_of(red)[0], 60);
  EXPECT_GT(pixels_of(red)[2], 180);
}

TEST_F(PicturesTest, TurnsWhatExifSaysUpright) {
  cv::Mat quarters(32, 64, CV_8UC3, cv::Scalar::all(0));
  quarters(cv::Rect(0, 0, 32, 16)).setTo(cv::Scalar::all(255));  // Upper left.
  for (std::uint8_t orientation = 1; orientation <= 8; ++orientation) {
    const Image image = decode_picture(turned_jpeg(quarters, orientation), "x");
    const bool lies = orientation >= 5;
    EXPECT_EQ(image.size(), (lies ? ImageSize{64, 32} : ImageSize{32, 64}));
    const Bytes pixels = pixels_of(image);
    const auto white = [&](bool bottom, bool right) {
      const auto y = image.size().height / 4 * (bottom ? 3 : 1);
      const auto x = image.size().width / 4 * (right ? 3 : 1);
      return pixels[static_cast<std::size_t>((y * image.size().width + x) * 3)] > 128;
    };
    // Where the upper left quarter of the stored picture goes: EXIF's definition of tag 274.
    const bool bottom =
        orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
    const bool right = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
    for (const bool b : {false, true}) {
      for (const bool r : {false, true}) {
        EXPECT_EQ(white(b, r), b == bottom && r == right) << int{orientation} << b << r;
      }
    }
  }
}

TEST_F(PicturesTest, ATruncatedPictureIsAnError) {
  const cv::Mat picture = gradient(64, 48);
  for (const char* extension : {".png", ".jpg"}) {
    const Bytes whole = encoded(extension, picture);
    EXPECT_NO_THROW(decode_picture(whole, "x"));
    for (std::size_t size = 4; size < whole.size(); size += 7) {
      const std::span<const std::uint8_t> part = std::span(whole).first(size);
      EXPECT_THAT([&] { decode_picture(part, "cut"); }, ThrowsMessage<Error>(HasSubstr("cut: is ")))
          << extension << size;
    }
    const std::span<const std::uint8_t> almost = std::span(whole).first(whole.size() - 1);
    EXPECT_THAT([&] { decode_picture(almost, "cut"); },
                ThrowsMessage<Error>(HasSubstr("cut: is truncated")));
  }
}

TEST_F(PicturesTest, ProgressiveAndRestartedJpegsAreWhole) {
  for (const int flag : {cv::IMWRITE_JPEG_PROGRESSIVE, cv::IMWRITE_JPEG_RST_INTERVAL}) {
    Bytes bytes;
    cv::imencode(".jpg", gradient(64, 48), bytes, {flag, 1});
    EXPECT_NO_THROW(decode_picture(bytes, "x"));
    bytes.resize(bytes.size() - 2);
    EXPECT_THAT([&] { decode_picture(bytes, "x"); }, ThrowsMessage<Error>(HasSubstr("truncated")));
  }
}

TEST_F(PicturesTest, WhatFollowsTheEndDoesNoHarm) {
  for (const char* extension : {".png", ".jpg"}) {
    Bytes bytes = encoded(extension, gradient(20, 30));
    const Image plain = decode_picture(bytes, "x");
    bytes.insert(bytes.end(), {0xff, 0xd8, 0xff, 0x00, 'j', 'u', 'n', 'k'});
    EXPECT_EQ(pixels_of(decode_picture(bytes, "x")), pixels_of(plain));
  }
}

TEST_F(PicturesTest, AThumbnailsEndIsNotTheEnd) {
  const Bytes jpeg = encoded(".jpg", gradient(20, 30));
  const Bytes thumbnail = encoded(".jpg", gradient(4, 4));
  const auto length = thumbnail.size() + 2;
  Bytes bytes = {0xff,
                 0xd8,
                 0xff,
                 0xe2,
                 static_cast<std::uint8_t>(length / 256),
                 static_cast<std::uint8_t>(length % 256)};
  std::ranges::copy(thumbnail, std::back_inserter(bytes));
  EXPECT_THAT([&] { decode_picture(bytes, "x"); }, ThrowsMessage<Error>(HasSubstr("truncated")));
  bytes.insert(bytes.end(), jpeg.begin() + 2, jpeg.end());
  EXPECT_EQ(decode_picture(bytes, "x").size(), (ImageSize{20, 30}));
}

TEST_F(PicturesTest, TooManyPixelsAreAnErrorBeforeTheyAreDecoded) {
  Bytes png = encoded(".png", gradient(2, 2));
  png[16] = png[20] = 0x00;
  png[17] = png[21] = 0x01;  // 65538 x 65538, in the header only.
  EXPECT_THAT([&] { decode_picture(png, "huge"); },
              ThrowsMessage<Error>(AllOf(HasSubstr("huge: is too large: 65538 x 65538"),
                                         HasSubstr("at most 268435456"))));
}

TEST_F(PicturesTest, SaysWhatIsWrongWithAFile) {
  const std::string text = "This is no picture.";
  EXPECT_THAT([&] { read_picture(write("text.jpg", Bytes(text.begin(), text.end()))); },
              ThrowsMessage<Error>(AllOf(HasSubstr("text.jpg: is no picture"), HasSubstr(".png"))));
  EXPECT_THAT([&] { read_picture(write("empty.png", {})); },
              ThrowsMessage<Error>(HasSubstr("empty.png: is empty")));
  EXPECT_THAT([&] { read_picture(folder_ / "missing.png"); },
              ThrowsMessage<Error>(HasSubstr("missing.png: no such file")));
  EXPECT_THAT([&] { read_picture(folder_); }, ThrowsMessage<Error>(HasSubstr("is a directory")));
  Bytes webp = encoded(".webp", gradient(64, 48));
  webp.resize(webp.size() / 2);
  EXPECT_THAT([&] { read_picture(write("half.webp", webp)); },
              ThrowsMessage<Error>(HasSubstr("half.webp: is no picture")));
}

TEST_F(PicturesTest, NamesTellPicturesAndVideos) {
  EXPECT_TRUE(has_picture_name("a/b.JPG"));
  EXPECT_TRUE(has_picture_name("b.tiff"));
  EXPECT_FALSE(has_picture_name("b.mp4"));
  EXPECT_FALSE(has_picture_name("jpg"));
  EXPECT_TRUE(has_video_name("b.Mp4"));
  EXPECT_FALSE(has_video_name("b.png"));
}

}  // namespace
}  // namespace replayrt::cli
