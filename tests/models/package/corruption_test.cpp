// Packages that were damaged at random: whatever is in the files, reading ends, and in problems or
// a package within its bounds.
#include <random>

#include "expect_problem.hpp"
#include "models/package/inference_config.hpp"
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
