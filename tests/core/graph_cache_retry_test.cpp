// What is not captured, for how long, and who is told: the negative cache, the rate limit, waiting
// for another thread's capture, the warning of thrashing.

#include <latch>
#include <thread>

#include "core/fake_calls.hpp"
#include "core/fake_clock.hpp"
#include "replayrt/core/log.hpp"

namespace replayrt {
namespace {

using std::chrono::seconds;

class GraphCacheRetryTest : public testing::Test {
 protected:
  GraphCacheRetryTest() {
    set_log_sink(
        [this](LogLevel, std::string_view text) {
          thrash_warnings_ += text.find("thrashes") != std::string_view::npos ? 1 : 0;
        },
        LogLevel::kWarning);
  }
  ~GraphCacheRetryTest() override { set_log_sink({}, LogLevel::kOff); }

  std::shared_ptr<GraphCache> make_cache(GraphCacheOptions options) {
    options.clock = clock_.clock();
    return std::make_shared<GraphCache>(options);
  }

  FakeClock clock_;
  fakes::FakeOptions options_;
  int thrash_warnings_ = 0;
};

TEST_F(GraphCacheRetryTest, PassingReasonsAreTriedAgainOthersAreNot) {
  struct Case {
    std::function<void()> fail;
    bool passing;
  };
  const std::vector<Case> cases = {
      {[] { throw Error(ErrorCode::kOutOfMemory, "full"); }, true},
      {[] { throw std::bad_alloc(); }, true},
      {[] { throw CaptureRefused(Reason::kNoFreeProfile, "all in use"); }, true},
      {[] { throw Error(ErrorCode::kModelRuntime, "compiler bug"); }, false},
      {[] { throw CaptureRefused(Reason::kStateful, "state"); }, false},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE(i);
    bool fail = true;
    options_.counters = std::make_shared<fakes::FakeCounters>();
    options_.on_capture = [&](const InputSignature&) {
      if (fail) {
        cases[i].fail();
      }
    };
    const Engine engine = fakes::make_fake_engine(options_);
    const auto cache = make_cache({.capacity = 4, .retry_interval = seconds(30)});
    const Reason reason = call(engine, counted(1), cache).reason;
    clock_.advance(seconds(30) - std::chrono::nanoseconds(1));
    fail = false;
    EXPECT_EQ(call(engine, counted(1), cache).reason, reason) << "too early";
    EXPECT_EQ(options_.counters->captures, 1);
    clock_.advance(std::chrono::nanoseconds(1));
    EXPECT_EQ(call(engine, counted(1), cache).route,
              cases[i].passing ? Route::kCaptured : Route::kEager);
    EXPECT_EQ(cache->refusal(key_of(engine, 1)).has_value(), !cases[i].passing);
    clock_.advance(std::chrono::hours(1000));
    EXPECT_EQ(call(engine, counted(1), cache).route,
              cases[i].passing ? Route::kReplayed : Route::kEager);
  }
}

TEST_F(GraphCacheRetryTest, EveryFailureStartsTheIntervalAnew) {
  options_.on_capture = [](const InputSignature&) { throw std::bad_alloc(); };
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache = make_cache({.capacity = 4, .retry_interval = seconds(10)});
  for (int second = 0; second < 100; ++second) {
    call(engine, counted(1), cache);
    clock_.advance(seconds(1));
  }
  EXPECT_EQ(options_.counters->captures, 10);
  EXPECT_EQ(cache->stats().capture_failures, 10U);
  expect_consistent(cache->stats());
}

TEST_F(GraphCacheRetryTest, AnIntervalWithoutEndIsNone) {
  options_.on_capture = [](const InputSignature&) { throw std::bad_alloc(); };
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache = make_cache({.capacity = 4, .retry_interval = GraphCacheOptions::kForever});
  for (int i = 0; i < 3; ++i) {
    call(engine, counted(1), cache);
    clock_.advance(std::chrono::hours(1000));
  }
  EXPECT_EQ(options_.counters->captures, 1);
}

TEST_F(GraphCacheRetryTest, AMismatchAfterAPassingFailureIsForGood) {
  bool fail = true;
  options_.on_capture = [&](const InputSignature&) {
    if (std::exchange(fail, false)) {
      throw std::bad_alloc();
    }
  };
  options_.on_answer = [](bool captured, std::span<float> sum) { sum[0] += captured ? 1.0F : 0; };
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache = make_cache({.capacity = 4, .retry_interval = seconds(10)});
  call(engine, counted(1), cache);
  clock_.advance(seconds(20));
  EXPECT_EQ(cache->acquire(engine, key_of(engine, 1)).route(), Route::kCaptured);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(call(engine, counted(1), cache).reason, Reason::kMismatch);
    clock_.advance(seconds(20));
  }
  EXPECT_EQ(options_.counters->captures, 2);
}

TEST_F(GraphCacheRetryTest, CapturesPerSecondAreBounded) {
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache = make_cache({.capacity = 100, .max_captures_per_second = 2});
  EXPECT_EQ(call(engine, counted(1), cache).route, Route::kCaptured);
  clock_.advance(std::chrono::milliseconds(600));
  EXPECT_EQ(call(engine, counted(2), cache).route, Route::kCaptured);
  EXPECT_EQ(call(engine, counted(3), cache).reason, Reason::kRateLimited);
  EXPECT_EQ(call(engine, counted(1), cache).route, Route::kReplayed);
  clock_.advance(std::chrono::milliseconds(400));
  EXPECT_EQ(call(engine, counted(3), cache).route, Route::kCaptured);
  EXPECT_EQ(call(engine, counted(4), cache).reason, Reason::kRateLimited);
  clock_.advance(std::chrono::milliseconds(600));
  EXPECT_EQ(call(engine, counted(4), cache).route, Route::kCaptured);
  EXPECT_EQ(call(engine, counted(5), cache).reason, Reason::kRateLimited) << "any one second";
  const auto unbounded = make_cache({.capacity = 100});
  for (std::int64_t rows = 1; rows <= 20; ++rows) {
    EXPECT_EQ(call(engine, counted(rows), unbounded).route, Route::kCaptured);
  }
}

TEST_F(GraphCacheRetryTest, WhoHasWaitedLongEnoughIsServedEagerly) {
  options_.max_eager = 2;
  for (const auto max_wait : {std::chrono::milliseconds(0), std::chrono::milliseconds(2)}) {
    std::latch gate(1);
    options_.on_capture = [&](const InputSignature&) { gate.wait(); };
    const Engine engine = fakes::make_fake_engine(options_);
    const auto cache = make_cache({.capacity = 4, .max_wait = max_wait});
    std::jthread slow([&] { EXPECT_EQ(call(engine, counted(1), cache).route, Route::kCaptured); });
    while (options_.counters->capturing == 0) {
      std::this_thread::yield();
    }
    const InferResult result = call(engine, counted(1), cache);  // The capture has not ended.
    EXPECT_EQ(result.route, Route::kEager);
    EXPECT_EQ(result.reason, Reason::kCaptureWaited);
    EXPECT_EQ(result.outputs[0].as<float>()[2], 3);
    gate.count_down();
    slow.join();
    EXPECT_EQ(call(engine, counted(1), cache).route, Route::kReplayed);
    EXPECT_EQ(cache->stats().misses, 2U);
    expect_consistent(cache->stats());
  }
}

TEST_F(GraphCacheRetryTest, ThrashingIsToldOnceAMinuteAtMost) {
  options_.on_capture = [this](const InputSignature&) {
    clock_.advance(std::chrono::milliseconds(1));
  };
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache = make_cache({.capacity = 2});
  const auto thrash = [&](int calls) {
    for (int i = 0; i < calls; ++i) {
      EXPECT_EQ(call(engine, counted(i % 3 + 1), cache).route, Route::kCaptured);
    }
  };
  thrash(15);
  EXPECT_EQ(thrash_warnings_, 0);
  thrash(3);
  EXPECT_EQ(thrash_warnings_, 1);
  thrash(300);
  EXPECT_EQ(thrash_warnings_, 1);
  clock_.advance(std::chrono::minutes(1));
  thrash(30);
  EXPECT_EQ(thrash_warnings_, 2);
  EXPECT_EQ(cache->stats().thrash_warnings, 2U);
  EXPECT_EQ(cache->stats().futile_evictions, cache->stats().evictions);
}

TEST_F(GraphCacheRetryTest, GraphsThatEarnedTheirCaptureMayGoQuietly) {
  options_.on_capture = [this](const InputSignature&) {
    clock_.advance(std::chrono::milliseconds(1));
  };
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache = make_cache({.capacity = 1, .admission = Admission::sightings(2)});
  for (std::int64_t rows = 1; rows <= 100; ++rows) {
    for (const auto time : {5, 1, 1, 1}) {  // Eager, captured, replayed, replayed.
      cache->acquire(engine, key_of(engine, rows)).finish({}, std::chrono::milliseconds(time));
    }
  }
  EXPECT_EQ(cache->stats().evictions, 99U);
  EXPECT_EQ(cache->stats().futile_evictions, 0U);
  EXPECT_EQ(thrash_warnings_, 0);
}

}  // namespace
}  // namespace replayrt
