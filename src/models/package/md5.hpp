#pragma once

#include <md5.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace replayrt::models {

/// MD5 of bytes that come in pieces. Finds damage, not forgery.
class Md5 {
 public:
  Md5() { MD5Init(&state_); }

  void add(std::string_view bytes) {
    MD5Update(&state_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  }

  /// In 32 lower case hexadecimal digits. Ends the sum.
  std::string hex() {
    std::uint8_t digest[MD5_DIGEST_LENGTH];
    MD5Final(digest, &state_);
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (const unsigned byte : digest) {
      text.append(1, kDigits[byte >> 4U]).append(1, kDigits[byte & 0xFU]);
    }
    return text;
  }

 private:
  MD5_CTX state_{};
};

}  // namespace replayrt::models
