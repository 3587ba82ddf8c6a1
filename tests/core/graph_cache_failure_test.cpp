// A capture or replay that fails never fails the call, and never leaves anything behind.

#include <atomic>
#include <new>
#include <stdexcept>

#include "core/expect_error.hpp"
#include "core/fake_calls.hpp"
#include "replayrt/core/log.hpp"

namespace replayrt {
namespace {

class GraphCacheFailureTest : public testing::Test {
 protected:
  void SetUp() override {
    set_log_sink([this](LogLevel, std::string_view text) { logged_ += text; }, LogLevel::kWarning);
  }
  void TearDown() override { set_log_sink({}, LogLevel::kOff); }

  std::string logged_;
  fakes::FakeOptions options_;
  const std::shared_ptr<GraphCache> cache_ = std::make_shared<GraphCache>(4);
};

TEST_F(GraphCacheFailureTest, EveryKindOfFailureEndsInAnEagerAnswer) {
  struct Case {
    std::function<void()> fail;
    Reason reason;
    std::string message;
  };
  const std::vector<Case> cases = {
      {[] { throw CaptureRefused(Reason::kStateful, "it keeps state"); }, Reason::kStateful,
       "it keeps state"},
      {[] { throw CaptureRefused(Reason::kNoFreeProfile, "all in use"); }, Reason::kNoFreeProfile,
       "all in use"},
      {[] { throw Error(ErrorCode::kModelRuntime, "compiler bug"); }, Reason::kCaptureFailed,
       "compiler bug"},
      {[] { throw std::bad_alloc(); }, Reason::kOutOfMemory, "bad_alloc"},
      {[] { throw 42; }, Reason::kCaptureFailed, "no std::exception"},
  };
  std::size_t at = 0;
  options_.on_capture = [&](const InputSignature&) { cases[at].fail(); };
  const Engine engine = fakes::make_fake_engine(options_);
  for (; at < cases.size(); ++at) {
    const auto rows = static_cast<std::int64_t>(at) + 1;
    for (int again = 0; again < 3; ++again) {
      const InferResult result = call(engine, counted(rows), cache_);
      EXPECT_EQ(result.route, Route::kEager);
      EXPECT_EQ(result.reason, cases[at].reason);
      EXPECT_EQ(result.outputs[0].as<float>()[2], 3);
    }
    const auto refusal = cache_->refusal(key_of(engine, rows));
    ASSERT_TRUE(refusal.has_value());
    EXPECT_NE(refusal->message.find(cases[at].message), std::string::npos) << refusal->message;
    EXPECT_NE(logged_.find(cases[at].message), std::string::npos) << "the user is told why";
  }
  EXPECT_EQ(options_.counters->captures, static_cast<int>(cases.size()))
      << "refused keys are not tried again";
  EXPECT_EQ(cache_->stats().capture_failures, cases.size());
  EXPECT_EQ(cache_->get_current_size(), 0);
  expect_consistent(cache_->stats());
}

TEST_F(GraphCacheFailureTest, ARefusalCanBeForgotten) {
  bool fail = true;
  options_.on_capture = [&](const InputSignature&) {
    if (fail) {
      throw CaptureRefused(Reason::kNoFreeProfile, "all in use");
    }
  };
  const Engine engine = fakes::make_fake_engine(options_);
  call(engine, counted(1), cache_);
  call(engine, counted(2), cache_);
  fail = false;
  EXPECT_EQ(call(engine, counted(1), cache_).route, Route::kEager);
  cache_->safe_remove(key_of(engine, 1));
  EXPECT_EQ(call(engine, counted(1), cache_).route, Route::kCaptured);
  EXPECT_EQ(call(engine, counted(2), cache_).route, Route::kEager);
  cache_->purge();
  EXPECT_EQ(call(engine, counted(2), cache_).route, Route::kCaptured);
}

TEST_F(GraphCacheFailureTest, RefusalsAreBoundedAndEndWithTheirEngine) {
  options_.on_capture = [](const InputSignature&) {
    throw CaptureRefused(Reason::kRandom, "dice");
  };
  std::optional<Engine> engine = fakes::make_fake_engine(options_);
  set_log_sink({}, LogLevel::kOff);
  for (std::int64_t i = 0; i < 4100; ++i) {
    call(*engine, counted(1 + i / 100, 1 + i % 100), cache_);
  }
  const GraphKey first = key_of(*engine, 1, 1);
  const GraphKey last = key_of(*engine, 41, 100);
  EXPECT_FALSE(cache_->refusal(first).has_value()) << "the oldest of more than 4,096 is forgotten";
  EXPECT_TRUE(cache_->refusal(last).has_value());
  engine.reset();
  EXPECT_FALSE(cache_->refusal(last).has_value());
}

TEST_F(GraphCacheFailureTest, AReplayThatFailsIsDroppedAndServedEagerly) {
  bool fail = false;
  options_.on_run = [&](bool captured) {
    if (captured && fail) {
      throw Error(ErrorCode::kModelRuntime, "the graph broke");
    }
  };
  const Engine engine = fakes::make_fake_engine(options_);
  call(engine, counted(1), cache_);
  fail = true;
  const InferResult result = call(engine, counted(1), cache_);
  EXPECT_EQ(result.route, Route::kEager);
  EXPECT_EQ(result.reason, Reason::kReplayFailed);
  EXPECT_EQ(result.outputs[0].as<float>()[2], 3);
  EXPECT_EQ(cache_->get_current_size(), 0);
  EXPECT_EQ(options_.counters->live_graphs, 0);
  EXPECT_NE(logged_.find("the graph broke"), std::string::npos);
  expect_consistent(cache_->stats());
  EXPECT_EQ(cache_->stats().eager, 1U);
  const InferResult fresh = call(engine, counted(1), cache_);
  EXPECT_EQ(fresh.reason, Reason::kCaptureFailed) << "captured anew it fails its verification";
  fail = false;
  EXPECT_EQ(call(engine, counted(1), cache_).reason, Reason::kCaptureFailed) << "remembered";
  cache_->safe_remove(key_of(engine, 1));
  EXPECT_EQ(call(engine, counted(1), cache_).route, Route::kCaptured);
  EXPECT_EQ(options_.counters->violations, 0);
}

TEST_F(GraphCacheFailureTest, AnEagerRunThatFailsIsTheCallersAndHarmless) {
  bool fail = true;
  options_.on_run = [&](bool) {
    if (fail) {
      throw Error(ErrorCode::kModelRuntime, "no");
    }
  };
  const Engine engine = fakes::make_fake_engine(options_);
  expect_error(ErrorCode::kModelRuntime, {"no"}, [&] { call(engine, counted(1)); });
  expect_error(ErrorCode::kModelRuntime, {"no"}, [&] { call(engine, counted(1), cache_); });
  EXPECT_EQ(options_.counters->live_eager, 0) << "an executor that failed is not used again";
  fail = false;
  EXPECT_EQ(call(engine, counted(1)).outputs[0].as<float>()[2], 3);
  expect_consistent(cache_->stats());
}

}  // namespace
}  // namespace replayrt
