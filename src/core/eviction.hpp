#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/usage.hpp"

namespace replayrt::detail {

// What a cache gives up first. Pure: no lock, no clock.

/// Books one call of the key, whatever its route; `calls`: the cache's count of calls.
void note_call(KeyDemand& key, std::uint64_t calls) noexcept;
/// The calls of the key, of which those of long ago count less.
[[nodiscard]] double recent_calls(const KeyDemand& key, std::uint64_t calls) noexcept;

/// Books the eager run that a new graph of the key was compared with.
void note_compared(KeyUsage& key, double seconds) noexcept;
/// Books what the first replay of the key tells of its eager time: so much was the run before
/// worth.
void note_first_replay(const KeyUsage& key, EngineUsage& engine, double seconds) noexcept;

/// What a graph of `bytes` bytes saves: (eager - replay time) x recent calls / bytes, in seconds
/// per byte, at least 0. Times are the measured means. A key that has replays but no eager runs (or
/// only its first, which also prepares the shape) would take replay time / the engine's replay
/// ratio eagerly; one without replays eager time x that ratio to replay. Of a graph that has not
/// run yet, the eager run that it was compared with tells, corrected by how that of the engine's
/// other keys compared with what was found later. 0 where nothing is known.
[[nodiscard]] double saved_per_byte(const KeyUsage& key, const EngineUsage& engine,
                                    double recent_calls, std::int64_t bytes) noexcept;

/// Where a node stands in the order in which nodes are given up: those that are not pinned first;
/// of these the least worth; of equals, and of the pinned, the least recently used.
struct VictimRank {
  bool pinned = false;
  double worth = 0;
  std::size_t position = 0;  ///< From the least recently used one.

  friend auto operator<=>(const VictimRank&, const VictimRank&) = default;
};

/// The node of `index` (an LruIndex) to give up next after the one of rank `last`, never `keep`;
/// `index.end()` if there is none. `worth(node)` must be at least 0. `last` becomes its rank.
template <class Index, class Worth>
typename Index::ConstHandle next_victim(const Index& index, typename Index::ConstHandle keep,
                                        std::optional<VictimRank>& last, Worth worth) {
  typename Index::ConstHandle found = index.end();
  VictimRank found_rank;
  std::size_t position = 0;
  for (auto node = index.begin(); node != index.end(); ++node, ++position) {
    if (node == keep) {
      continue;
    }
    const VictimRank rank{node->pinned, node->pinned ? 0 : worth(*node), position};
    if ((last.has_value() && rank <= *last) || (found != index.end() && rank >= found_rank)) {
      continue;
    }
    found = node;
    found_rank = rank;
    if (!rank.pinned && rank.worth <= 0) {
      break;  // No later one comes before it.
    }
  }
  if (found != index.end()) {
    last = found_rank;
  }
  return found;
}

}  // namespace replayrt::detail
