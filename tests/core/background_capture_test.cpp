// CaptureMode::kBackground: a thread of the cache captures; everybody is served eagerly meanwhile.

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "core/graph_cache_state.hpp"
#include "core/watched_captures.hpp"

namespace replayrt {
namespace {

using std::chrono::milliseconds;

class BackgroundCaptureTest : public WatchedCaptures {
 protected:
  std::shared_ptr<GraphCache> make_cache(GraphCacheOptions options = {}) {
    options.capture = CaptureMode::kBackground;
    return WatchedCaptures::make_cache(options);
  }
  /// A call whose eager run took `run_time`; its Reason.
  static Reason use(GraphCache& cache, const Engine& engine, std::int64_t rows,
                    milliseconds run_time = milliseconds(1)) {
    Lease lease = cache.acquire(engine, key_of(engine, rows));
    const Reason reason = lease.reason();
    lease.finish({}, run_time);
    return reason;
  }
};

TEST_F(BackgroundCaptureTest, NobodyWaitsForTheCapture) {
  constexpr int kThreads = 4;
  options_.max_eager = kThreads;
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache = make_cache();
  call(engine, counted(kBlocked), cache);
  wait_until_capturing();
  std::atomic<int> pending{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        for (int again = 0; again < 10; ++again) {
          const InferResult result = call(engine, counted(kBlocked), cache);
          pending += result.reason == Reason::kCapturePending ? 1 : 0;
          EXPECT_EQ(result.route, Route::kEager);
          EXPECT_EQ(result.outputs[0].as<float>()[20], 21);
        }
      });
    }
  }  // They have ended while the capture has not.
  EXPECT_EQ(pending, kThreads * 10);
  EXPECT_EQ(options_.counters->captures, 1);
  EXPECT_EQ(options_.counters->capturing, 1);
  open();
  cache->wait_idle();
  EXPECT_EQ(call(engine, counted(kBlocked), cache).route, Route::kReplayed);
  EXPECT_EQ(cache->stats().captured, 0U) << "no call captured";
  EXPECT_EQ(cache->stats().captures, 1U);
  expect_consistent(cache->stats());
  EXPECT_EQ(options_.counters->violations, 0);
}

TEST_F(BackgroundCaptureTest, TheQueueDropsTheColdestAndTakesTheHottestFirst) {
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache = make_cache({.capacity = 8, .max_queued_captures = 2});
  use(*cache, engine, kBlocked);
  wait_until_capturing();
  use(*cache, engine, 1, milliseconds(1));
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(use(*cache, engine, 2, milliseconds(10)), Reason::kCapturePending);
  }
  use(*cache, engine, 3, milliseconds(1000));
  EXPECT_EQ(cache->stats().queued_captures, 2) << "unknown so far, 3 was the coldest";
  use(*cache, engine, 3, milliseconds(1000));
  EXPECT_EQ(cache->stats().queued_captures, 2) << "1 was dropped for it";
  open();
  cache->wait_idle();
  EXPECT_EQ(order(), (Rows{kBlocked, 3, 2}));
  EXPECT_EQ(cache->stats().queued_captures, 0);
  EXPECT_EQ(use(*cache, engine, 1), Reason::kCapturePending);
  cache->wait_idle();
  EXPECT_TRUE(cache->contains(key_of(engine, 1))) << "what was dropped is queued by a later call";
}

TEST_F(BackgroundCaptureTest, TheCacheMayEndWithACaptureInFlightAndOthersQueued) {
  std::optional<Engine> engine = fakes::make_fake_engine(options_);
  auto cache = make_cache();
  const auto state = cache->state();
  call(*engine, counted(kBlocked), cache);
  wait_until_capturing();
  call(*engine, counted(1), cache);
  call(*engine, counted(2), cache);
  EXPECT_EQ(state->stats().queued_captures, 2);
  std::jthread end([&] { cache.reset(); });
  while (state->stats().queued_captures > 0) {
    std::this_thread::yield();
  }
  EXPECT_EQ(options_.counters->capturing, 1) << "the cache ends while it captures";
  open();
  end.join();
  EXPECT_EQ(order(), Rows{kBlocked}) << "what was queued is not captured any more";
  EXPECT_EQ(options_.counters->live_graphs, 0);
  engine.reset();
  EXPECT_EQ(options_.counters->live_engines, 0);
}

TEST_F(BackgroundCaptureTest, AnEngineThatEndsTakesItsQueuedCapturesAlong) {
  const Engine lasting = fakes::make_fake_engine(options_);
  fakes::FakeOptions other;
  std::optional<Engine> passing = fakes::make_fake_engine(other);
  const auto cache = make_cache();
  call(lasting, counted(kBlocked), cache);
  wait_until_capturing();
  call(*passing, counted(1), cache);
  call(*passing, counted(2), cache);
  call(lasting, counted(3), cache);
  EXPECT_EQ(cache->stats().queued_captures, 3);
  passing.reset();
  EXPECT_EQ(cache->stats().queued_captures, 1);
  EXPECT_EQ(other.counters->live_engines, 0) << "nothing keeps its memory";
  open();
  cache->wait_idle();
  EXPECT_EQ(other.counters->captures, 0);
  EXPECT_EQ(rows_in(*cache), (Rows{kBlocked, 3}));
  EXPECT_EQ(cache->report().engines.size(), 1U);
}

TEST_F(BackgroundCaptureTest, AnEngineMayEndDuringItsCapture) {
  std::optional<Engine> engine = fakes::make_fake_engine(options_);
  const auto cache = make_cache();
  call(*engine, counted(kBlocked), cache);
  wait_until_capturing();
  engine.reset();
  EXPECT_EQ(options_.counters->live_engines, 1) << "its capture needs it";
  open();
  cache->wait_idle();
  EXPECT_EQ(cache->get_current_size(), 0);
  EXPECT_EQ(options_.counters->live_graphs, 0);
  EXPECT_EQ(options_.counters->live_engines, 0) << "wait_idle returns when all is let go";
}

TEST_F(BackgroundCaptureTest, TheThreadRestsWhileCallsComeAndGoesOnWhenTheyCease) {
  capture_time_ = std::chrono::hours(1);  // On the cache's clock: a rest of three hours.
  std::optional<Engine> engine = fakes::make_fake_engine(options_);
  const auto cache = make_cache();
  {
    const Lease running = cache->acquire(*engine, key_of(*engine, 5));
    while (!cache->contains(key_of(*engine, 5))) {
      std::this_thread::yield();
    }
    for (int i = 0; i < 2000; ++i) {
      call(*engine, counted(1), cache);
      std::this_thread::yield();
    }
    EXPECT_EQ(order(), Rows{5}) << "one call is under way all the time";
  }
  cache->wait_idle();
  EXPECT_EQ(order(), (Rows{5, 1})) << "no three hours later";
}

TEST_F(BackgroundCaptureTest, WhoWaitsForIdleIsWokenWhenTheQueueIsDropped) {
  capture_time_ = std::chrono::hours(1);
  std::optional<Engine> engine = fakes::make_fake_engine(options_);
  const Engine lasting = fakes::make_fake_engine(options_);
  const auto cache = make_cache();
  const Lease running = cache->acquire(lasting, key_of(lasting, 5));
  while (!cache->contains(key_of(lasting, 5))) {
    std::this_thread::yield();
  }
  call(*engine, counted(1), cache);  // Not captured before `running` ends.
  std::jthread waiter([&] { cache->wait_idle(); });
  engine.reset();
  waiter.join();
  EXPECT_EQ(order(), Rows{5});
}

TEST_F(BackgroundCaptureTest, TheThreadRunsAtTheNicenessOfTheProcess) {
  const int expected = ::getpriority(PRIO_PROCESS, 0);
  std::atomic<int> threads{0};
  std::atomic<int> others{0};
  options_.on_capture = [&](const InputSignature&) {
    others += ::getpriority(PRIO_PROCESS, 0) == expected ? 0 : 1;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
      const auto id = static_cast<id_t>(std::stoul(task.path().filename().string()));
      others += ::getpriority(PRIO_PROCESS, id) == expected ? 0 : 1;
      ++threads;
    }
  };
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache = make_cache();
  call(engine, counted(1), cache);
  cache->wait_idle();
  EXPECT_GE(threads, 2);
  EXPECT_EQ(others, 0);
}

TEST_F(BackgroundCaptureTest, AWrongGraphIsRefusedOnACopyOfTheInput) {
  options_.on_answer = [](bool captured, std::span<float> sum) { sum[0] += captured ? 1.0F : 0; };
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache = make_cache();
  {
    const Tensor passing = counted(kBlocked);
    EXPECT_EQ(call(engine, passing, cache).reason, Reason::kCapturePending);
  }  // The input is gone before it is used for the verification.
  open();
  cache->wait_idle();
  EXPECT_EQ(call(engine, counted(kBlocked), cache).reason, Reason::kMismatch);
  EXPECT_EQ(cache->stats().mismatches, 1U);
  EXPECT_EQ(options_.counters->live_graphs, 0);
}

TEST_F(BackgroundCaptureTest, AGraphThatReadsInPlaceIsNotRunOnACopyButVerifiedByItsFirstReplay) {
  bool wrong = true;
  options_.binds = true;
  options_.on_answer = [&](bool captured, std::span<float> sum) {
    sum[0] += captured && wrong ? 1.0F : 0;
  };
  const Engine engine = fakes::make_fake_engine(options_);
  InferOptions in_place;
  in_place.input_binding = InputBinding::kInPlace;
  for (const bool is_wrong : {true, false}) {
    wrong = is_wrong;
    const auto cache = make_cache();
    const Tensor input = counted(2);
    EXPECT_EQ(call(engine, input, cache, in_place).reason, Reason::kCapturePending);
    cache->wait_idle();
    EXPECT_EQ(cache->get_current_size(), 1);
    const int graph_runs = options_.counters->graph_runs;
    const InferResult result = call(engine, input, cache, in_place);
    EXPECT_EQ(result.route, wrong ? Route::kEager : Route::kReplayed);
    EXPECT_EQ(result.reason, wrong ? Reason::kMismatch : Reason::kNone);
    EXPECT_EQ(options_.counters->graph_runs, graph_runs + 1);
  }
}

TEST_F(BackgroundCaptureTest, ACallWhoseInputCannotBeCopiedIsStillAnswered) {
  bool fail = true;
  options_.on_allocate = [&] {
    if (fail) {
      throw Error(ErrorCode::kOutOfMemory, "full");
    }
  };
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache = make_cache();
  const InferResult result = call(engine, counted(1), cache);
  EXPECT_EQ(result.reason, Reason::kCapturePending);
  EXPECT_EQ(result.outputs[0].as<float>()[2], 3);
  cache->wait_idle();
  EXPECT_EQ(options_.counters->captures, 0);
  fail = false;
  call(engine, counted(1), cache);
  cache->wait_idle();
  EXPECT_EQ(call(engine, counted(1), cache).route, Route::kReplayed) << "a later call tries again";
  expect_consistent(cache->stats());
}

TEST_F(BackgroundCaptureTest, TheCaptureBeginsWhenTheCopiesOfTheInputAreComplete) {
  const auto device = options_.device = std::make_shared<fakes::FakeDevice>();
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache = make_cache();
  InferOptions later;
  later.context = {.stream = this, .synchronize = false};
  device->pause();
  const Tensor input = counted(1);
  const InferResult result = replayrt::call(engine, input, cache, later);
  EXPECT_EQ(result.reason, Reason::kCapturePending);
  while (device->waiting() == 0 && options_.counters->captures == 0) {
    std::this_thread::yield();
  }
  EXPECT_EQ(options_.counters->captures, 0);
  device->resume();
  cache->wait_idle();
  EXPECT_EQ(call(engine, input, cache).route, Route::kReplayed);
}

TEST_F(BackgroundCaptureTest, AFailedCopyOfTheInputIsTriedAgainLater) {
  options_.device = std::make_shared<fakes::FakeDevice>();
  std::atomic<bool> fail{true};
  options_.on_copy = [&] {
    if (fail) {
      throw Error(ErrorCode::kModelRuntime, "the device lost it");
    }
  };
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache = make_cache({.capacity = 8, .retry_interval = milliseconds(10)});
  InferOptions options;
  options.context.stream = this;
  const Tensor input = counted(1);
  EXPECT_EQ(replayrt::call(engine, input, cache, options).reason, Reason::kCapturePending);
  cache->wait_idle();
  EXPECT_EQ(options_.counters->captures, 0);
  fail = false;
  EXPECT_EQ(call(engine, input, cache).reason, Reason::kCaptureFailed);
  clock_.advance(milliseconds(20));
  EXPECT_EQ(call(engine, input, cache).reason, Reason::kCapturePending);
  cache->wait_idle();
  EXPECT_EQ(call(engine, input, cache).route, Route::kReplayed);
}

TEST_F(BackgroundCaptureTest, ACallForWhatIsQueuedUsesUpNoCapture) {
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache = make_cache({.capacity = 8, .max_captures_per_second = 2});
  EXPECT_EQ(use(*cache, engine, kBlocked), Reason::kCapturePending);
  EXPECT_EQ(use(*cache, engine, 1), Reason::kCapturePending);
  EXPECT_EQ(use(*cache, engine, 2), Reason::kRateLimited);
  clock_.advance(std::chrono::seconds(1));
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(use(*cache, engine, kBlocked), Reason::kCapturePending);
  }
  EXPECT_EQ(use(*cache, engine, 2), Reason::kCapturePending);
  open();
  cache->wait_idle();
  EXPECT_EQ(cache->get_current_size(), 3);
}

}  // namespace
}  // namespace replayrt
