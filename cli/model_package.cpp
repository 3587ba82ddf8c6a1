#include "model_package.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <system_error>

#include "files.hpp"
#include "replayrt/core/error.hpp"
#include "text.hpp"

namespace replayrt::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::size_t kMostBytes = std::size_t{64} << 20;
constexpr const char* kModelConfig = "model_config.json";

fs::path without_trailing_slash(const fs::path& folder) {
  return folder.has_filename() ? folder : folder.parent_path();
}

/// What the package says of itself, with the new backend and batches.
std::string for_tensorrt(const std::string& model_config, const BatchRange& batch) {
  Json json = Json::parse(model_config);
  json["backend_type"] = "trt";
  json["dynamic_batch_size_supported"] = batch.min != batch.max;
  json.erase("static_batch_size");
  if (batch.min == batch.max) {
    json["static_batch_size"] = batch.min;
  }
  return json.dump(2) + "\n";
}

}  // namespace

PackageFiles read_package_files(const fs::path& folder) {
  PackageFiles package;
  std::vector<std::string> missing;
  const auto take = [&](const std::string& name, bool required) {
    std::error_code ignored;
    if (fs::exists(folder / name, ignored)) {
      package.files.push_back({name, read_file(folder / name, kMostBytes)});
    } else if (required) {
      missing.push_back(name);
    }
  };
  take("class_names.txt", true);
  take("inference_config.json", true);
  take(kModelConfig, false);
  take("keypoints_metadata.json", false);
  if (!missing.empty()) {
    throw Error(ErrorCode::kFileAccess,
                fmt::format("folder {} has no {}: a model package needs it",
                            in_quotes(folder.string()), join(missing, " and no ")));
  }
  for (const PackageFiles::File& file : package.files) {
    if (file.name == kModelConfig && !Json::parse(file.content, nullptr, false).is_object()) {
      throw Error(
          ErrorCode::kCorruptedModel,
          fmt::format("file {} is no JSON object", in_quotes((folder / file.name).string())));
    }
  }
  return package;
}

std::string trt_config_text(const BatchRange& batch) {
  Json json;
  if (batch.min == batch.max) {
    json["static_batch_size"] = batch.min;
  } else {
    json["dynamic_batch_size_min"] = batch.min;
    json["dynamic_batch_size_opt"] = batch.opt;
    json["dynamic_batch_size_max"] = batch.max;
  }
  return json.dump(2) + "\n";
}

void require_new_folder(const fs::path& folder) {
  const fs::path target = without_trailing_slash(folder);
  std::error_code ignored;
  if (fs::exists(target, ignored)) {
    throw Error(ErrorCode::kFileAccess,
                fmt::format("folder {} exists already", in_quotes(target.string())));
  }
  require_writable(target);  // What can take a file can take a folder.
}

void write_package(const fs::path& folder, std::span<const std::byte> plan, const BatchRange& batch,
                   const PackageFiles& package) {
  require_new_folder(folder);
  const fs::path target = without_trailing_slash(folder);
  fs::path temporary = target;
  temporary += fmt::format(".{}.tmp", ::getpid());
  try {
    fs::create_directory(temporary);
    write_file_atomically(temporary / "engine.plan",
                          {reinterpret_cast<const char*>(plan.data()), plan.size()});
    write_file_atomically(temporary / "trt_config.json", trt_config_text(batch));
    for (const PackageFiles::File& file : package.files) {
      write_file_atomically(temporary / file.name, file.name == kModelConfig
                                                       ? for_tensorrt(file.content, batch)
                                                       : file.content);
    }
    fs::rename(temporary, target);
  } catch (const fs::filesystem_error& error) {
    std::error_code ignored;
    fs::remove_all(temporary, ignored);
    throw Error(ErrorCode::kFileAccess,
                fmt::format("folder {} cannot be made: {}", in_quotes(target.string()),
                            error.code().message()));
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(temporary, ignored);
    throw;
  }
}

}  // namespace replayrt::cli
