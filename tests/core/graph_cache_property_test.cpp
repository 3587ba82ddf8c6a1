// Random operations: one thread against a simple model, then many threads against the invariants.

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <new>
#include <ostream>
#include <random>
#include <string>
#include <thread>

#include "core/fake_calls.hpp"
#include "replayrt/core/log.hpp"

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
      ++hits;
      return Route::kReplayed;
    }
    ++misses;
    if (bytes > max_bytes_) {
      return Route::kEager;
    }
    order_.push_back(rows);
    bytes_[rows] = bytes;
    while (static_cast<std::int64_t>(order_.size()) > capacity_ || total() > max_bytes_) {
      order_.erase(order_.begin());
      ++evictions;
    }
    return Route::kCaptured;
  }
  /// Whether it was captured: in the last place, if there is one.
  bool prewarm(std::int64_t rows, std::int64_t bytes) {
    if (std::ranges::find(order_, rows) != order_.end() ||
        static_cast<std::int64_t>(order_.size()) == capacity_ || total() + bytes > max_bytes_) {
      return false;
    }
    order_.insert(order_.begin(), rows);
    bytes_[rows] = bytes;
    ++prewarmed;
    return true;
  }
  void remove(std::int64_t rows) { removals += std::erase(order_, rows); }
  void purge(std::size_t oldest) {
    evictions += std::min(oldest, order_.size());
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

  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t evictions = 0;
  std::uint64_t removals = 0;
  std::uint64_t prewarmed = 0;

 private:
  std::int64_t capacity_;
  std::int64_t max_bytes_;
  std::vector<std::int64_t> order_;
  std::map<std::int64_t, std::int64_t> bytes_;
};

// Random operations: of the one thread, and of all threads of all cases together.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int kSteps = 4000;
constexpr int kOperations = 100'000;
#else
constexpr int kSteps = 20'000;
constexpr int kOperations = 1'000'000;
#endif

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
  for (int step = 0; step < kSteps; ++step) {
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
      case 2:
      case 3: {
        const std::vector<InputSignature> signatures{{{DType::kF32, {rows, 3}}}};
        ASSERT_EQ(cache->prewarm(engines[which], signatures).accepted == 1,
                  model.prewarm(id, which == 0 ? 100 : 250));
        break;
      }
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
  const GraphCacheStats stats = cache->stats();
  EXPECT_EQ(stats.hits, model.hits);
  EXPECT_EQ(stats.misses, model.misses);
  EXPECT_EQ(stats.evictions, model.evictions);
  EXPECT_EQ(stats.removals, model.removals);
  EXPECT_EQ(stats.captures, model.misses + model.prewarmed) << "none is larger than max_bytes";
  EXPECT_EQ(stats.prewarmed, model.prewarmed);
  EXPECT_GT(model.prewarmed, 0U);
  expect_consistent(stats);
}

constexpr int kThreads = 8;
constexpr int kCases = 9;

struct Case {
  std::string name;
  CaptureMode capture = CaptureMode::kInline;
  Admission admission{};
  std::int64_t instances = 1;
  bool deferred = false;  ///< Device work that completes later: slower, so of fewer operations.
  Eviction eviction = Eviction::kLeastRecentlyUsed;
  bool padded = false;  ///< Rows and columns go up to buckets.
};

void PrintTo(const Case& which, std::ostream* out) {
  *out << which.name;
}

const std::array<Case, kCases> kAllCases = {{
    {.name = "InlineAlways"},
    {.name = "InlineSightings", .admission = Admission::sightings(3), .instances = 3},
    {.name = "InlinePaysBack", .admission = Admission::pays_back(), .instances = 2},
    {.name = "BackgroundAlways", .capture = CaptureMode::kBackground, .instances = 2},
    {.name = "BackgroundSightings",
     .capture = CaptureMode::kBackground,
     .admission = Admission::sightings(3)},
    {.name = "BackgroundPaysBack",
     .capture = CaptureMode::kBackground,
     .admission = Admission::pays_back()},
    {.name = "Deferred", .instances = 2, .deferred = true, .padded = true},
    {.name = "InlineByWorth", .instances = 2, .eviction = Eviction::kCostAware, .padded = true},
    {.name = "PaysBackByWorth",
     .admission = Admission::pays_back(),
     .eviction = Eviction::kCostAware},
}};

class GraphCacheManyThreadsTest : public testing::TestWithParam<Case> {
 protected:
  static constexpr std::int64_t kCapacity = 4;
  static constexpr std::int64_t kMaxBytes = 550;

  GraphCacheManyThreadsTest() {
    set_log_sink({}, LogLevel::kOff);
    options_.max_eager = 3;
    options_.graph_bytes = 100;
    options_.estimate.time = std::chrono::nanoseconds(0);  // pays_back tries at once.
    options_.device = GetParam().deferred ? std::make_shared<fakes::FakeDevice>() : nullptr;
    options_.on_capture = [this](const InputSignature&) {
      const unsigned now = ++captures_;
      if (now % 7 == 0) {
        throw Error(ErrorCode::kModelRuntime, "every seventh capture fails");
      }
      if (now % 11 == 0) {
        throw std::bad_alloc();
      }
    };
    options_.on_run = [this](bool captured) {
      if (captured && ++graph_runs_ % 997 == 0) {
        throw Error(ErrorCode::kModelRuntime, "now and then a replay fails");
      }
    };
    cache_ = std::make_shared<GraphCache>(
        GraphCacheOptions{.capacity = kCapacity,
                          .max_bytes = kMaxBytes,
                          .eviction = GetParam().eviction,
                          .admission = GetParam().admission,
                          .capture = GetParam().capture,
                          .max_queued_captures = 3,
                          .max_instances_per_key = GetParam().instances,
                          .retry_interval = std::chrono::nanoseconds(0)});
  }
  ~GraphCacheManyThreadsTest() override { set_log_sink({}, LogLevel::kWarning); }

  /// An engine of its own salt.
  std::pair<Engine, float> make_engine() {
    fakes::FakeOptions options = options_;
    options.salt = static_cast<float>(++salts_ % 1000);
    return {fakes::make_fake_engine(options), options.salt};
  }

  void expect_right(bool right, const char* what) {
    if (!right) {
      ++wrong_;
      ADD_FAILURE() << what;
    }
  }

  void one_call(const std::pair<Engine, float>& engine, std::int64_t rows, bool synchronize) {
    InferOptions options;
    options.context.synchronize = synchronize;
    if (GetParam().padded && rows % 3 != 0) {
      options.batch_buckets = Buckets::multiples_of(4);
    }
    if (GetParam().padded && rows % 2 == 0) {
      options.dimension_buckets = {
          {.axis = 1, .buckets = Buckets::multiples_of(4), .outputs = {{.output = 0, .axis = 1}}}};
    }
    const Tensor input = counted(rows);
    const InferResult result = call(engine.first, input, cache_, options);
    ++calls_;
    result.completion.wait();
    const auto last = static_cast<std::size_t>(rows) * 3 - 1;
    expect_right(
        result.outputs[0].as<float>()[last] == static_cast<float>(rows * 3) + engine.second,
        "the answer is of another input or engine");
  }

  void check_stats() {
    const GraphCacheStats stats = cache_->stats();
    expect_right(stats.size <= kCapacity, "size");
    expect_right(stats.bytes <= kMaxBytes && stats.peak_bytes <= kMaxBytes, "bytes");
    expect_right(stats.calls == stats.eager + stats.captured + stats.replayed, "routes add up");
    expect_right(stats.calls == stats.hits + stats.misses, "hits and misses add up");
    expect_right(stats.padding_elements <= stats.input_elements, "padding is part of the inputs");
    expect_right(GetParam().padded || stats.padding_elements == 0, "nothing is padded unasked");
    expect_right(stats.prewarmed <= stats.captures, "what is prewarmed is captured");
  }

  void check_report() {
    const GraphCacheReport report = cache_->report();
    std::int64_t bytes_of_engines = 0;
    for (const EngineStats& engine : report.engines) {
      bytes_of_engines += engine.bytes;
      expect_right(engine.calls == engine.eager + engine.captured + engine.replayed, "engine");
      expect_right(engine.padding_elements <= engine.input_elements, "padding of an engine");
    }
    std::int64_t bytes_of_keys = 0;
    std::int64_t held = 0;
    for (const KeyStats& key : report.keys) {
      bytes_of_keys += key.bytes;
      held += key.held ? 1 : 0;
      expect_right(key.instances <= GetParam().instances, "instances");
      expect_right(key.bytes == key.instances * 100, "bytes of a key");
    }
    expect_right(bytes_of_engines == report.totals.bytes, "bytes of all engines");
    expect_right(bytes_of_keys == report.totals.bytes, "bytes of all keys");
    expect_right(held == report.totals.size, "keys held");
  }

  void import_what_is_held(const Engine& engine) {
    const std::vector<SavedKey> keys = cache_->export_keys();
    const std::array<const Engine*, 1> engines{&engine};
    const PrewarmReport report = cache_->import_keys(keys, engines);
    expect_right(report.accepted + report.held + report.refused + report.no_room + report.unknown ==
                     keys.size(),
                 "every saved key is counted once");
  }

  void work(const std::pair<Engine, float>& lasting, unsigned seed, int steps) {
    std::mt19937 random(seed);
    std::optional<std::pair<Engine, float>> passing = make_engine();
    std::optional<Lease> held;
    for (int step = 0; step < steps; ++step) {
      const auto& engine = random() % 4 == 0 ? *passing : lasting;
      const auto rows = static_cast<std::int64_t>(random() % kRows) + 1;
      switch (random() % 64) {
        case 0:
          cache_->safe_remove(key_of(engine.first, rows));
          break;
        case 1:
          random() % 8 == 0 ? cache_->purge() : cache_->purge(1);
          break;
        case 2:
          held.reset();
          passing.reset();
          passing = make_engine();
          break;
        case 3:
        case 4:
          held.reset();  // No thread waits for another's eager executor while it holds one.
          held = cache_->acquire(engine.first, key_of(engine.first, rows));
          ++calls_;
          if (held->route() == Route::kEager) {
            held.reset();
          }
          break;
        case 5:
          held.reset();
          break;
        case 6:
          check_report();
          break;
        case 7:
          static_cast<void>(cache_->list_keys());
          static_cast<void>(cache_->refusal(key_of(engine.first, rows)));
          import_what_is_held(engine.first);
          break;
        case 8: {
          const std::vector<InputSignature> signatures{{{DType::kF32, {rows, 3}}},
                                                       {{DType::kF32, {rows % kRows + 1, 3}}}};
          const PrewarmReport report =
              cache_->prewarm(engine.first, signatures,
                              random() % 2 == 0 ? PrewarmMode::kInline : PrewarmMode::kBackground);
          expect_right(report.accepted + report.held + report.refused + report.no_room == 2,
                       "every key is counted once");
          break;
        }
        default:
          one_call(engine, rows, random() % 4 != 0);
      }
      if (step % 4 == 0) {
        check_stats();
      }
    }
  }

  fakes::FakeOptions options_;
  std::shared_ptr<GraphCache> cache_;
  std::atomic<unsigned> captures_{0};
  std::atomic<unsigned> graph_runs_{0};
  std::atomic<int> salts_{0};
  std::atomic<std::uint64_t> calls_{0};
  std::atomic<int> wrong_{0};
};

TEST_P(GraphCacheManyThreadsTest, KeepEveryInvariant) {
  const unsigned seed = 20261125;
  SCOPED_TRACE(seed);
  const int steps = kOperations / kCases / kThreads / (GetParam().deferred ? 4 : 1);
  {
    const std::pair<Engine, float> lasting = make_engine();
    std::vector<std::jthread> threads;
    for (unsigned thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&, thread] { work(lasting, seed + thread, steps); });
    }
    threads.clear();
    cache_->wait_idle();
    const GraphCacheReport report = cache_->report();
    EXPECT_EQ(options_.counters->live_graphs * 100, report.totals.bytes);
    EXPECT_EQ(options_.counters->live_engines, 1);
    EXPECT_EQ(report.engines.size(), 1U) << "the others are forgotten";
    EXPECT_GT(report.totals.captures, 0U);
    EXPECT_GT(report.totals.replayed, 0U);
  }
  EXPECT_EQ(wrong_, 0);
  EXPECT_EQ(cache_->stats().calls, calls_);
  EXPECT_EQ(cache_->get_current_size(), 0) << "all engines are gone";
  cache_->wait_idle();
  EXPECT_EQ(options_.counters->live_graphs, 0);
  EXPECT_EQ(options_.counters->live_eager, 0);
  EXPECT_EQ(options_.counters->live_engines, 0);
  EXPECT_EQ(options_.counters->violations, 0);
  cache_.reset();
}

INSTANTIATE_TEST_SUITE_P(All, GraphCacheManyThreadsTest, testing::ValuesIn(kAllCases),
                         [](const auto& which) { return which.param.name; });

}  // namespace
}  // namespace replayrt
