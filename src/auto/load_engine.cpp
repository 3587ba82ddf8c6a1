#include "replayrt/load_engine.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "auto/backend_table.hpp"
#include "auto/model_file.hpp"
#include "backends/tensorrt/backend.hpp"

namespace replayrt {
namespace {

using detail::Backend;
using detail::backend_table;
using detail::named_backend;

const Backend& backend_for(const std::filesystem::path& path) {
  std::string accepted;
  for (const Backend& backend : backend_table()) {
    if (backend.reads(path.extension().string())) {
      return backend;
    }
    accepted.append(accepted.empty() ? "" : ", ").append(backend.extensions);
  }
  throw Error(ErrorCode::kUnsupported, "model file '" + path.string() + "' has extension '" +
                                           path.extension().string() + "': expected one of " +
                                           accepted);
}

std::optional<Device> wanted_device(const std::string& text) {
  if (text == "auto") {
    return std::nullopt;
  }
  try {
    return Device::parse(text);
  } catch (const Error&) {
    throw Error(ErrorCode::kInvalidParameter,
                "device '" + text + "' is unknown: expected auto, cpu, cuda or cuda:N");
  }
}

void require_device(const Backend& backend, const std::optional<Device>& device) {
  if (device.has_value() && device->type != backend.device) {
    const bool on_cpu = backend.device == DeviceType::kCpu;
    throw Error(ErrorCode::kUnsupported,
                "backend " + std::string(backend.name) + " does not run on " + device->to_string() +
                    ": use device " +
                    (on_cpu ? "cpu, or backend tensorrt with a TensorRT plan"
                            : "cuda, or backend openvino"));
  }
}

}  // namespace

Engine load_engine(const std::filesystem::path& path, const LoadOptions& options) {
  const Backend* backend = named_backend(options.backend);
  const std::optional<Device> device = wanted_device(options.device);
  detail::require_readable_file(path);
  if (backend == nullptr) {
    backend = &backend_for(path);
  }
  require_device(*backend, device);
  return Engine(backend->load(path, options));
}

Engine load_trt_plan(std::span<const std::byte> plan, const std::string& name,
                     const LoadOptions& options) {
  const auto& backends = backend_table();
  const auto& tensorrt = *std::ranges::find(backends, "tensorrt", &Backend::name);
  if (const Backend* named = named_backend(options.backend);
      named != nullptr && named != &tensorrt) {
    throw Error(ErrorCode::kInvalidParameter,
                name + " is a TensorRT plan: expected backend auto or tensorrt, got '" +
                    options.backend + "'");
  }
  require_device(tensorrt, wanted_device(options.device));
  if (plan.empty()) {
    throw Error(ErrorCode::kCorruptedModel, name + " is empty");
  }
  return Engine(tensorrt::load_plan(plan, name, options));
}

std::shared_ptr<void> make_stream(const Engine& engine) {
  const auto backend = std::ranges::find(backend_table(), engine.backend_name(), &Backend::name);
  if (backend == backend_table().end() || backend->make_stream == nullptr) {
    throw Error(ErrorCode::kUnsupported, "backend " + std::string(engine.backend_name()) + " on " +
                                             engine.device().to_string() + " has no streams");
  }
  return backend->make_stream(engine.device());
}

std::vector<BackendInfo> list_backends() {
  std::vector<BackendInfo> infos;
  for (const Backend& backend : backend_table()) {
    infos.push_back(backend.describe());
  }
  return infos;
}

}  // namespace replayrt
