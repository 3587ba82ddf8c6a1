#include "model_package.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "core/expect_error.hpp"
#include "files.hpp"
#include "support/temporary_folder.hpp"

namespace replayrt::cli {
namespace {

using nlohmann::json;

class ModelPackageTest : public testing::Test {
 protected:
  ModelPackageTest() {
    folder_.write("class_names.txt", "cat\ndog\n");
    folder_.write("inference_config.json", "{}");
  }
  [[nodiscard]] std::string read(const std::string& name) const {
    return read_file(target_ / name, 1 << 20);
  }
  void write(const BatchRange& batch) const {
    const std::string plan = "plan";
    write_package(target_, std::as_bytes(std::span(plan)), batch,
                  read_package_files(folder_.path()));
  }

  TemporaryFolder folder_;
  const std::filesystem::path target_ = folder_.path() / "package";
};

TEST_F(ModelPackageTest, HoldsThePlanItsBatchesAndTheModelsFiles) {
  write({1, 4, 8});
  EXPECT_EQ(read("engine.plan"), "plan");
  EXPECT_EQ(read("class_names.txt"), "cat\ndog\n");
  EXPECT_EQ(json::parse(read("trt_config.json")), json({{"dynamic_batch_size_min", 1},
                                                        {"dynamic_batch_size_opt", 4},
                                                        {"dynamic_batch_size_max", 8}}));
  EXPECT_FALSE(std::filesystem::exists(target_ / "model_config.json"));
}

TEST_F(ModelPackageTest, TheConfigurationIsOfTheNewBackend) {
  folder_.write(
      "model_config.json",
      R"({"model_architecture": "yolov8", "backend_type": "onnx", "static_batch_size": 1})");
  folder_.write("keypoints_metadata.json", "[]");
  write({3, 3, 3});
  EXPECT_EQ(json::parse(read("trt_config.json")), json({{"static_batch_size", 3}}));
  EXPECT_EQ(json::parse(read("model_config.json")), json({{"model_architecture", "yolov8"},
                                                          {"backend_type", "trt"},
                                                          {"dynamic_batch_size_supported", false},
                                                          {"static_batch_size", 3}}));
  EXPECT_EQ(read("keypoints_metadata.json"), "[]");
}

TEST_F(ModelPackageTest, ADynamicBatchReplacesAStaticOne) {
  folder_.write("model_config.json", R"({"static_batch_size": 1})");
  write({1, 2, 4});
  EXPECT_EQ(json::parse(read("model_config.json")),
            json({{"backend_type", "trt"}, {"dynamic_batch_size_supported", true}}));
}

TEST_F(ModelPackageTest, WhatIsMissingIsTold) {
  std::filesystem::remove(folder_.path() / "class_names.txt");
  std::filesystem::remove(folder_.path() / "inference_config.json");
  expect_error(ErrorCode::kFileAccess, {"class_names.txt", "inference_config.json"},
               [&] { read_package_files(folder_.path()); });
}

TEST_F(ModelPackageTest, AConfigurationThatIsNoneIsRefused) {
  folder_.write("model_config.json", "[1]");
  expect_error(ErrorCode::kCorruptedModel, {"model_config.json"},
               [&] { read_package_files(folder_.path()); });
}

TEST_F(ModelPackageTest, AFolderIsNeverReplacedNorHalfWritten) {
  write({1, 1, 1});
  expect_error(ErrorCode::kFileAccess, {"package", "exists already"}, [&] { write({2, 2, 2}); });
  EXPECT_EQ(json::parse(read("trt_config.json")), json({{"static_batch_size", 1}}));
  expect_error(ErrorCode::kFileAccess, {"no such directory"},
               [&] { write_package(folder_.path() / "none" / "package", {}, {}, {}); });
  // A file of the package cannot be made: its name is a folder's.
  PackageFiles files;
  files.files.push_back({"sub/file", "x"});
  const std::filesystem::path other = folder_.path() / "other";
  expect_error(ErrorCode::kFileAccess, {"sub"}, [&] { write_package(other, {}, {}, files); });
  std::size_t left = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
    left += entry.path().filename().string().starts_with("other") ? 1U : 0U;
  }
  EXPECT_EQ(left, 0U);
}

}  // namespace
}  // namespace replayrt::cli
