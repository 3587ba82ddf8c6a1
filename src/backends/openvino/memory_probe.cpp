#include "backends/openvino/memory_probe.hpp"

#include <malloc.h>

#include <fstream>
#include <string>

namespace replayrt::openvino {

std::size_t private_bytes() {
  malloc_trim(0);
  std::ifstream file("/proc/self/smaps_rollup");
  std::size_t kibibytes = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("Private_Clean:") || line.starts_with("Private_Dirty:")) {
      kibibytes += std::stoull(line.substr(line.find(':') + 1));
    }
  }
  return kibibytes * 1024;
}

std::mutex& capture_gate() {
  static std::mutex gate;
  return gate;
}

}  // namespace replayrt::openvino
