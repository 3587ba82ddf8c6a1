// Invariant 5: no user code, capture or destruction runs while the cache's lock is held. Every hook
// of the engine and the log sink ask the cache for its lock; if it were held they would never
// return.

#include "core/fake_calls.hpp"
#include "replayrt/core/log.hpp"

namespace replayrt {
namespace {

TEST(GraphCacheLockTest, EverythingForeignRunsOutsideTheLock) {
  const auto cache = std::make_shared<GraphCache>(2);
  int entered = 0;
  const auto enter = [&] {
    static_cast<void>(cache->stats());
    ++entered;
  };
  set_log_sink([&](LogLevel, std::string_view) { enter(); }, LogLevel::kDebug);
  fakes::FakeOptions options;
  bool refuse = false;
  options.on_capture = [&](const InputSignature&) {
    enter();
    if (refuse) {
      throw CaptureRefused(Reason::kRandom, "dice");
    }
  };
  options.on_run = [&](bool) { enter(); };
  options.on_destroy = enter;
  {
    const Engine engine = fakes::make_fake_engine(options);
    const auto expect_entered = [&](int times, const char* when) {
      EXPECT_EQ(entered, times) << when;
      entered = 0;
    };
    call(engine, counted(1), cache);
    expect_entered(4, "capture, its first run, an eager run to verify it, its log message");
    call(engine, counted(1), cache);
    expect_entered(1, "replay");
    call(engine, counted(2), cache);
    entered = 0;
    call(engine, counted(3), cache);
    expect_entered(5, "eviction: capture, two runs, destruction, log message");
    cache->safe_remove(key_of(engine, 3));
    expect_entered(1, "removal");
    cache->purge();
    expect_entered(1, "purge");
    refuse = true;
    call(engine, counted(4), cache);
    expect_entered(3, "refusal: capture, log message, eager run");
    refuse = false;
    call(engine, counted(5), cache);
    entered = 0;
  }
  EXPECT_EQ(entered, 2) << "end of the engine: a graph and an eager executor";
  set_log_sink({}, LogLevel::kOff);
}

TEST(GraphCacheLockTest, FiguresAreAskedOutsideTheLock) {
  GraphCacheOptions cache_options{.capacity = 1, .admission = Admission::pays_back()};
  cache_options.max_instances_per_key = 2;
  cache_options.clock = [] { return std::chrono::steady_clock::time_point(); };  // All is free.
  GraphCache cache(cache_options);
  int asked = 0;
  fakes::FakeOptions options;
  options.estimate = {};
  options.on_query = [&] {
    static_cast<void>(cache.stats());
    ++asked;
  };
  const Engine engine = fakes::make_fake_engine(options);
  const auto expect_asked = [&](int times, const char* when) {
    EXPECT_EQ(asked, times) << when;
    asked = 0;
  };
  {
    const Lease first = cache.acquire(engine, key_of(engine, 1));
    EXPECT_EQ(first.route(), Route::kCaptured);
    expect_asked(2, "a capture: its estimate, its bytes");
    const Lease second = cache.acquire(engine, key_of(engine, 1));
    EXPECT_EQ(second.route(), Route::kCaptured);
    expect_asked(2, "a further instance");
  }
  EXPECT_EQ(cache.acquire(engine, key_of(engine, 1)).route(), Route::kReplayed);
  expect_asked(0, "a replay");
  static_cast<void>(cache.acquire(engine, key_of(engine, 2)));
  expect_asked(2, "an eviction: as a capture, nothing of the victim");
  cache.purge();
  expect_asked(0, "purge");
}

/// Device work that asks the cache for its lock whenever it is looked at.
class NosyCompletion final : public Completion::State {
 public:
  explicit NosyCompletion(GraphCache& cache) : cache_(cache) {}
  ~NosyCompletion() override { static_cast<void>(cache_.stats()); }
  bool done() const override {
    ++asked;
    static_cast<void>(cache_.stats());
    return finished;
  }
  void wait() const override {
    static_cast<void>(cache_.stats());
    finished = true;
  }
  mutable bool finished = false;
  mutable int asked = 0;

 private:
  GraphCache& cache_;
};

TEST(GraphCacheLockTest, CompletionsAreAskedOutsideTheLock) {
  GraphCache cache(1);
  const Engine engine = fakes::make_fake_engine();
  auto work = std::make_shared<NosyCompletion>(cache);
  cache.acquire(engine, key_of(engine, 1)).finish(Completion(work));
  EXPECT_EQ(cache.acquire(engine, key_of(engine, 1)).reason(), Reason::kBusy);
  static_cast<void>(cache.acquire(engine, key_of(engine, 2)));  // Evicts it with its work pending.
  cache.wait_idle();
  EXPECT_TRUE(work->finished);
  EXPECT_GT(work->asked, 1);
  EXPECT_EQ(work.use_count(), 1) << "nothing keeps it when it is over";
}

}  // namespace
}  // namespace replayrt
