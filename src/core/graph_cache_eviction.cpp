#include "core/graph_cache_state.hpp"

namespace replayrt::detail {

SlotIndex::ConstHandle GraphCacheState::next_out(SlotIndex::ConstHandle keep,
                                                 std::optional<VictimRank>& last) const {
  const bool by_worth = options_.eviction == Eviction::kCostAware;
  const std::uint64_t calls = usage_.calls;
  return next_victim(index_, keep, last, [by_worth, calls](const SlotIndex::Node& node) {
    const KeyRecord& record = *node.value->instances.front()->record;
    return by_worth ? saved_per_byte(record.usage, record.engine->usage,
                                     recent_calls(record.demand, calls), node.charge)
                    : 0;
  });
}

double GraphCacheState::worth_of_victims(const Miss& miss, const EngineRecord& engine) const {
  auto bytes = index_.charge() + footprint_of(engine, miss.estimate.bytes);
  // Its own graphs, all leased, stay: this would be one more.
  const SlotIndex::Node* own = index_.find(miss.key);
  const SlotIndex::ConstHandle keep = own == nullptr ? index_.end() : own->value->place;
  auto size = static_cast<std::int64_t>(index_.size()) + (own == nullptr ? 1 : 0);
  double worth = 0;
  std::optional<VictimRank> last;
  while (size > options_.capacity || bytes > options_.max_bytes) {
    const auto victim = next_out(keep, last);
    if (victim == index_.end()) {
      break;
    }
    worth += decayed_worth(victim->value->instances.front()->record->usage, usage_.calls);
    bytes -= victim->charge;
    --size;
  }
  return worth;
}

}  // namespace replayrt::detail
