// Packages that were damaged at random: whatever is in the files, reading ends, and in problems or
// a package within its bounds.
#include <random>

#include "expect_problem.hpp"
#include "models/package/inference_config.hpp"
#include "models/package/inference_yml.hpp"
#include "valid_package.hpp"

namespace replayrt::models {
namespace {

ValidPackage everything() {
  ValidPackage package = ValidPackage::trt();
  package.files["keypoints_metadata.json"] = std::string(kValidKeyPoints);
  package.files["local_trt_package_manifest.json"] = valid_manifest();
  package.set("inference_config.json", "/image_pre_processing", R"({
      "static-crop": {"enabled": true, "x_min": 10, "x_max": 90, "y_min": 20, "y_max": 80}})");
  package.set("inference_config.json", "/network_input/normalization", "[[0,0,0],[1,1,1]]");
  package.set("model_config.json", "/recommended_parameters", R"({"confidence": 0.5})");
  return package;
}

/// Replaces, removes, doubles or cuts.
std::string damaged(std::string text, std::mt19937& random) {
  const auto below = [&](std::size_t end) {
    return std::uniform_int_distribution<std::size_t>(0, end - 1)(random);
  };
  const std::size_t times = 1 + below(3);
  for (std::size_t i = 0; i < times && !text.empty(); ++i) {
    const std::size_t at = below(text.size());
    switch (below(5)) {
      case 0:
        text[at] = static_cast<char>(below(256));
        break;
      case 1:
        text.erase(at, 1 + below(20));
        break;
      case 2:
        text.insert(at, text.substr(below(text.size()), 1 + below(20)));
        break;
      case 3:
        text[at] = "0123456789-.eE\"{}[],:ntf"[below(24)];  // Stays JSON more often.
        break;
      default:
        text.resize(at);
    }
  }
  return text;
}

void expect_within_bounds(const ModelPackage& package) {
  const NetworkInput& input = package.inference_config.network_input;
  EXPECT_LE(input.training_input_size.height, kMostSide);
  EXPECT_GE(input.training_input_size.height, 0);
  EXPECT_NE(input.scaling_factor, 0);
  if (input.normalization) {
    EXPECT_EQ(input.normalization->first.size(), input.normalization->second.size());
  }
  for (const KeyPointsOfClass& key_points : package.key_points) {
    for (const auto& [from, to] : key_points.edges) {
      EXPECT_LT(from, static_cast<std::int64_t>(key_points.names.size()));
      EXPECT_LT(to, static_cast<std::int64_t>(key_points.names.size()));
    }
  }
  EXPECT_FALSE(package.class_names.empty());
}

TEST(PackageCorruptionTest, OfOneFile) {
  std::mt19937 random(20260821);  // NOLINT: the same every time.
  const ValidPackage valid = everything();
  const TemporaryFolder folder;
  ASSERT_TRUE(read_model_package(valid.write(folder)).problems.empty());
  std::size_t usable = 0;
  std::size_t refused = 0;
  for (const auto& [name, content] : valid.files) {
    for (int i = 0; i < 60; ++i) {
      const std::string text = damaged(content, random);
      folder.write(name, text);
      const ModelPackage package = read_model_package(folder.path());
      if (package.usable()) {
        ++usable;
        expect_within_bounds(package);
      } else {
        ++refused;
      }
      for (const PackageProblem& problem : package.problems) {
        EXPECT_FALSE(problem.message.empty());
        EXPECT_EQ(problem.text().find('\n'), std::string::npos) << problem.text();
      }
      if (testing::Test::HasFailure()) {
        FAIL() << name << ": " << text;
      }
    }
    folder.write(name, content);
  }
  EXPECT_GT(usable, 20U);
  EXPECT_GT(refused, 200U);
}

void expect_text_within_bounds(const ModelPackage& package) {
  ASSERT_NE(package.text_detection.has_value(), package.text_recognition.has_value());
  const NetworkInput& input = package.inference_config.network_input;
  EXPECT_EQ(input.normalization.value().first.size(), 3U);
  for (const double deviation : input.normalization.value().second) {
    EXPECT_NE(deviation, 0);
  }
  if (package.text_detection) {
    EXPECT_NE(input.multiplier.value(), 0);
    EXPECT_GE(package.text_detection->limit_side_len, 1);
    EXPECT_LE(package.text_detection->limit_side_len, kMostSide);
    EXPECT_LE(package.text_detection->unclip_ratio, 100);
    EXPECT_GE(package.text_detection->max_candidates, 1);
  } else {
    EXPECT_FALSE(package.text_recognition->characters.empty());
    EXPECT_GE(package.text_recognition->line_size.height, 1);
    EXPECT_LE(package.text_recognition->line_size.width, kMostLineWidth);
  }
}

TEST(PackageCorruptionTest, OfAnInferenceYml) {
  std::mt19937 random(20261126);  // NOLINT: the same every time.
  for (const ValidPackage& valid :
       {ValidPackage::text_detection(), ValidPackage::text_recognition()}) {
    const TemporaryFolder folder;
    ASSERT_TRUE(read_model_package(valid.write(folder)).problems.empty());
    std::size_t usable = 0;
    std::size_t refused = 0;
    for (int i = 0; i < 400; ++i) {
      const std::string text = damaged(valid.files.at("inference.yml"), random);
      folder.write("inference.yml", text);
      const ModelPackage package = read_model_package(folder.path());
      ++(package.usable() ? usable : refused);
      if (package.usable()) {
        expect_text_within_bounds(package);
      }
      for (const PackageProblem& problem : package.problems) {
        EXPECT_FALSE(problem.message.empty());
        EXPECT_EQ(problem.text().find('\n'), std::string::npos) << problem.text();
      }
      if (testing::Test::HasFailure()) {
        FAIL() << text;
      }
    }
    EXPECT_GT(usable, 3U);
    EXPECT_GT(refused, 100U);
  }
}

TEST(PackageCorruptionTest, CutShort) {
  const ValidPackage valid = everything();
  const TemporaryFolder folder;
  valid.write(folder);
  for (const auto& [name, content] : valid.files) {
    const bool is_json = name.ends_with(".json");
    for (std::size_t size = 0; size < content.size(); size += 7) {
      folder.write(name, content.substr(0, size));
      const ModelPackage package = read_model_package(folder.path());
      EXPECT_TRUE(!is_json || !package.usable()) << name << " cut to " << size;
    }
    folder.write(name, content);
  }
}

}  // namespace
}  // namespace replayrt::models
