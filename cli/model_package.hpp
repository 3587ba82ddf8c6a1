#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "replayrt/core/shape.hpp"

namespace replayrt::cli {

/// Which batches a plan takes: dimension 0 of its first input.
struct BatchRange {
  std::int64_t min = 1;
  std::int64_t opt = 1;
  std::int64_t max = 1;
};

/// The files beside a plan that make a model package, read from another package of the same model.
struct PackageFiles {
  struct File {
    std::string name;
    std::string content;
  };
  std::vector<File> files;
};

/// Reads class_names.txt and inference_config.json, which must be there, and model_config.json and
/// keypoints_metadata.json where they are. Throws Error(kFileAccess) that lists what is missing,
/// and Error(kCorruptedModel) for a model_config.json that is no JSON object.
PackageFiles read_package_files(const std::filesystem::path& folder);

/// {"static_batch_size": 2}, or the three of "dynamic_batch_size_min".
std::string trt_config_text(const BatchRange& batch);

/// Writes a package for backend trt: engine.plan, trt_config.json and `package`, of which
/// model_config.json says the new backend and batches. The folder appears whole or not at all.
/// Throws Error(kFileAccess), also if `folder` exists already.
void write_package(const std::filesystem::path& folder, std::span<const std::byte> plan,
                   const BatchRange& batch, const PackageFiles& package);

/// Throws as `write_package` does if the folder exists or cannot be made: before a long build.
void require_new_folder(const std::filesystem::path& folder);

}  // namespace replayrt::cli
