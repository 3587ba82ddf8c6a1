// Shape specs of the command line: any text is read or refused, and what is read writes back to
// itself.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "error.hpp"
#include "shape_spec.hpp"
#include "text.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace replayrt::cli;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const ShapeSpec spec = parse_shape_spec(text);
    if (parse_shape_spec(to_string(spec)) != spec) {
      std::abort();
    }
  } catch (const UsageError&) {
  }
  try {
    parse_byte_size("fuzz", text);
  } catch (const UsageError&) {
  }
  return 0;
}
