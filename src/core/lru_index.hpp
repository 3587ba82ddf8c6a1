#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <unordered_map>
#include <utility>

namespace replayrt::detail {

/// A map that knows the order of use and the sum of charges, and says what to give up first. Pure:
/// no lock, no clock, no I/O; `Value` decides what giving up means. Finding and touching allocate
/// nothing.
template <class Key, class Value>
class LruIndex {
 public:
  struct Node {
    const Key* key;
    Value value;
    std::int64_t charge;
    bool pinned = false;  ///< In use: given up only when nothing unpinned is left.
  };
  /// Stays valid until its node is taken out.
  using Handle = typename std::list<Node>::iterator;
  using ConstHandle = typename std::list<Node>::const_iterator;

  [[nodiscard]] std::size_t size() const noexcept { return nodes_.size(); }
  [[nodiscard]] std::int64_t charge() const noexcept { return charge_; }

  /// Null if absent. Does not touch.
  [[nodiscard]] Node* find(const Key& key) const noexcept {
    const auto found = map_.find(key);
    return found == map_.end() ? nullptr : &*found->second;
  }
  /// The handle of a node that is there.
  [[nodiscard]] Handle handle_of(const Key& key) const { return map_.at(key); }

  /// Makes the node the most recently used one.
  void touch(Handle node) noexcept { nodes_.splice(nodes_.end(), nodes_, node); }

  /// Makes the node the least recently used one.
  void demote(Handle node) noexcept { nodes_.splice(nodes_.begin(), nodes_, node); }

  /// Inserts as the most recently used. `key` must be absent. Strong exception guarantee.
  Handle insert(const Key& key, Value value, std::int64_t charge) {
    nodes_.push_back({nullptr, std::move(value), charge});
    const Handle node = std::prev(nodes_.end());
    try {
      node->key = &map_.emplace(key, node).first->first;
    } catch (...) {
      nodes_.pop_back();
      throw;
    }
    charge_ += charge;
    return node;
  }

  /// Changes what the node counts for.
  void recharge(Handle node, std::int64_t charge) noexcept {
    charge_ += charge - node->charge;
    node->charge = charge;
  }

  /// Takes the node out and returns its value.
  Value take(Handle node) noexcept {
    Value value = std::move(node->value);
    charge_ -= node->charge;
    map_.erase(*node->key);
    nodes_.erase(node);
    return value;
  }

  /// What to give up next: the least recently used node that is not pinned, else the least recently
  /// used one other than `keep`; `end()` if there is none.
  [[nodiscard]] Handle victim(Handle keep) noexcept {
    Handle oldest = nodes_.end();
    for (Handle node = nodes_.begin(); node != nodes_.end(); ++node) {
      if (node == keep) {
        continue;
      }
      if (!node->pinned) {
        return node;
      }
      if (oldest == nodes_.end()) {
        oldest = node;
      }
    }
    return oldest;
  }

  /// Least recently used first.
  [[nodiscard]] Handle begin() noexcept { return nodes_.begin(); }
  [[nodiscard]] Handle end() noexcept { return nodes_.end(); }
  [[nodiscard]] auto begin() const noexcept { return nodes_.begin(); }
  [[nodiscard]] auto end() const noexcept { return nodes_.end(); }

 private:
  std::list<Node> nodes_;
  std::unordered_map<Key, Handle> map_;
  std::int64_t charge_ = 0;
};

}  // namespace replayrt::detail
