#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "replayrt/core/graph_cache.hpp"
#include "replayrt/core/saved_key.hpp"

namespace replayrt {

/// Writes the working set (`GraphCache::export_keys`) to a file of JSON, which appears whole or not
/// at all: a temporary file beside it is written, synchronised and renamed. A link stays a link.
/// Throws Error(kFileAccess) that names the file, also for a device or folder of that name; what
/// was there before is then as it was. Thread-safe.
void save_keys(const GraphCache& cache, const std::filesystem::path& path);

/// The same of any keys. Throws Error(kInvalidParameter) also for a key that no file can hold (an
/// address, an engine hash that is none, a negative worth), before anything is written.
void save_keys(std::span<const SavedKey> keys, const std::filesystem::path& path);

/// Reads what `save_keys` wrote, in its order. Throws Error: kFileAccess if the file cannot be
/// read, kCorruptedModel that names file and place if it is anything but such a file: another
/// version, an unknown, missing or repeated member, a value of a wrong type or out of range, more
/// than 10,000 keys, more than 64 MiB, or bytes behind its end.
std::vector<SavedKey> load_keys(const std::filesystem::path& path);

/// Reads a file and prewarms its keys (`GraphCache::import_keys`). Throws as both do; nothing has
/// happened then.
PrewarmReport load_keys(GraphCache& cache, const std::filesystem::path& path,
                        std::span<const Engine* const> engines,
                        PrewarmMode mode = PrewarmMode::kBackground);

}  // namespace replayrt
