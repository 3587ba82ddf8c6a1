// Graphs that are captured before a call asks for them: which ones, and how many.

#include <array>

#include "core/expect_error.hpp"
#include "core/prewarm_fixture.hpp"

namespace replayrt {
namespace {

TEST_F(PrewarmTest, TheFirstCallIsAReplayInBothModes) {
  for (const PrewarmMode mode : {PrewarmMode::kInline, PrewarmMode::kBackground}) {
    order_.clear();
    const Engine engine = fakes::make_fake_engine(options_);
    const auto cache = make_cache();
    EXPECT_EQ(cache->prewarm(engine, signatures({3, 1, 2}), mode), (PrewarmReport{.accepted = 3}));
    cache->wait_idle();
    EXPECT_EQ(order(), (Rows{3, 1, 2})) << "in the order given";
    EXPECT_EQ(cache->stats().prewarmed, 3U);
    EXPECT_EQ(cache->stats().captures, 3U);
    EXPECT_EQ(cache->stats().calls, 0U) << "no call was made";
    EXPECT_EQ(cache->stats().queued_captures, 0);
    for (const std::int64_t rows : {1, 2, 3}) {
      const InferResult result = call(engine, counted(rows), cache);
      EXPECT_EQ(result.route, Route::kReplayed);
      EXPECT_EQ(result.outputs[0].as<float>()[2], 3);
    }
    expect_consistent(cache->stats());
  }
  EXPECT_EQ(options_.counters->violations, 0);
}

TEST_F(PrewarmTest, AskedForTwiceItIsHeld) {
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache = make_cache();
  call(engine, counted(1), cache);
  EXPECT_EQ(cache->prewarm(engine, signatures({1, 2, 2})),
            (PrewarmReport{.accepted = 1, .held = 2}));
  EXPECT_EQ(cache->stats().captures, 2U);
}

TEST_F(PrewarmTest, ItEvictsNothingAndStopsWhenTheCacheIsFull) {
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache = make_cache({.capacity = 3});
  call(engine, counted(1), cache);
  call(engine, counted(2), cache);
  EXPECT_EQ(cache->prewarm(engine, signatures({5, 6, 8})),
            (PrewarmReport{.accepted = 1, .no_room = 2}));
  EXPECT_EQ(cache->prewarm(engine, signatures({6, 8}), PrewarmMode::kBackground),
            (PrewarmReport{.no_room = 2}));
  EXPECT_EQ(order(), (Rows{1, 2, 5}));
  EXPECT_EQ(cache->stats().evictions, 0U);
}

TEST_F(PrewarmTest, ItStopsAtTheByteBoundHoweverWrongTheEstimate) {
  for (const std::size_t estimate : {std::size_t{0}, std::size_t{400}}) {
    for (const PrewarmMode mode : {PrewarmMode::kInline, PrewarmMode::kBackground}) {
      order_.clear();
      options_.estimate.bytes = estimate;
      options_.graph_bytes = 400;
      const Engine engine = fakes::make_fake_engine(options_);
      const auto cache = make_cache({.capacity = 9, .max_bytes = 1000});
      const PrewarmReport report = cache->prewarm(engine, signatures({1, 2, 3, 4, 5}), mode);
      EXPECT_EQ(report.accepted + report.no_room, 5U);
      cache->wait_idle();
      EXPECT_EQ(rows_in(*cache), (Rows{2, 1}));
      EXPECT_EQ(order(), (Rows{1, 2})) << "what would not fit is not made";
      EXPECT_EQ(cache->stats().evictions, 0U);
      EXPECT_EQ(cache->stats().prewarmed, 2U);
      EXPECT_EQ(options_.counters->live_graphs, 2);
    }
  }
}

TEST_F(PrewarmTest, AGraphThatTurnsOutTooLargeIsDroppedAndEndsIt) {
  fakes::FakeOptions large;
  large.graph_bytes = 900;
  large.estimate.bytes = 10;
  const Engine small = fakes::make_fake_engine(options_);
  const Engine big = fakes::make_fake_engine(large);
  options_.graph_bytes = 1000;
  for (const PrewarmMode mode : {PrewarmMode::kInline, PrewarmMode::kBackground}) {
    const auto cache = make_cache({.capacity = 9, .max_bytes = 1800});
    call(small, counted(1), cache);
    cache->prewarm(big, signatures({1, 2, 3}), mode);
    cache->wait_idle();
    EXPECT_EQ(cache->get_current_size(), 1);
    EXPECT_EQ(cache->stats().captures, 2U);
    EXPECT_EQ(cache->stats().capture_failures, 1U);
    EXPECT_EQ(cache->stats().queued_captures, 0);
    EXPECT_FALSE(cache->refusal(key_of(big, 1)).has_value()) << "a call may evict for it";
    EXPECT_EQ(call(big, counted(1), cache).route, Route::kCaptured);
  }
}

TEST_F(PrewarmTest, CapacityZeroHasNoRoom) {
  const Engine engine = fakes::make_fake_engine(options_);
  EXPECT_EQ(make_cache({.capacity = 0})->prewarm(engine, signatures({1, 2})),
            (PrewarmReport{.no_room = 2}));
  EXPECT_EQ(options_.counters->captures, 0);
}

TEST_F(PrewarmTest, TheUnusedAreEvictedFirstTheColdestOfThemBefore) {
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache = make_cache({.capacity = 4});
  call(engine, counted(1), cache);
  cache->prewarm(engine, signatures({2, 3, 4}));
  EXPECT_EQ(rows_in(*cache), (Rows{4, 3, 2, 1}));
  call(engine, counted(5), cache);
  EXPECT_EQ(rows_in(*cache), (Rows{3, 2, 1, 5}));
  call(engine, counted(3), cache);
  EXPECT_EQ(rows_in(*cache), (Rows{2, 1, 5, 3})) << "used, it is as any other";
}

TEST_F(PrewarmTest, AWrongGraphIsFoundByItsFirstReplay) {
  options_.on_answer = [](bool captured, std::span<float> sum) { sum[0] += captured ? 1.0F : 0; };
  const Engine engine = fakes::make_fake_engine(options_);
  for (const bool verify : {true, false}) {
    const auto cache = make_cache({.verify = {verify ? 1.0 : 0.0}});
    cache->prewarm(engine, signatures({1}));
    EXPECT_EQ(cache->get_current_size(), 1);
    const InferResult result = call(engine, counted(1), cache);
    EXPECT_EQ(result.reason, verify ? Reason::kMismatch : Reason::kNone);
    EXPECT_EQ(result.outputs[0].as<float>()[0], verify ? 1 : 2);
    expect_consistent(cache->stats());
  }
}

TEST_F(PrewarmTest, AFailedCaptureIsRememberedAsThatOfACall) {
  options_.on_capture = [](const InputSignature& signature) {
    if (signature[0].shape[0] == 2) {
      throw CaptureRefused(Reason::kRandom, "dice");
    }
  };
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache = make_cache();
  EXPECT_EQ(cache->prewarm(engine, signatures({1, 2, 3})),
            (PrewarmReport{.accepted = 2, .refused = 1}));
  EXPECT_EQ(cache->refusal(key_of(engine, 2))->reason, Reason::kRandom);
  EXPECT_EQ(call(engine, counted(2), cache).reason, Reason::kRandom);
  EXPECT_EQ(cache->prewarm(engine, signatures({2})), (PrewarmReport{.refused = 1}));
  EXPECT_EQ(options_.counters->captures, 3) << "not tried again";
  EXPECT_EQ(cache->stats().capture_failures, 1U);
}

TEST_F(PrewarmTest, AWrongSignatureIsAnErrorBeforeAnythingIsDone) {
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache = make_cache();
  const auto refused = [&](ErrorCode code, const InputSignature& wrong, const char* part) {
    const std::array<InputSignature, 2> given{InputSignature{{DType::kF32, {1, 3}}}, wrong};
    expect_error(code, {part}, [&] { cache->prewarm(engine, given); });
  };
  const float there = 0;
  refused(ErrorCode::kModelInput, {{DType::kF32, {1, 2000}}}, "'x'");
  refused(ErrorCode::kModelInput, {{DType::kI64, {1, 3}}}, "'x'");
  refused(ErrorCode::kModelInput, {{DType::kF32, {1, 3}}, {DType::kF32, {1, 3}}}, "2 inputs");
  refused(ErrorCode::kModelInput, {{DType::kF32, {1, 3}, DeviceType::kCuda}}, "host memory");
  refused(ErrorCode::kInvalidParameter, {{DType::kF32, {1, 3}, DeviceType::kCpu, &there}},
          "address");
  EXPECT_EQ(options_.counters->captures, 0);
}

TEST_F(PrewarmTest, AdmissionTheRateLimitAndTheirBookkeepingAreNotConcerned) {
  options_.on_capture = [this](const InputSignature&) { clock_.advance(std::chrono::seconds(1)); };
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache =
      make_cache({.admission = Admission::pays_back(), .max_captures_per_second = 1});
  EXPECT_EQ(cache->prewarm(engine, signatures({1, 2, 3})).accepted, 3U);
  EXPECT_EQ(cache->stats().capture_time_total, std::chrono::seconds(3));
  // 30 s of eager calls allow 1.2 s of captures; the three seconds above would be more.
  const auto use = [&] {
    Lease lease = cache->acquire(engine, key_of(engine, 9));
    const Route route = lease.route();
    lease.finish({}, std::chrono::seconds(10));
    return route;
  };
  EXPECT_EQ(use(), Route::kEager);
  EXPECT_EQ(use(), Route::kEager);
  EXPECT_EQ(use(), Route::kEager);
  EXPECT_EQ(use(), Route::kCaptured);
}

}  // namespace
}  // namespace replayrt
