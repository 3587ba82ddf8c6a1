#include "models/package/manifest.hpp"

#include <algorithm>
#include <array>

#include "models/package/json_reader.hpp"
#include "models/package/text.hpp"
#include "models/package/version.hpp"

namespace replayrt::models {
namespace {

constexpr std::string_view kFileName = "local_trt_package_manifest.json";

constexpr std::array<std::string_view, 5> kHandles = {"inference_config.json", "class_names.txt",
                                                      "trt_config.json", "engine.plan",
                                                      "keypoints_metadata.json"};

constexpr std::array<std::string_view, 2> kMachineTypes = {"gpu-server", "jetson"};
/// In the order of the machine types.
constexpr std::array<std::string_view, 2> kSpecsTypes = {"gpu-server-specs-v1",
                                                         "jetson-machine-specs-v1"};

void check_literal(const JsonValue& value, std::string_view text) {
  const std::array<std::string_view, 1> only = {text};
  static_cast<void>(value.choice_at(only));
}

void check_boolean(JsonObject& object, std::string_view key) {
  static_cast<void>(object.optional_not_null(key).boolean());
}

void check_version(const JsonValue& value) {
  const std::optional<std::string> text = value.text();
  if (text && !is_version(*text)) {
    value.error("expected a version, as '12.4' or '535.104.05', found " + value.found());
  }
}

void check_machine(JsonObject& object) {
  const std::optional<std::size_t> machine =
      object.required("machineType").choice_at(kMachineTypes);
  std::optional<JsonObject> specs = object.required("machineSpecs").object();
  if (!specs) {
    return;
  }
  const JsonValue type = specs->required("type");
  const std::optional<std::size_t> kind = type.choice_at(kSpecsTypes);
  if (!kind) {
    return;
  }
  if (machine && *machine != *kind) {
    type.error("expected " + in_quotes(kSpecsTypes[*machine]) + " for a machineType of " +
               in_quotes(kMachineTypes[*machine]) + ", found " + type.found());
  }
  if (*kind == 0) {
    check_version(specs->required("driverVersion"));
    static_cast<void>(specs->required("osVersion").text());
  } else {
    check_version(specs->required("l4tVersion"));
    static_cast<void>(specs->required("deviceName").text());
    check_version(specs->required("driverVersion"));
  }
  specs->warn_of_unknown_keys();
}

void check_package_manifest(const JsonValue& value) {
  std::optional<JsonObject> object = value.object();
  if (!object) {
    return;
  }
  check_literal(object->required("type"), "trt-model-package-v1");
  check_literal(object->required("backendType"), "trt");
  check_boolean(*object, "dynamicBatchSize");
  for (const std::string_view key :
       {"staticBatchSize", "minBatchSize", "optBatchSize", "maxBatchSize"}) {
    static_cast<void>(object->optional(key).integer());
  }
  constexpr std::array<std::string_view, 5> kQuantizations = {"fp32", "fp16", "bf16", "int8",
                                                              "unknown"};
  static_cast<void>(object->required("quantization").choice_at(kQuantizations));
  static_cast<void>(object->required("cudaDeviceType").text());
  check_version(object->required("cudaDeviceCC"));
  check_version(object->required("cudaVersion"));
  check_version(object->required("trtVersion"));
  check_boolean(*object, "sameCCCompatible");
  check_boolean(*object, "trtForwardCompatible");
  check_boolean(*object, "trtLeanRuntimeExcluded");
  check_machine(*object);
  object->warn_of_unknown_keys();
}

bool is_md5(std::string_view text) {
  return text.size() == 32 && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

void read_file(const std::string& handle, const JsonValue& value, std::vector<Manifest::File>& to) {
  if (handle.find_first_of("/\\") != std::string::npos || handle == "." || handle == "..") {
    value.error("is no plain file name: expected a file of the package itself");
    return;
  }
  if (std::ranges::find(kHandles, handle) == kHandles.end()) {
    value.error("is no file that such a package may have: expected one of " +
                join({kHandles.begin(), kHandles.end()}, ", "));
    return;
  }
  const std::optional<std::string> md5 = value.text();
  if (md5 && !is_md5(*md5)) {
    value.error("expected an MD5 of 32 lower case hexadecimal digits, found " + value.found());
  } else if (md5) {
    to.push_back({handle, *md5, value.key()});
  }
}

}  // namespace

Manifest parse_manifest(std::string_view text, std::vector<PackageProblem>& problems) {
  Manifest manifest;
  read_object(text, kFileName, problems, [&](JsonObject& root, ProblemList& /*list*/) {
    check_package_manifest(root.required("packageManifest"));
    if (const std::optional<JsonObject> files = root.required("files").object()) {
      files->for_each([&](const std::string& handle, const JsonValue& md5) {
        read_file(handle, md5, manifest.files);
      });
    }
    root.ignore("modelArchitecture");
    root.ignore("taskType");
    root.warn_of_unknown_keys();
  });
  return manifest;
}

void verify_files(const Manifest& manifest, const PackageFiles& files,
                  std::vector<PackageProblem>& problems) {
  ProblemList list(kFileName, problems);
  for (const Manifest::File& file : manifest.files) {
    std::string why;
    const std::optional<std::string> md5 = files.md5(file.handle, why);
    if (!md5) {
      list.error(file.key, "names a file that " + why);
    } else if (*md5 != file.md5) {
      list.error(file.key, "expected a file of the MD5 " + file.md5 + ", found " + *md5 +
                               ": the file was damaged, or changed after the manifest was written");
    }
  }
}

}  // namespace replayrt::models
