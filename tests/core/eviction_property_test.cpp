// Eviction by worth: random operations of one thread against a simple model.

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <random>

#include "core/fake_calls.hpp"

namespace replayrt {
namespace {

constexpr std::int64_t kRows = 12;
constexpr int kSteps = 2000;

/// What the cache must hold, as a list; least recently used first. A replay takes as many
/// milliseconds as rows. No eager run is seen, so that the assumed ratio tells what it saves.
class WorthModel {
 public:
  WorthModel(std::int64_t capacity, std::int64_t max_bytes)
      : capacity_(capacity), max_bytes_(max_bytes) {}

  Route use(std::int64_t rows, std::int64_t bytes) {
    ++calls_;
    calls_of_[rows].push_back(calls_);
    const auto place = std::ranges::find(order_, rows);
    if (place != order_.end()) {
      std::rotate(place, place + 1, order_.end());
      return Route::kReplayed;
    }
    order_.push_back(rows);
    bytes_[rows] = bytes;
    while (static_cast<std::int64_t>(order_.size()) > capacity_ || total() > max_bytes_) {
      auto least = order_.begin();
      for (auto other = order_.begin(); other + 1 != order_.end(); ++other) {
        least = worth(*other) < worth(*least) ? other : least;
      }
      order_.erase(least);
    }
    return Route::kCaptured;
  }
  void remove(std::int64_t rows) { std::erase(order_, rows); }
  std::int64_t total() const {
    std::int64_t sum = 0;
    for (const std::int64_t rows : order_) {
      sum += bytes_.at(rows);
    }
    return sum;
  }
  const std::vector<std::int64_t>& order() const { return order_; }

 private:
  double worth(std::int64_t rows) const {
    double recent = 0;
    for (const std::uint64_t at : calls_of_.at(rows)) {
      recent += std::exp2(-static_cast<double>(calls_ - at) / 256);
    }
    return static_cast<double>(rows % 100) * recent / static_cast<double>(bytes_.at(rows));
  }

  std::int64_t capacity_;
  std::int64_t max_bytes_;
  std::uint64_t calls_ = 0;
  std::map<std::int64_t, std::vector<std::uint64_t>> calls_of_;
  std::vector<std::int64_t> order_;
  std::map<std::int64_t, std::int64_t> bytes_;
};

TEST(EvictionPropertyTest, OneThreadAgreesWithASimpleModel) {
  const unsigned seed = 20261126;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  fakes::FakeOptions light;
  light.graph_bytes = 100;
  fakes::FakeOptions heavy;
  heavy.graph_bytes = 250;
  const std::array engines{fakes::make_fake_engine(light), fakes::make_fake_engine(heavy)};
  GraphCache cache({.capacity = 5, .max_bytes = 900, .eviction = Eviction::kCostAware});
  WorthModel model(5, 900);
  for (int step = 0; step < kSteps; ++step) {
    const auto which = static_cast<std::size_t>(random() % 2);
    const auto rows = static_cast<std::int64_t>(random() % kRows) + 1;
    const std::int64_t id = static_cast<std::int64_t>(which) * 100 + rows;
    if (random() % 20 == 0) {
      cache.safe_remove(key_of(engines[which], rows));
      model.remove(id);
    } else {
      Lease lease = cache.acquire(engines[which], key_of(engines[which], rows));
      ASSERT_EQ(lease.route(), model.use(id, which == 0 ? 100 : 250)) << "step " << step;
      lease.finish({}, std::chrono::milliseconds(rows));
    }
    std::vector<std::int64_t> held;
    for (const GraphKey& key : cache.list_keys()) {
      held.push_back((key.engine() == engines[1].id() ? 100 : 0) + key.inputs()[0].shape[0]);
    }
    ASSERT_EQ(held, model.order()) << "step " << step;
    ASSERT_EQ(cache.stats().bytes, model.total());
  }
  expect_consistent(cache.stats());
}

}  // namespace
}  // namespace replayrt
