#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>
#include <string>

#include "replayrt/auto_model.hpp"

// The packages and pictures of build/data, and what the Python reference gives for them.

namespace replayrt {

inline std::filesystem::path packages() {
  return std::filesystem::path(REPLAYRT_TEST_DATA_DIR) / "packages";
}

inline nlohmann::json expected(const std::string& name) {
  std::ifstream file(std::filesystem::path(REPLAYRT_EXPECTED_DIR) / (name + ".json"));
  return nlohmann::json::parse(file);
}

inline cv::Mat picture(const std::string& name) {
  const std::filesystem::path data = REPLAYRT_TEST_DATA_DIR;
  std::filesystem::path file = packages() / "pictures" / (name + ".png");
  for (const char* const of_text : {"pictures", "lines"}) {
    file = std::filesystem::exists(file) ? file : data / of_text / (name + ".png");
  }
  cv::Mat pixels = cv::imread(file.string(), cv::IMREAD_COLOR);
  EXPECT_FALSE(pixels.empty()) << name;
  return pixels;
}

inline ImageView view_of(const cv::Mat& pixels, ColorFormat color) {
  return {.data = pixels.data, .height = pixels.rows, .width = pixels.cols, .color = color};
}

/// How a model is loaded and run.
struct Way {
  std::string name;
  bool fused;
  bool compatible;
  bool cached;
};

inline Model load(const std::string& package, const Way& way) {
  AutoModelOptions options{.fuse_pre_processing = way.fused,
                           .reference_compatible = way.compatible};
  if (way.cached) {
    options.cuda_graph_cache = std::make_shared<GraphCache>(
        GraphCacheOptions{.capacity = 4, .admission = Admission::always()});
  }
  return AutoModel::from_pretrained(packages() / package, options);
}

/// What a way of running is to give; without the reference's defects where the oracle could tell.
inline const nlohmann::json& answers_of(const nlohmann::json& test, bool compatible) {
  return compatible || !test.contains("mended") ? test["predictions"] : test["mended"];
}

}  // namespace replayrt
