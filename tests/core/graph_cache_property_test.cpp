// Random operations: one thread against a simple model, then many threads against the invariants.

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <random>
#include <thread>

#include "core/fake_calls.hpp"

namespace replayrt {
namespace {

constexpr std::int64_t kRows = 12;

/// What the cache must hold, as a list; least recently used first.
class Model {
 public:
  Model(std::int64_t capacity, std::int64_t max_bytes)
      : capacity_(capacity), max_bytes_(max_bytes) {}

  Route use(std::int64_t rows, std::int64_t bytes) {
    const auto place = std::ranges::find(order_, rows);
    if (place != order_.end()) {
      std::rotate(place, place + 1, order_.end());
      return Route::kReplayed;
    }
    if (bytes > max_bytes_) {
      return Route::kEager;
    }
    order_.push_back(rows);
    bytes_[rows] = bytes;
    while (static_cast<std::int64_t>(order_.size()) > capacity_ || total() > max_bytes_) {
      order_.erase(order_.begin());
    }
    return Route::kCaptured;
  }
  void remove(std::int64_t rows) { std::erase(order_, rows); }
  void purge(std::size_t oldest) {
    order_.erase(order_.begin(),
                 order_.begin() + static_cast<std::ptrdiff_t>(std::min(oldest, order_.size())));
  }
  std::int64_t total() const {
    std::int64_t sum = 0;
    for (const std::int64_t rows : order_) {
      sum += bytes_.at(rows);
    }
    return sum;
  }
  const std::vector<std::int64_t>& order() const { return order_; }

 private:
  std::int64_t capacity_;
  std::int64_t max_bytes_;
  std::vector<std::int64_t> order_;
  std::map<std::int64_t, std::int64_t> bytes_;
};

TEST(GraphCachePropertyTest, OneThreadAgreesWithASimpleModel) {
  const unsigned seed = 20261124;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  // Two engines, so that footprints differ: rows 1..12 of the first cost 100, of the second 250.
  fakes::FakeOptions light;
  light.graph_bytes = 100;
  fakes::FakeOptions heavy;
  heavy.graph_bytes = 250;
  const std::array engines{fakes::make_fake_engine(light), fakes::make_fake_engine(heavy)};
  const auto cache =
      std::make_shared<GraphCache>(GraphCacheOptions{.capacity = 5, .max_bytes = 900});
  Model model(5, 900);
  for (int step = 0; step < 20000; ++step) {
    const auto which = static_cast<std::size_t>(random() % 2);
    const auto rows = static_cast<std::int64_t>(random() % kRows) + 1;
    const std::int64_t id = static_cast<std::int64_t>(which) * 100 + rows;
    switch (random() % 20) {
      case 0:
        cache->safe_remove(key_of(engines[which], rows));
        model.remove(id);
        break;
      case 1:
        cache->purge(static_cast<std::int64_t>(rows % 3));
        model.purge(static_cast<std::size_t>(rows % 3));
        break;
      default: {
        const InferResult result = call(engines[which], counted(rows), cache);
        ASSERT_EQ(result.route, model.use(id, which == 0 ? 100 : 250)) << "step " << step;
      }
    }
    std::vector<std::int64_t> held;
    for (const GraphKey& key : cache->list_keys()) {
      held.push_back((key.engine() == engines[1].id() ? 100 : 0) + key.inputs()[0].shape[0]);
    }
    ASSERT_EQ(held, model.order()) << "step " << step;
    ASSERT_EQ(cache->stats().bytes, model.total());
  }
  expect_consistent(cache->stats());
}

TEST(GraphCachePropertyTest, ManyThreadsKeepEveryInvariant) {
  constexpr int kThreads = 8;
  constexpr int kSteps = 4000;
  const unsigned seed = 20261125;
  SCOPED_TRACE(seed);
  fakes::FakeOptions options;
  options.max_eager = 3;
  options.graph_bytes = 100;
  options.device = std::make_shared<fakes::FakeDevice>();
  std::atomic<unsigned> captures{0};
  options.on_capture = [&](const InputSignature&) {
    if (++captures % 7 == 0) {
      throw Error(ErrorCode::kModelRuntime, "every seventh capture fails");
    }
  };
  const auto cache =
      std::make_shared<GraphCache>(GraphCacheOptions{.capacity = 4, .max_bytes = 350});
  std::atomic<std::uint64_t> calls{0};
  std::atomic<int> wrong{0};
  {
    const Engine lasting = fakes::make_fake_engine(options);
    const auto work = [&](unsigned thread) {
      std::mt19937 random(seed + thread);
      std::optional<Engine> passing = fakes::make_fake_engine(options);
      for (int step = 0; step < kSteps; ++step) {
        const Engine& engine = random() % 4 == 0 ? *passing : lasting;
        const auto rows = static_cast<std::int64_t>(random() % kRows) + 1;
        switch (random() % 32) {
          case 0:
            cache->safe_remove(key_of(engine, rows));
            break;
          case 1:
            random() % 8 == 0 ? cache->purge() : cache->purge(1);
            break;
          case 2:
            passing = fakes::make_fake_engine(options);
            break;
          case 3: {
            const Lease held = cache->acquire(lasting, key_of(lasting, rows));
            ++calls;
            break;
          }
          default: {
            InferOptions later;
            later.context.synchronize = random() % 4 != 0;
            const Tensor input = counted(rows);
            const InferResult result = call(engine, input, cache, later);
            ++calls;
            result.completion.wait();
            wrong += result.outputs[0].as<float>()[static_cast<std::size_t>(rows) * 3 - 1] ==
                             static_cast<float>(rows * 3)
                         ? 0
                         : 1;
          }
        }
        const GraphCacheStats stats = cache->stats();
        if (stats.size > 4 || stats.bytes > 350 || stats.peak_bytes > 350 ||
            stats.calls != stats.eager + stats.captured + stats.replayed) {
          ++wrong;
        }
      }
    };
    std::vector<std::jthread> threads;
    for (unsigned thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back(work, thread);
    }
    threads.clear();
    cache->wait_idle();
    EXPECT_EQ(options.counters->live_graphs, cache->get_current_size());
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(cache->stats().calls, calls);
  EXPECT_EQ(cache->get_current_size(), 0) << "all engines are gone";
  cache->wait_idle();
  EXPECT_EQ(options.counters->live_graphs, 0);
  EXPECT_EQ(options.counters->live_engines, 0);
  EXPECT_EQ(options.counters->violations, 0);
}

}  // namespace
}  // namespace replayrt
