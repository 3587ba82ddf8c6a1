#include "doctor_simulation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <list>
#include <vector>

namespace replayrt::cli {
namespace {

using namespace simulated_rule;

double decayed(double value, std::int64_t calls) noexcept {
  return value * std::exp2(-static_cast<double>(calls) / kHalfLife);
}

class Simulation {
 public:
  Simulation(std::span<const ShapeCost> shapes, const GraphCacheOptions& options)
      : shapes_(shapes),
        options_(options),
        always_(options.admission == Admission::always()),
        keys_(shapes.size()) {
    double eager = 0;
    double replay = 0;
    for (const ShapeCost& shape : shapes) {
      eager += shape.capturable ? shape.eager : 0;
      replay += shape.capturable ? shape.replay : 0;
    }
    ratio_ = eager > 0 ? replay / eager : 1;
  }

  void call(std::size_t index) {
    Key& key = keys_[index];
    const ShapeCost& shape = shapes_[index];
    ++calls_;
    key.recent = decayed(key.recent, calls_ - key.counted_at) + 1;
    key.counted_at = calls_;
    if (key.held) {
      held_.splice(held_.end(), held_, key.place);
      cost_.seconds += shape.replay;
      ++cost_.replays;
      eager_equivalent_ += shape.eager;
      saved_ += saving(shape);
      return;
    }
    if (admits(index)) {
      capture(index);
      return;
    }
    cost_.seconds += shape.eager;
    ++cost_.eager;
    eager_equivalent_ += shape.eager;
    key.rent += shape.eager;
  }

  [[nodiscard]] const TraceCost& cost() const noexcept { return cost_; }

 private:
  struct Key {
    bool held = false;
    std::list<std::size_t>::iterator place{};
    double recent = 0;  // Calls, of which those of long ago count less.
    std::int64_t counted_at = 0;
    double rent = 0;  // Eager time since the last capture.
  };

  /// What its calls of late save, or would.
  [[nodiscard]] double worth(std::size_t index) const {
    return std::max(saving(shapes_[index]), 0.0) *
           decayed(keys_[index].recent, calls_ - keys_[index].counted_at);
  }

  [[nodiscard]] bool fits(std::int64_t bytes) const {
    return static_cast<std::int64_t>(held_.size()) < options_.capacity &&
           bytes <= options_.max_bytes - bytes_;
  }

  [[nodiscard]] bool admits(std::size_t index) const {
    const ShapeCost& shape = shapes_[index];
    if (!shape.capturable || options_.capacity < 1 || shape.bytes > options_.max_bytes) {
      return false;
    }
    if (always_) {
      return true;
    }
    const double price = capture_price(shape);
    const bool earned = ratio_ <= kFasterRatio && keys_[index].rent * (1 - ratio_) >= price &&
                        captured_ + price <= kCaptureAllowance * eager_equivalent_ + saved_;
    if (!earned || fits(shape.bytes)) {
      return earned;
    }
    const double victim = worth(next_victim());
    return victim <= 0 || worth(index) > kWorthMargin * victim;
  }

  [[nodiscard]] std::size_t next_victim() const {
    if (options_.eviction == Eviction::kLeastRecentlyUsed) {
      return held_.front();
    }
    return *std::ranges::min_element(held_, {}, [this](std::size_t index) {
      return worth(index) / static_cast<double>(std::max<std::int64_t>(shapes_[index].bytes, 1));
    });
  }

  void capture(std::size_t index) {
    const ShapeCost& shape = shapes_[index];
    while (!fits(shape.bytes)) {
      Key& victim = keys_[next_victim()];
      bytes_ -= shapes_[*victim.place].bytes;
      held_.erase(victim.place);
      victim.held = false;
      ++cost_.evictions;
    }
    Key& key = keys_[index];
    key.held = true;
    key.place = held_.insert(held_.end(), index);
    key.rent = 0;
    bytes_ += shape.bytes;
    captured_ += capture_price(shape);
    eager_equivalent_ += std::min(shape.eager, shape.capture);
    cost_.seconds += shape.capture;
    ++cost_.captures;
  }

  std::span<const ShapeCost> shapes_;
  const GraphCacheOptions& options_;
  bool always_;
  double ratio_ = 1;
  std::vector<Key> keys_;
  std::list<std::size_t> held_;  // Least recently used first.
  std::int64_t bytes_ = 0;
  std::int64_t calls_ = 0;
  double captured_ = 0;
  double eager_equivalent_ = 0;
  double saved_ = 0;
  TraceCost cost_;
};

}  // namespace

double capture_price(const ShapeCost& shape) noexcept {
  return std::max(shape.capture - shape.eager, 0.0);
}

double saving(const ShapeCost& shape) noexcept {
  return shape.eager - shape.replay;
}

TraceCost simulate(std::span<const ShapeCost> shapes, std::span<const std::size_t> calls,
                   const GraphCacheOptions& options) {
  Simulation simulation(shapes, options);
  for (const std::size_t index : calls) {
    simulation.call(index);
  }
  return simulation.cost();
}

}  // namespace replayrt::cli
