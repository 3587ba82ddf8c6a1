#include "backends/openvino/runtime.hpp"

#include <openvino/core/version.hpp>
#include <openvino/runtime/properties.hpp>

namespace replayrt::openvino {

ov::Core& runtime() {
  // Leaked on purpose: a Core that is destroyed among the static objects crashes at exit, after the
  // plugins that it refers to have been unloaded.
  static ov::Core& core = *new ov::Core;
  return core;
}

std::string runtime_version() {
  // "2026.4.1-22982-e213a147257-releases/2026/4"
  const std::string build = ov::get_openvino_version().buildNumber;
  return build.substr(0, build.find('-'));
}

std::string cpu_name() {
  return runtime().get_property("CPU", ov::device::full_name);
}

}  // namespace replayrt::openvino
