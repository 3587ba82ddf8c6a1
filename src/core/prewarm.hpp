#pragma once

#include <span>

#include "core/graph_cache_state.hpp"

namespace replayrt::detail {

/// Throws Error(kModelInput) unless `engine` takes inputs of `signature`, kInvalidParameter if one
/// has an address: nobody can tell what will lie there.
void require_prewarmable(const EngineBackend& engine, const InputSignature& signature);

/// See `GraphCache::import_keys`.
PrewarmReport import_keys(GraphCacheState& cache, std::span<const SavedKey> keys,
                          std::span<const Engine* const> engines, PrewarmMode mode);

}  // namespace replayrt::detail
