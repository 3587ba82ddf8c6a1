#include "core/verification.hpp"

#include <bit>
#include <cmath>
#include <limits>

#include "core/fake_calls.hpp"
#include "replayrt/core/log.hpp"

namespace replayrt {
namespace {

using detail::disagreement;

template <class T>
Tensor filled(DType dtype, std::int64_t count, T value) {
  Tensor tensor = Tensor::allocate(dtype, {count});
  std::fill_n(static_cast<T*>(tensor.data()), count, value);
  return tensor;
}

/// Whether `x`, captured, is taken for `y`, eager.
template <class T>
bool agree(DType dtype, T x, T y) {
  return !disagreement(filled<T>(dtype, 3, x), filled<T>(dtype, 3, y), "out").has_value();
}

std::uint16_t bf16(float value) {
  return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16);
}

TEST(VerificationTest, FullPrecisionIsComparedToAThousandth) {
  // At 1: 1e-4 + 1e-3.
  EXPECT_TRUE(agree(DType::kF32, 1.00109F, 1.0F));
  EXPECT_FALSE(agree(DType::kF32, 1.00111F, 1.0F));
  EXPECT_TRUE(agree(DType::kF64, 1.00109, 1.0));
  EXPECT_FALSE(agree(DType::kF64, 1.00111, 1.0));
  EXPECT_FALSE(agree(DType::kF64, 0.99889, 1.0)) << "below too";
  // At 0 only the absolute part is left, at 1,000 the relative one counts.
  EXPECT_TRUE(agree(DType::kF32, 0.99e-4F, 0.0F));
  EXPECT_FALSE(agree(DType::kF32, 1.01e-4F, 0.0F));
  EXPECT_TRUE(agree(DType::kF32, 1000.9F, 1000.0F));
  EXPECT_FALSE(agree(DType::kF32, 1001.2F, 1000.0F));
  EXPECT_TRUE(agree(DType::kF32, -0.0F, 0.0F));
}

TEST(VerificationTest, HalfPrecisionIsComparedToFiveHundredths) {
  // At 1: 2e-2 + 2e-2. One f16 step at 1 is 1/1024, one bf16 step 1/128.
  constexpr std::uint16_t kOne = 0x3C00;
  EXPECT_TRUE(agree<std::uint16_t>(DType::kF16, kOne + 40, kOne));
  EXPECT_FALSE(agree<std::uint16_t>(DType::kF16, kOne + 42, kOne));
  EXPECT_TRUE(agree<std::uint16_t>(DType::kF16, 0x0001, 0x8001)) << "the smallest of both signs";
  EXPECT_TRUE(agree<std::uint16_t>(DType::kF16, 0x7C00, 0x7C00)) << "infinity";
  EXPECT_FALSE(agree<std::uint16_t>(DType::kF16, 0x7C00, 0xFC00));
  EXPECT_TRUE(agree(DType::kBf16, bf16(1 + 5.0F / 128), bf16(1)));
  EXPECT_FALSE(agree(DType::kBf16, bf16(1 + 6.0F / 128), bf16(1)));
}

TEST(VerificationTest, NotANumberAgreesWithItselfOnly) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInf = std::numeric_limits<float>::infinity();
  EXPECT_TRUE(agree(DType::kF32, kNan, kNan));
  EXPECT_TRUE(agree(DType::kF32, kNan, -kNan));
  EXPECT_FALSE(agree(DType::kF32, kNan, 1.0F));
  EXPECT_FALSE(agree(DType::kF32, 1.0F, kNan));
  EXPECT_TRUE(agree(DType::kF32, kInf, kInf));
  EXPECT_FALSE(agree(DType::kF32, 1.0F, kInf));
  EXPECT_TRUE(agree<std::uint16_t>(DType::kF16, 0x7E00, 0xFE01));
  EXPECT_FALSE(agree<std::uint16_t>(DType::kF16, 0x7E00, 0x3C00));
  EXPECT_TRUE(agree<std::uint16_t>(DType::kBf16, 0x7FC0, 0x7FC1));
  EXPECT_FALSE(agree<std::uint16_t>(DType::kBf16, 0x3F80, 0x7FC0));
}

TEST(VerificationTest, IntegersMayDifferInOneOfAThousand) {
  for (const std::int64_t count : {std::int64_t{10}, std::int64_t{5000}}) {
    const std::int64_t allowed = std::max<std::int64_t>(1, count / 1000);
    const Tensor eager = filled<std::int64_t>(DType::kI64, count, 7);
    Tensor graph = filled<std::int64_t>(DType::kI64, count, 7);
    for (std::int64_t i = 0; i < allowed; ++i) {
      graph.as<std::int64_t>()[static_cast<std::size_t>(count - 1 - i)] = 1 << 20;
    }
    EXPECT_FALSE(disagreement(graph, eager, "out").has_value()) << count;
    graph.as<std::int64_t>()[0] = 8;
    const auto difference = disagreement(graph, eager, "out");
    ASSERT_TRUE(difference.has_value()) << count;
    EXPECT_NE(difference->find(std::to_string(allowed + 1) + " of " + std::to_string(count)),
              std::string::npos)
        << *difference;
  }
  const Tensor seven = filled<std::int64_t>(DType::kI64, 9, 7);
  Tensor one_other = filled<std::int64_t>(DType::kI64, 9, 7);
  one_other.as<std::int64_t>()[4] = 8;
  EXPECT_TRUE(disagreement(one_other, seven, "out").has_value()) << "of so few not even one";
  EXPECT_FALSE(agree<std::uint8_t>(DType::kU8, 1, 2));
  EXPECT_FALSE(agree<std::uint8_t>(DType::kBool, 1, 0));
}

TEST(VerificationTest, TheLargestDifferenceIsNamed) {
  const Tensor eager = filled<float>(DType::kF32, 5, 1);
  Tensor graph = filled<float>(DType::kF32, 5, 1);
  graph.as<float>()[1] = 2;
  graph.as<float>()[3] = 4;
  const auto finite = disagreement(graph, eager, "logits");
  ASSERT_TRUE(finite.has_value());
  EXPECT_NE(finite->find("'logits' differs most at element 3: 4"), std::string::npos) << *finite;
  graph.as<float>()[0] = std::numeric_limits<float>::quiet_NaN();
  const auto nan = disagreement(graph, eager, "logits");
  ASSERT_TRUE(nan.has_value());
  EXPECT_NE(nan->find("element 0: nan"), std::string::npos) << *nan;
}

TEST(VerificationTest, ShapesAndTypesMustBeTheSame) {
  const auto shapes =
      disagreement(filled<float>(DType::kF32, 2, 1), filled<float>(DType::kF32, 3, 1), "out");
  ASSERT_TRUE(shapes.has_value());
  EXPECT_NE(shapes->find("f32 2 captured, f32 3 eager"), std::string::npos) << *shapes;
  EXPECT_TRUE(
      disagreement(filled<float>(DType::kF32, 2, 1), filled<std::int32_t>(DType::kI32, 2, 1), "out")
          .has_value());
}

/// A cache and an engine whose captured graphs add `error` to the last element.
class VerifiedCacheTest : public testing::Test {
 protected:
  VerifiedCacheTest() {
    options_.on_answer = [this](bool captured, std::span<float> sum) {
      sum.back() += captured ? error_ : 0.0F;
    };
    set_log_sink([this](LogLevel, std::string_view text) { logged_.emplace_back(text); },
                 LogLevel::kWarning);
  }
  ~VerifiedCacheTest() override { set_log_sink({}, LogLevel::kOff); }

  static std::shared_ptr<GraphCache> make_cache(Verification verify, std::int64_t capacity = 4) {
    return std::make_shared<GraphCache>(GraphCacheOptions{.capacity = capacity, .verify = verify});
  }

  float error_ = 1;
  fakes::FakeOptions options_;
  std::vector<std::string> logged_;
};

TEST_F(VerifiedCacheTest, AGraphThatAnswersWronglyIsRefused) {
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache = make_cache(Verification::first());
  for (int i = 0; i < 3; ++i) {
    const InferResult result = call(engine, counted(2), cache);
    EXPECT_EQ(result.route, Route::kEager);
    EXPECT_EQ(result.reason, Reason::kMismatch);
    EXPECT_EQ(result.outputs[0].as<float>()[5], 6) << "the eager answer";
  }
  const GraphCacheStats stats = cache->stats();
  EXPECT_EQ(stats.mismatches, 1U);
  EXPECT_EQ(stats.capture_failures, 1U);
  EXPECT_EQ(stats.size, 0);
  expect_consistent(stats);
  EXPECT_EQ(options_.counters->captures, 1) << "it is not captured again";
  EXPECT_EQ(options_.counters->live_graphs, 0);
  ASSERT_EQ(logged_.size(), 1U);
  const std::string key = key_of(engine, 2).to_string();
  for (const std::string& part : {key, std::string("mismatch"), std::string("'sum'"),
                                  std::string("element 5: 7"), std::string("6.000000 eager")}) {
    EXPECT_NE(logged_[0].find(part), std::string::npos) << part << " in " << logged_[0];
  }
  EXPECT_EQ(cache->refusal(key_of(engine, 2))->reason, Reason::kMismatch);
}

TEST_F(VerifiedCacheTest, ADifferenceWithinToleranceIsKept) {
  error_ = 1e-3F;
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache = make_cache(Verification::first());
  EXPECT_EQ(call(engine, counted(2), cache).route, Route::kCaptured);
  EXPECT_EQ(options_.counters->eager_runs, 1) << "verified once";
  EXPECT_EQ(options_.counters->graph_runs, 1) << "the run that was verified is the answer";
  EXPECT_EQ(call(engine, counted(2), cache).route, Route::kReplayed);
  EXPECT_EQ(options_.counters->eager_runs, 1);
  EXPECT_EQ(options_.counters->graph_runs, 2);
}

TEST_F(VerifiedCacheTest, TheRunThatWasVerifiedIsTheAnswer) {
  error_ = 1e-3F;  // Of captured graphs only.
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache = make_cache(Verification::first());
  const float eager = call(engine, counted(2)).outputs[0].as<float>()[5];
  const float captured = call(engine, counted(2), cache).outputs[0].as<float>()[5];
  EXPECT_NE(captured, eager);
  EXPECT_EQ(call(engine, counted(2), cache).outputs[0].as<float>()[5], captured);

  static_cast<void>(cache->acquire(engine, key_of(engine, 3)));  // Nothing to verify it on yet.
  const int before = options_.counters->graph_runs;
  EXPECT_EQ(call(engine, counted(3), cache).route, Route::kReplayed);
  EXPECT_EQ(options_.counters->graph_runs, before + 1);
}

TEST_F(VerifiedCacheTest, OffPublishesWhateverWasCaptured) {
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache = make_cache(Verification::off());
  EXPECT_EQ(call(engine, counted(2), cache).outputs[0].as<float>()[5], 7);
  EXPECT_EQ(call(engine, counted(2), cache).route, Route::kReplayed);
  EXPECT_EQ(options_.counters->eager_runs, 0);
  EXPECT_EQ(cache->stats().mismatches, 0U);
}

TEST_F(VerifiedCacheTest, SampledVerifiesThatShare) {
  error_ = 0;
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache = make_cache(Verification::sampled(0.25), 1000);
  for (std::int64_t rows = 1; rows <= 400; ++rows) {
    EXPECT_EQ(call(engine, counted(rows, 1), cache).route, Route::kCaptured);
    EXPECT_EQ(call(engine, counted(rows, 1), cache).route, Route::kReplayed);
  }
  EXPECT_NEAR(options_.counters->eager_runs, 100, 3);
}

TEST_F(VerifiedCacheTest, APrewarmedGraphIsVerifiedByItsFirstRealCall) {
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache = make_cache(Verification::first());
  EXPECT_EQ(cache->acquire(engine, key_of(engine, 2)).route(), Route::kCaptured);
  EXPECT_EQ(cache->get_current_size(), 1);
  const InferResult result = call(engine, counted(2), cache);
  EXPECT_EQ(result.reason, Reason::kMismatch);
  EXPECT_EQ(result.outputs[0].as<float>()[5], 6);
  EXPECT_EQ(cache->get_current_size(), 0);
  EXPECT_EQ(cache->stats().mismatches, 1U);
  EXPECT_EQ(logged_.size(), 1U);
  EXPECT_EQ(call(engine, counted(2), cache).reason, Reason::kMismatch) << "and remembered";
  EXPECT_EQ(options_.counters->captures, 1);
  expect_consistent(cache->stats());

  error_ = 0;
  EXPECT_EQ(cache->acquire(engine, key_of(engine, 3)).route(), Route::kCaptured);
  const int before = options_.counters->eager_runs;
  EXPECT_EQ(call(engine, counted(3), cache).route, Route::kReplayed);
  EXPECT_EQ(call(engine, counted(3), cache).route, Route::kReplayed);
  EXPECT_EQ(options_.counters->eager_runs, before + 1) << "only once";
  EXPECT_EQ(options_.counters->violations, 0);
}

TEST_F(VerifiedCacheTest, OfPrewarmedGraphsThatShareIsVerifiedToo) {
  error_ = 0;
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache = make_cache(Verification::sampled(0.25), 1000);
  for (std::int64_t rows = 1; rows <= 400; ++rows) {
    static_cast<void>(cache->acquire(engine, key_of(engine, rows, 1)));
    EXPECT_EQ(call(engine, counted(rows, 1), cache).route, Route::kReplayed);
  }
  EXPECT_NEAR(options_.counters->eager_runs, 100, 3);
}

TEST_F(VerifiedCacheTest, AnEagerRunThatFailsSaysNothingAgainstTheGraph) {
  bool fail = true;
  error_ = 0;
  options_.on_run = [&](bool captured) {
    if (!captured && std::exchange(fail, false)) {
      throw Error(ErrorCode::kModelRuntime, "no");
    }
  };
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache = std::make_shared<GraphCache>(
      GraphCacheOptions{.capacity = 4, .retry_interval = std::chrono::nanoseconds(0)});
  const InferResult result = call(engine, counted(2), cache);
  EXPECT_EQ(result.reason, Reason::kCaptureFailed);
  EXPECT_EQ(result.outputs[0].as<float>()[5], 6);
  EXPECT_EQ(call(engine, counted(2), cache).route, Route::kCaptured) << "tried again";
  EXPECT_EQ(options_.counters->live_eager, 1) << "the executor that failed is gone";
}

TEST_F(VerifiedCacheTest, WhateverAGraphThrowsWhenVerifiedIsARefusal) {
  options_.on_run = [](bool captured) {
    if (captured) {
      throw 42;
    }
  };
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache = make_cache(Verification::first());
  EXPECT_EQ(call(engine, counted(2), cache).reason, Reason::kCaptureFailed);
  static_cast<void>(cache->acquire(engine, key_of(engine, 3)));
  EXPECT_EQ(call(engine, counted(3), cache).reason, Reason::kReplayFailed) << "prewarmed";
  EXPECT_EQ(options_.counters->live_graphs, 0);
  expect_consistent(cache->stats());
}

}  // namespace
}  // namespace replayrt
