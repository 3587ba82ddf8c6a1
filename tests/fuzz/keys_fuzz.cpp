// Files of saved keys: any bytes end in an error, or in keys that survive being saved and loaded.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "auto/saved_keys_text.hpp"
#include "replayrt/core/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace replayrt;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<SavedKey> keys;
  try {
    keys = detail::parse_saved_keys(text, "fuzz");
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kCorruptedModel) {
      std::abort();
    }
    return 0;
  }
  // An error here is a crash: what was read can be written, and reads as the same.
  if (detail::parse_saved_keys(detail::saved_keys_text(keys), "again") != keys) {
    std::abort();
  }
  return 0;
}
