#include "models/package/lax_values.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

#include "models/package/text.hpp"

namespace replayrt::models {
namespace {

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

std::size_t count_digits(std::string_view text, std::size_t from) noexcept {
  std::size_t at = from;
  while (at < text.size() && is_digit(text[at])) {
    ++at;
  }
  return at - from;
}

/// Takes one sign off the front; whether it was a minus.
bool take_sign(std::string_view& text) noexcept {
  if (text.empty() || (text[0] != '+' && text[0] != '-')) {
    return false;
  }
  const bool minus = text[0] == '-';
  text.remove_prefix(1);
  return minus;
}

/// digits [. digits] or . digits, then [e [sign] digits]: what `from_chars` takes, less its words.
bool is_decimal(std::string_view text) noexcept {
  const std::size_t whole = count_digits(text, 0);
  std::size_t at = whole;
  std::size_t fraction = 0;
  if (at < text.size() && text[at] == '.') {
    fraction = count_digits(text, at + 1);
    at += 1 + fraction;
  }
  if (whole + fraction == 0) {
    return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) {
      ++at;
    }
    const std::size_t exponent = count_digits(text, at);
    if (exponent == 0) {
      return false;
    }
    at += exponent;
  }
  return at == text.size();
}

}  // namespace

LaxInteger parse_lax_integer(std::string_view text) {
  text = strip(text, Whitespace::kUnicode);
  std::string digits = take_sign(text) ? "-" : "";
  const std::size_t point = std::min(text.find('.'), text.size());
  if (point < text.size()) {
    const std::string_view fraction = text.substr(point + 1);
    if (fraction.empty() || !std::ranges::all_of(fraction, [](char c) { return c == '0'; })) {
      return {};
    }
    text = text.substr(0, point);
  }
  bool after_digit = false;
  for (const char c : text) {
    if (c == '_' ? !after_digit : !is_digit(c)) {
      return {};
    }
    after_digit = c != '_';
    if (after_digit) {
      digits.push_back(c);
    }
  }
  if (!after_digit) {  // Empty, or an underscore at the end.
    return {};
  }
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error == std::errc::result_out_of_range) {
    return {std::nullopt, false};
  }
  return {value, true};
}

std::optional<double> parse_lax_number(std::string_view text) {
  const std::string_view stripped = strip(text, Whitespace::kUnicode);
  // Pydantic takes either underscores within or whitespace around.
  if (stripped.size() != text.size() && text.find('_') != std::string_view::npos) {
    return std::nullopt;
  }
  text = stripped;
  if (text.starts_with('_') || text.ends_with('_') || text.find("__") != std::string_view::npos) {
    return std::nullopt;
  }
  std::string plain(text);
  std::erase(plain, '_');
  std::string_view unsigned_text = plain;
  const bool minus = take_sign(unsigned_text);
  if (!is_decimal(unsigned_text)) {
    return std::nullopt;
  }
  double value = 0;
  const char* const begin = unsigned_text.data();
  const auto [end, error] = std::from_chars(begin, begin + unsigned_text.size(), value);
  if (error != std::errc()) {  // Too large, or too close to 0.
    return std::nullopt;
  }
  return minus ? -value : value;
}

std::optional<bool> parse_lax_boolean(std::string_view text) {
  const std::string lower = lower_case(text.substr(0, 6));
  for (const std::string_view yes : {"1", "true", "yes", "on", "t", "y"}) {
    if (lower == yes) {
      return true;
    }
  }
  for (const std::string_view no : {"0", "false", "no", "off", "f", "n"}) {
    if (lower == no) {
      return false;
    }
  }
  return std::nullopt;
}

}  // namespace replayrt::models
