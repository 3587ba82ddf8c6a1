#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "error.hpp"

namespace replayrt::cli {
namespace {

constexpr std::string_view kWhitespace = " \t\r\n\v\f";
constexpr std::size_t kLongestQuote = 100;

bool is_control(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

/// The factor of a unit such as "M", "MB" or "MiB"; 0 for an unknown one.
std::int64_t unit_factor(std::string_view unit) noexcept {
  if (unit.empty() || unit == "B" || unit == "b") {
    return 1;
  }
  constexpr std::string_view kUnits = "KMGT";
  const char letter = unit[0] >= 'a' ? static_cast<char>(unit[0] - 'a' + 'A') : unit[0];
  const std::size_t power = kUnits.find(letter);
  const std::string_view rest = unit.substr(1);
  if (power == std::string_view::npos ||
      !(rest.empty() || rest == "B" || rest == "b" || rest == "iB")) {
    return 0;
  }
  return std::int64_t{1} << (10 * (power + 1));
}

}  // namespace

std::string_view trim(std::string_view text) noexcept {
  const std::size_t first = text.find_first_not_of(kWhitespace);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(kWhitespace) - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  std::size_t from = 0;
  for (;;) {
    const std::size_t to = text.find(separator, from);
    parts.push_back(text.substr(from, to == std::string_view::npos ? to : to - from));
    if (to == std::string_view::npos) {
      return parts;
    }
    from = to + 1;
  }
}

std::string in_quotes(std::string_view text) {
  const bool cut = text.size() > kLongestQuote;
  std::string result = "'";
  for (const char c : text.substr(0, kLongestQuote)) {
    if (is_control(c)) {
      result += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      result += c;
    }
  }
  result += cut ? "'..." : "'";
  return result;
}

std::string one_line(std::string_view text) {
  std::string result;
  bool gap = false;
  for (const char c : trim(text)) {
    if (c == ' ' || is_control(c)) {
      gap = true;
      continue;
    }
    if (gap) {
      result += ' ';
      gap = false;
    }
    result += c;
  }
  return result;
}

std::string shortened(std::string_view text, std::size_t most) {
  constexpr std::string_view kDots = "...";
  if (text.size() <= most) {
    return std::string(text);
  }
  std::size_t end = most - kDots.size();
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80) {
    --end;
  }
  return std::string(text.substr(0, end)).append(kDots);
}

std::string join(const std::vector<std::string>& texts, std::string_view separator) {
  return fmt::format("{}", fmt::join(texts, separator));
}

std::string wrap(std::string_view text, std::size_t width) {
  std::string wrapped;
  for (const std::string_view line : split(text, '\n')) {
    wrapped += wrapped.empty() ? "" : "\n";
    const bool indented = line.starts_with("- ") || line.starts_with(' ');
    std::size_t from = 0;
    for (;;) {
      const std::size_t room = from > 0 && indented ? width - 2 : width;
      wrapped += from > 0 && indented ? "  " : "";
      // The last space that leaves a fitting line, else the first one there is.
      std::size_t end = line.size();
      if (end - from > room) {
        const std::size_t least =
            line.find_first_not_of(' ', from + (from == 0 && indented ? 2 : 0));
        end = line.rfind(' ', from + room);
        if (end == std::string_view::npos || end <= from || end < least) {
          end = std::min(line.find(' ', from + room), line.size());
        }
      }
      wrapped += line.substr(from, end - from);
      if (end >= line.size()) {
        break;
      }
      wrapped += '\n';
      from = end + 1;
    }
  }
  return wrapped;
}

std::int64_t parse_whole_number(std::string_view what, std::string_view text, std::int64_t low,
                                std::int64_t high) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || value < low ||
      value > high) {
    const std::string range = high == std::numeric_limits<std::int64_t>::max()
                                  ? fmt::format("of at least {}", low)
                                  : fmt::format("from {} to {}", low, high);
    throw UsageError(
        fmt::format("{}: expected a whole number {}, got {}", what, range, in_quotes(text)));
  }
  return value;
}

std::int64_t parse_byte_size(std::string_view what, std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::int64_t factor = unit_factor(text.substr(digits));
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, number);
  const bool is_number = digits > 0 && error == std::errc() && end == text.data() + digits;
  if (!is_number || factor == 0) {
    throw UsageError(
        fmt::format("{}: expected a number of bytes such as 1048576, 512M or 1.5G, got {}", what,
                    in_quotes(text)));
  }
  // Whole numbers stay exact: a double holds only 53 bits of them.
  std::int64_t whole = 0;
  const auto exact = std::from_chars(text.data(), text.data() + digits, whole);
  std::int64_t bytes = 0;
  bool fits = true;
  if (exact.ec == std::errc() && exact.ptr == text.data() + digits) {
    fits = !__builtin_mul_overflow(whole, factor, &bytes);
  } else {
    const double product = number * static_cast<double>(factor);
    fits = product < std::ldexp(1.0, 63);
    bytes = fits ? static_cast<std::int64_t>(product) : 0;
  }
  if (!fits) {
    throw UsageError(fmt::format("{}: {} bytes do not fit 63 bits", what, in_quotes(text)));
  }
  return bytes;
}

std::string counted(std::uint64_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string byte_size_text(std::int64_t bytes) {
  constexpr std::array<std::string_view, 5> kUnits = {"B", "KB", "MB", "GB", "TB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1000.0 && unit + 1 < kUnits.size()) {
    value /= 1024.0;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.3g} {}", value, kUnits[unit]);
}

std::string duration_text(double seconds) {
  if (seconds < 1e-3) {
    return fmt::format("{:.1f} us", seconds * 1e6);
  }
  if (seconds < 1.0) {
    return fmt::format("{:.2f} ms", seconds * 1e3);
  }
  return fmt::format("{:.2f} s", seconds);
}

std::string shell_command(int argc, const char* const* argv) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=+,./:@%^";
  std::string command;
  for (int i = 0; i < argc; ++i) {
    const std::string_view argument = argv[i];
    command += i == 0 ? "" : " ";
    if (!argument.empty() && argument.find_first_not_of(kPlain) == std::string_view::npos) {
      command += argument;
      continue;
    }
    command += '\'';
    for (const char c : argument) {
      command += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    command += '\'';
  }
  return command;
}

}  // namespace replayrt::cli
