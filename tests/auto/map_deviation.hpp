#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>
#include <vector>

#include "replayrt/models/result.hpp"

namespace replayrt {

/// How far maps are from the reference's, which tools/reference/maps.py has put down in short: some
/// rows of the classes, how many pixels each class has, a grid of the numbers and their mean.
struct MapDeviation {
  std::size_t maps = 0;
  std::size_t pixels = 0;  ///< In the rows that are known.
  std::size_t pixels_off = 0;
  double number = 0;  ///< A confidence or a depth.
  double mean = 0;

  void add(const SemanticSegmentationResult& actual, const nlohmann::json& wanted) {
    const ImageSize size = actual.size;
    ASSERT_EQ((nlohmann::json{size.height, size.width}), wanted["size"]);
    ASSERT_EQ(actual.segmentation_map.size(), area(size));
    add_rows(actual, wanted);
    std::map<std::string, std::int64_t> counts;
    for (const std::int64_t id : actual.segmentation_map) {
      ++counts[std::to_string(id)];
    }
    for (const auto& [id, count] : wanted["pixels"].items()) {
      EXPECT_NEAR(static_cast<double>(counts[id]), count.get<double>(),
                  kMostOff * static_cast<double>(area(size)))
          << "class " << id;
    }
    add_numbers(actual.confidence, size, wanted, "confidence");
  }

  void add(const DepthMap& actual, const nlohmann::json& wanted) {
    ASSERT_EQ((nlohmann::json{actual.size.height, actual.size.width}), wanted["size"]);
    add_numbers(actual.depth, actual.size, wanted, "depth");
  }

  void expect_small() const {
    EXPECT_LE(static_cast<double>(pixels_off), kMostOff * static_cast<double>(pixels));
    EXPECT_LE(number, kTolerance);
    EXPECT_LE(mean, kTolerance);
  }

 private:
  /// Classes whose scores are nearly equal come out one way or the other.
  static constexpr double kMostOff = 1e-3;
  static constexpr double kTolerance = 1e-4;

  static std::size_t area(ImageSize size) {
    return static_cast<std::size_t>(size.height * size.width);
  }

  void add_rows(const SemanticSegmentationResult& actual, const nlohmann::json& wanted) {
    const auto width = static_cast<std::size_t>(actual.size.width);
    const std::size_t step = wanted["row_step"];
    for (std::size_t row = 0; row < wanted["runs"].size(); ++row) {
      std::size_t at = row * step * width;
      const nlohmann::json& runs = wanted["runs"][row];
      for (std::size_t run = 0; run < runs.size(); run += 2) {
        for (std::size_t i = 0; i < runs[run + 1].get<std::size_t>(); ++i, ++at) {
          ++pixels;
          pixels_off += actual.segmentation_map[at] == runs[run].get<std::int64_t>() ? 0 : 1;
        }
      }
      ASSERT_EQ(at, (row * step + 1) * width);
    }
  }

  void add_numbers(const std::vector<float>& actual, ImageSize size, const nlohmann::json& wanted,
                   const char* name) {
    ASSERT_EQ(actual.size(), area(size));
    ++maps;
    const std::int64_t down = wanted["step"][0];
    const std::int64_t across = wanted["step"][1];
    std::size_t sample = 0;
    for (std::int64_t y = 0; y < size.height; y += down) {
      for (std::int64_t x = 0; x < size.width; x += across) {
        const double value = actual[static_cast<std::size_t>(y * size.width + x)];
        number = std::max(number, std::abs(value - wanted[name][sample++].get<double>()));
      }
    }
    EXPECT_EQ(sample, wanted[name].size());
    const double sum = std::accumulate(actual.begin(), actual.end(), 0.0);
    mean = std::max(
        mean, std::abs(sum / static_cast<double>(actual.size()) - wanted["mean"].get<double>()));
  }
};

}  // namespace replayrt
