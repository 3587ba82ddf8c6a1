#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iomanip>
#include <nlohmann/json.hpp>
#include <opencv2/core.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace replayrt::models {

/// A section of expected/pixels.json, which tools/reference/pixels.py has written.
inline nlohmann::json expected_pixels(const char* section) {
  std::ifstream file(std::string(REPLAYRT_EXPECTED_DIR) + "/pixels.json");
  return nlohmann::json::parse(file).at(section);
}

/// A byte for each place, as good as random.
inline std::uint32_t mixed(std::uint32_t seed, std::uint32_t y, std::uint32_t x,
                           std::uint32_t channel) {
  std::uint32_t h = (y * 73856093U) ^ (x * 19349663U) ^ (channel * 83492791U);
  h ^= seed * 2654435761U;
  h = (h ^ (h >> 16U)) * 0x7FEB352DU;
  h = (h ^ (h >> 15U)) * 0x846CA68BU;
  return (h ^ (h >> 16U)) & 255U;
}

/// One value of picture() in tools/reference/pixels.py.
inline std::uint32_t picture_value(std::string_view name, std::uint32_t seed, const cv::Size& size,
                                   std::uint32_t y, std::uint32_t x, std::uint32_t channel) {
  const std::uint32_t noise = mixed(seed, y, x, channel);
  if (name == "noise") {
    return noise;
  }
  if (name == "faint") {  // 11 and 29 are on edges of bins of a histogram of it.
    return 5 + noise % 33;
  }
  if (name == "gray") {
    return mixed(seed, y, x, 0);
  }
  if (name == "blobs") {
    return (3 * mixed(seed, y / 8, x / 8, channel) + noise) / 4;
  }
  if (name == "gradient") {
    const std::uint32_t down = y * 255 / static_cast<std::uint32_t>(std::max(size.height - 1, 1));
    const std::uint32_t across = x * 255 / static_cast<std::uint32_t>(std::max(size.width - 1, 1));
    return channel == 0 ? across : channel == 1 ? down : (across + down) / 2;
  }
  if (name == "two_tone") {
    return noise < 128 ? 40 + 30 * channel : 90 + 10 * channel;
  }
  if (name == "constant") {
    return mixed(seed, 0, 0, channel);
  }
  if (name == "black") {
    return 0;
  }
  if (name == "white") {
    return 255;
  }
  throw std::invalid_argument("no picture is named '" + std::string(name) + "'");
}

inline void fill_with_picture(cv::Mat& image, std::string_view name, std::uint32_t seed) {
  for (int y = 0; y < image.rows; ++y) {
    for (int x = 0; x < image.cols; ++x) {
      for (int channel = 0; channel < 3; ++channel) {
        image.at<cv::Vec3b>(y, x)[channel] = static_cast<std::uint8_t>(
            picture_value(name, seed, image.size(), static_cast<std::uint32_t>(y),
                          static_cast<std::uint32_t>(x), static_cast<std::uint32_t>(channel)));
      }
    }
  }
}

/// The picture that a case of pixels.json starts from.
inline cv::Mat make_picture(const nlohmann::json& expected) {
  cv::Mat image(expected.at("size").at(0).get<int>(), expected.at("size").at(1).get<int>(),
                CV_8UC3);
  fill_with_picture(image, expected.at("picture").get<std::string>(),
                    expected.at("seed").get<std::uint32_t>());
  return image;
}

/// Expects that `image` has the bytes of the case's result.
inline void expect_pixels(const cv::Mat& image, const nlohmann::json& expected) {
  std::uint64_t hash = 0xCBF29CE484222325U;
  std::ostringstream bytes;
  bytes << std::hex << std::setfill('0');
  for (int y = 0; y < image.rows; ++y) {
    const std::uint8_t* const row = image.ptr<std::uint8_t>(y);
    for (int x = 0; x < image.cols * 3; ++x) {
      hash = (hash ^ row[x]) * 0x100000001B3U;
      bytes << std::setw(2) << int{row[x]};
    }
  }
  if (expected.contains("bytes")) {
    EXPECT_EQ(bytes.str(), expected.at("bytes").get<std::string>()) << expected;
  }
  std::ostringstream hash_text;
  hash_text << std::hex << std::setfill('0') << std::setw(16) << hash;
  EXPECT_EQ(hash_text.str(), expected.at("hash").get<std::string>()) << expected;
}

/// Expects that `whole`, which was filled with `value`, still is wherever `view` is not.
inline void expect_untouched_around(const cv::Mat& whole, const cv::Rect& view,
                                    std::uint8_t value) {
  for (int y = 0; y < whole.rows; ++y) {
    for (int x = 0; x < whole.cols; ++x) {
      if (!view.contains({x, y})) {
        ASSERT_EQ(whole.at<cv::Vec3b>(y, x), cv::Vec3b::all(value)) << x << ", " << y;
      }
    }
  }
}

}  // namespace replayrt::models
