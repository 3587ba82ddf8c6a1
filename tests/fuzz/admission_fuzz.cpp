// The settings of a cache on the command line: any text is read or refused by a UsageError, and
// what is read writes back to itself.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "cache_settings.hpp"
#include "error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace replayrt::cli;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const replayrt::Admission admission = parse_admission("fuzz", text);
    if (admission.sightings_needed < 1 ||
        parse_admission("fuzz", admission.to_string()) != admission) {
      std::abort();
    }
  } catch (const UsageError&) {
  }
  try {
    const double probability = parse_verification("fuzz", text).probability;
    if (!(probability >= 0 && probability <= 1) ||
        parse_verification("fuzz", to_string(replayrt::Verification{probability})).probability !=
            probability) {
      std::abort();
    }
  } catch (const UsageError&) {
  }
  try {
    if (to_string(parse_capture_mode("fuzz", text)) != text) {
      std::abort();
    }
  } catch (const UsageError&) {
  }
  try {
    if (to_string(parse_eviction("fuzz", text)) != text) {
      std::abort();
    }
  } catch (const UsageError&) {
  }
  return 0;
}
