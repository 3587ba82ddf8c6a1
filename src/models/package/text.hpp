#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace replayrt::models {

/// `text` in single quotes, fit for a one-line message: control characters and invalid UTF-8
/// escaped, long texts cut.
std::string in_quotes(std::string_view text);

/// `text` on one line, as `in_quotes` does but neither cut nor in quotes.
std::string one_line(std::string_view text);

/// The texts with `separator` between them.
std::string join(const std::vector<std::string>& texts, std::string_view separator);

/// Which characters count as whitespace.
enum class Whitespace {
  kPython,   ///< As `str.strip` has it.
  kUnicode,  ///< The property White_Space: without the separators U+001C to U+001F.
};

/// Valid UTF-8 `text` without whitespace at both sides.
std::string_view strip(std::string_view text, Whitespace whitespace) noexcept;

/// Where `text` stops being valid UTF-8, in bytes; nullopt: nowhere.
std::optional<std::size_t> first_invalid_utf8(std::string_view text) noexcept;

/// Texts of ASCII letters in lower case; other bytes stay.
std::string lower_case(std::string_view text);

/// The one of `known` that was probably meant by `text`: they differ in case, in `_` for `-`, or in
/// a letter or two. nullopt: none is close.
std::optional<std::string> similar_text(std::string_view text,
                                        const std::vector<std::string>& known);

}  // namespace replayrt::models
