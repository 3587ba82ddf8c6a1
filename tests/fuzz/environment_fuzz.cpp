// Boolean environment variables: exactly "true" and "false", in any case, are read; all else is
// refused by an error that names variable and value.
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/environment.hpp"
#include "replayrt/core/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  // Another way to the same rule: lower case by the C locale, which is ASCII's.
  std::string lower;
  for (const char c : value) {
    lower.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
  }
  for (const bool fallback : {false, true}) {
    try {
      const bool read = replayrt::detail::parse_environment_bool("FUZZED", value, fallback);
      if (lower != (read ? "true" : "false")) {
        std::abort();
      }
    } catch (const replayrt::Error& error) {
      const std::string message = error.what();
      if (lower == "true" || lower == "false" ||
          error.code() != replayrt::ErrorCode::kInvalidEnvVariable ||
          message.find("FUZZED") == std::string::npos ||
          message.find(value.substr(0, value.find('\0'))) == std::string::npos) {
        std::abort();
      }
    }
  }
  return 0;
}
