#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

// Texts that stand for values, as pydantic's lax mode reads them: the reference takes "412" for
// 412.
namespace replayrt::models {

/// "412", " -4 ", "+1_000", "4.00". nullopt: no whole number; `fits` says whether it is one that is
/// too large for 64 bits.
struct LaxInteger {
  std::optional<std::int64_t> value;
  bool fits = true;
};
LaxInteger parse_lax_integer(std::string_view text);

/// "0.5", "5.", ".5", "1e3", "1_000", with whitespace around. nullopt for "inf" and "nan", too,
/// which pydantic takes but nothing here has a use for.
std::optional<double> parse_lax_number(std::string_view text);

/// 0/1, true/false, yes/no, on/off, t/f, y/n in any case.
std::optional<bool> parse_lax_boolean(std::string_view text);

}  // namespace replayrt::models
