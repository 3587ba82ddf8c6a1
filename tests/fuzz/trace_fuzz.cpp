// Traces: any content is read or refused by a UsageError; line numbers rise and lie within the
// content.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "error.hpp"
#include "shape_spec.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace replayrt::cli;
  const std::string_view content(reinterpret_cast<const char*>(data), size);
  try {
    const std::vector<TraceLine> lines = parse_trace(content, "fuzz");
    const auto last_line = static_cast<std::size_t>(std::ranges::count(content, '\n')) + 1;
    std::size_t previous = 0;
    for (const TraceLine& line : lines) {
      if (line.number <= previous || line.number > last_line || line.spec.empty()) {
        std::abort();
      }
      previous = line.number;
    }
  } catch (const UsageError&) {
  }
  return 0;
}
