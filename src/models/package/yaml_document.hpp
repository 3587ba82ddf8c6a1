#pragma once

#include <optional>
#include <string_view>

#include "models/package/json_reader.hpp"

namespace replayrt::models {

/// Reads YAML for the readers of JSON: mappings become objects, sequences lists, every scalar but
/// null a text, as it is written; their typed reads take numbers from texts. Aliases are written
/// out. nullopt after a report: no YAML, no UTF-8, more than one document, keys that are no texts
/// or come twice, tags other than YAML's own, too deep, or too much once aliases are written out.
/// `problems` must outlive what is returned.
std::optional<JsonDocument> parse_yaml(std::string_view text, ProblemList& problems);

}  // namespace replayrt::models
