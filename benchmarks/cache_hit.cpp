// What a cache hit costs: lookup, lease and release on an engine whose runs do nothing, beside the
// least that any cache of this kind can do (a mutex, a hash map and a list).
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "noop_engine.hpp"
#include "replayrt/core/graph_cache.hpp"
#include "replayrt/core/infer.hpp"

namespace {

using replayrt::Engine;
using replayrt::GraphCache;
using replayrt::GraphKey;
using replayrt::Lease;
using replayrt::Shape;
using replayrt::TensorView;

constexpr std::int64_t kKeys = 64;

/// A warm cache of `kKeys` graphs, shared by all benchmarks and their threads.
struct Warm {
  Engine engine = replayrt::benchmarks::make_noop_engine();
  std::shared_ptr<GraphCache> cache = std::make_shared<GraphCache>(
      replayrt::GraphCacheOptions{.capacity = kKeys,
                                  .admission = replayrt::Admission::sightings(2),
                                  // Its outputs are never written: nothing to compare.
                                  .verify = replayrt::Verification::off()});
  std::vector<TensorView> views;
  std::vector<GraphKey> keys;
  replayrt::InferOptions with_cache{.graph_cache = cache};

  Warm() {
    static constexpr float kElement = 0;  // Never read.
    for (std::int64_t i = 0; i < kKeys; ++i) {
      views.push_back({&kElement, replayrt::DType::kF32, Shape{1, 3, 48, 32 * (i + 1)}, {}});
      keys.push_back(engine.key_for({&views.back(), 1}));
      // Run eagerly first, so that each replay is compared and booked as savings.
      cache->acquire(engine, keys.back())
          .finish(replayrt::Completion(), std::chrono::microseconds(1));
      static_cast<void>(cache->acquire(engine, keys.back()));
    }
  }
};

Warm& warm() {
  static Warm state;
  return state;
}

/// The floor: an LRU map behind one lock that shares ownership, without exclusive leases,
/// statistics, budgets or failure handling.
class PlainLru {
 public:
  struct Value {
    bool in_use = false;
  };

  explicit PlainLru(const std::vector<GraphKey>& keys) {
    for (const GraphKey& key : keys) {
      order_.push_back(std::make_shared<Value>());
      map_.emplace(key, std::prev(order_.end()));
    }
  }

  std::shared_ptr<Value> get(const GraphKey& key) {
    const std::lock_guard lock(mutex_);
    const auto found = map_.find(key)->second;
    order_.splice(order_.end(), order_, found);
    (*found)->in_use = true;
    return *found;
  }

  void put_back(Value& value) {
    const std::lock_guard lock(mutex_);
    value.in_use = false;
  }

 private:
  std::mutex mutex_;
  std::list<std::shared_ptr<Value>> order_;
  std::unordered_map<GraphKey, decltype(order_)::iterator> map_;
};

PlainLru& plain_lru() {
  static PlainLru lru(warm().keys);
  return lru;
}

/// Which keys a benchmark's threads ask for.
enum class Keys { kOne, kOneEach, kAllInTurn };

/// The next position in `Warm::keys` for one thread.
class KeyWalk {
 public:
  KeyWalk(Keys keys, const benchmark::State& state)
      : step_(keys == Keys::kAllInTurn ? 1 : 0),
        at_(keys == Keys::kOne ? 0 : static_cast<std::size_t>(state.thread_index())) {}

  std::size_t next() { return (at_ += step_) % kKeys; }

 private:
  std::size_t step_;
  std::size_t at_;
};

void report_replays(benchmark::State& state, std::int64_t replayed) {
  state.counters["replayed"] =
      benchmark::Counter(static_cast<double>(replayed) / static_cast<double>(state.iterations()),
                         benchmark::Counter::kAvgThreads);
}

/// Lookup, lease and release with the key at hand.
void hit(benchmark::State& state, Keys keys) {
  Warm& with = warm();
  KeyWalk walk(keys, state);
  std::int64_t replayed = 0;
  for (auto _ : state) {
    const Lease lease = with.cache->acquire(with.engine, with.keys[walk.next()]);
    benchmark::DoNotOptimize(&lease.executor());
    replayed += lease.route() == replayrt::Route::kReplayed ? 1 : 0;
  }
  report_replays(state, replayed);
}

/// The same with the run timed and booked, as `infer` does.
void measured_hit(benchmark::State& state, Keys keys) {
  Warm& with = warm();
  KeyWalk walk(keys, state);
  std::int64_t replayed = 0;
  for (auto _ : state) {
    Lease lease = with.cache->acquire(with.engine, with.keys[walk.next()]);
    const auto begin = std::chrono::steady_clock::now();
    benchmark::DoNotOptimize(&lease.executor());
    lease.finish(replayrt::Completion(), std::chrono::steady_clock::now() - begin);
    replayed += lease.route() == replayrt::Route::kReplayed ? 1 : 0;
  }
  report_replays(state, replayed);
}

/// hit with the key made from the inputs each time, as `infer` does.
void key_and_hit(benchmark::State& state, Keys keys) {
  Warm& with = warm();
  KeyWalk walk(keys, state);
  std::int64_t replayed = 0;
  for (auto _ : state) {
    const GraphKey key = with.engine.key_for({&with.views[walk.next()], 1});
    const Lease lease = with.cache->acquire(with.engine, key);
    benchmark::DoNotOptimize(&lease.executor());
    replayed += lease.route() == replayrt::Route::kReplayed ? 1 : 0;
  }
  report_replays(state, replayed);
}

/// A whole call of `infer` on a hit.
void infer_hit(benchmark::State& state, Keys keys) {
  Warm& with = warm();
  KeyWalk walk(keys, state);
  std::int64_t replayed = 0;
  for (auto _ : state) {
    const replayrt::InferResult result =
        replayrt::infer(with.engine, {&with.views[walk.next()], 1}, with.with_cache);
    benchmark::DoNotOptimize(result.outputs.data());
    replayed += result.replayed_runs;
  }
  report_replays(state, replayed);
}

/// Lookup and release in the plain LRU.
void plain_lru_hit(benchmark::State& state, Keys keys) {
  Warm& with = warm();
  PlainLru& lru = plain_lru();
  KeyWalk walk(keys, state);
  for (auto _ : state) {
    const std::shared_ptr<PlainLru::Value> value = lru.get(with.keys[walk.next()]);
    benchmark::DoNotOptimize(value.get());
    lru.put_back(*value);
  }
}

void add(const char* name, void (*function)(benchmark::State&, Keys)) {
  const auto variant = [&](const char* keys_name, Keys keys, int threads) {
    benchmark::RegisterBenchmark((std::string(name) + "/" + keys_name).c_str(), function, keys)
        ->Threads(threads)
        ->UseRealTime();
  };
  variant("one_key", Keys::kOne, 1);
  variant("64_keys", Keys::kAllInTurn, 1);
  variant("key_each", Keys::kOneEach, 2);
  variant("one_key", Keys::kOne, 2);
}

}  // namespace

int main(int argc, char** argv) {
  // A process that never had a second thread counts references without atomics; every process that
  // infers has had one.
  std::thread([] {}).join();
  add("hit", hit);
  add("measured_hit", measured_hit);
  add("key_and_hit", key_and_hit);
  add("infer_hit", infer_hit);
  add("plain_lru", plain_lru_hit);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
    return 2;
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
