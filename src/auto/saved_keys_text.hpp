#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "replayrt/core/saved_key.hpp"

namespace replayrt::detail {

/// What `save_keys` writes. Throws Error(kInvalidParameter) for a key that cannot be written.
std::string saved_keys_text(std::span<const SavedKey> keys);

/// The inverse; messages call the text `name`. Throws Error(kCorruptedModel), see `load_keys`.
std::vector<SavedKey> parse_saved_keys(std::string_view text, const std::string& name);

}  // namespace replayrt::detail
