#include "models/package/text.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>

namespace replayrt::models {
namespace {

constexpr std::size_t kMostQuoted = 80;
constexpr std::size_t kMostCompared = 64;

struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 0;  ///< 0: no valid UTF-8.
};

unsigned byte_at(std::string_view text, std::size_t at) noexcept {
  return static_cast<unsigned char>(text[at]);
}

CodePoint code_point_at(std::string_view text, std::size_t at) noexcept {
  const unsigned first = byte_at(text, at);
  if (first < 0x80) {
    return {first, 1};
  }
  const std::size_t bytes = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || at + bytes > text.size()) {
    return {};
  }
  char32_t value = first & (0x7FU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    const unsigned next = byte_at(text, at + i);
    if ((next & 0xC0U) != 0x80) {
      return {};
    }
    value = value << 6U | (next & 0x3FU);
  }
  const bool overlong = (bytes == 3 && value < 0x800) || (bytes == 4 && value < 0x10000);
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  return overlong || surrogate || value > 0x10FFFF ? CodePoint{} : CodePoint{value, bytes};
}

bool is_whitespace(char32_t c, Whitespace whitespace) noexcept {
  return (c >= 0x09 && c <= 0x0D) ||
         (c >= 0x1C && c <= 0x1F && whitespace == Whitespace::kPython) || c == 0x20 || c == 0x85 ||
         c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
         c == 0x202F || c == 0x205F || c == 0x3000;
}

void append_hex(std::string& text, unsigned byte) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  text.append("\\x").append(1, kDigits[byte >> 4U]).append(1, kDigits[byte & 0xFU]);
}

/// Appends what is at `at` of `from`, escaped where it must be; how many bytes that was.
std::size_t append_printable(std::string& to, std::string_view from, std::size_t at) {
  const CodePoint point = code_point_at(from, at);
  const bool control = point.value < 0x20 || (point.value >= 0x7F && point.value < 0xA0) ||
                       point.value == 0x2028 || point.value == 0x2029;
  const std::size_t bytes = std::max<std::size_t>(point.bytes, 1);
  if (point.bytes != 0 && !control) {
    to.append(from.substr(at, bytes));
    return bytes;
  }
  for (std::size_t i = 0; i < bytes; ++i) {
    append_hex(to, byte_at(from, at + i));
  }
  return bytes;
}

/// Without case and without what joins words.
std::string letters_of(std::string_view text) {
  std::string letters = lower_case(text);
  std::erase_if(letters, [](char c) { return c == '-' || c == '_' || c == ' '; });
  return letters;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string in_quotes(std::string_view text) {
  std::string result = "'";
  std::size_t at = 0;
  while (at < text.size() && at < kMostQuoted) {
    at += append_printable(result, text, at);
  }
  result.append(at < text.size() ? "…'" : "'");
  return result;
}

std::string one_line(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    at += append_printable(result, text, at);
  }
  return result;
}

std::string join(const std::vector<std::string>& texts, std::string_view separator) {
  std::string result;
  for (const std::string& text : texts) {
    result.append(result.empty() ? "" : separator).append(text);
  }
  return result;
}

std::string_view strip(std::string_view text, Whitespace whitespace) noexcept {
  while (!text.empty()) {
    const CodePoint point = code_point_at(text, 0);
    if (point.bytes == 0 || !is_whitespace(point.value, whitespace)) {
      break;
    }
    text.remove_prefix(point.bytes);
  }
  while (!text.empty()) {
    std::size_t at = text.size() - 1;
    while (at > 0 && (byte_at(text, at) & 0xC0U) == 0x80) {
      --at;
    }
    const CodePoint point = code_point_at(text, at);
    if (point.bytes != text.size() - at || !is_whitespace(point.value, whitespace)) {
      break;
    }
    text.remove_suffix(point.bytes);
  }
  return text;
}

std::optional<std::size_t> first_invalid_utf8(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t bytes = code_point_at(text, at).bytes;
    if (bytes == 0) {
      return at;
    }
    at += bytes;
  }
  return std::nullopt;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return lower;
}

std::optional<std::string> similar_text(std::string_view text,
                                        const std::vector<std::string>& known) {
  if (text.size() > kMostCompared) {
    return std::nullopt;
  }
  const std::string letters = letters_of(text);
  std::optional<std::string> best;
  std::size_t least = letters.size() < 5 ? 2 : 3;  // A short text is close to too much.
  for (const std::string& candidate : known) {
    const std::size_t distance = edit_distance(letters, letters_of(candidate));
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace replayrt::models
