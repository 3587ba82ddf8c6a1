#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace replayrt::cli {

/// `text` without spaces, tabs and line ends at both sides.
std::string_view trim(std::string_view text) noexcept;

/// The parts between the separators; one empty part for an empty text.
std::vector<std::string_view> split(std::string_view text, char separator);

/// `text` in single quotes, fit for a one-line message: unprintable bytes escaped, long texts cut.
std::string in_quotes(std::string_view text);

/// `text` on one line: runs of whitespace and control characters become one space.
std::string one_line(std::string_view text);

/// `text`, or of one of more than `most` bytes as many whole characters of UTF-8 as leave room for
/// "..." behind them; `most` is at least 3.
std::string shortened(std::string_view text, std::size_t most);

/// The texts with `separator` between them.
std::string join(const std::vector<std::string>& texts, std::string_view separator);

/// `text` with line ends in place of spaces, so that no line is longer than `width` bytes if its
/// words allow it. Its own line ends stay; further lines of one that begins with "- " or a space
/// are indented by two.
std::string wrap(std::string_view text, std::size_t width);

/// Reads a whole decimal number from `low` to `high`; throws UsageError that names `what`.
std::int64_t parse_whole_number(std::string_view what, std::string_view text, std::int64_t low,
                                std::int64_t high);

/// Reads "4096", "512M", "2G", "1.5GiB" (powers of 1024); throws UsageError that names `what`.
std::int64_t parse_byte_size(std::string_view what, std::string_view text);

/// "1 shape", "3 shapes": `what` is a noun whose plural ends in s.
std::string counted(std::uint64_t count, std::string_view what);

/// "512 B", "38.5 MB": powers of 1024, three digits.
std::string byte_size_text(std::int64_t bytes);

/// "5.6 us", "12.3 ms", "1.2 s"
std::string duration_text(double seconds);

/// How the program was called, quoted so that a shell reads the same arguments.
std::string shell_command(int argc, const char* const* argv);

}  // namespace replayrt::cli
