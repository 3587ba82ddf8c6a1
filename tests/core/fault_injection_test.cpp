// The n-th capture, run or allocation fails, once, for n = 1, 2, … until the scenario has none that
// many: every call answers, or throws what its own eager run threw; the next call is served;
// counters add up; nothing leaks. A program of its own: it replaces operator new.

#include <array>
#include <atomic>
#include <ostream>
#include <string>

#include "core/fake_calls.hpp"
#include "replayrt/core/log.hpp"
#include "support/replaced_new.hpp"

namespace {

/// Counted down by every allocation of the program while it is positive; the one that makes it 0
/// fails.
std::atomic<long> allocations_left{0};

}  // namespace

bool replayrt::support::may_allocate() noexcept {
  long left = allocations_left.load();
  while (left > 0 && !allocations_left.compare_exchange_weak(left, left - 1)) {
  }
  return left != 1;
}

namespace replayrt {
namespace {

struct Case {
  std::string name;
  GraphCacheOptions options;
};

void PrintTo(const Case& which, std::ostream* out) {
  *out << which.name;
}

std::vector<Case> all_cases() {
  GraphCacheOptions options{.capacity = 2, .retry_interval = std::chrono::nanoseconds(0)};
  std::vector<Case> cases{{"Inline", options}};
  options.verify = Verification::off();
  cases.push_back({"InlineUnverified", options});
  options.verify = Verification::first();
  options.admission = Admission::sightings(2);
  cases.push_back({"InlineSightings", options});
  options.admission.reset();
  options.capture = CaptureMode::kBackground;
  cases.push_back({"Background", options});
  return cases;
}

class FaultInjectionTest : public testing::TestWithParam<Case> {
 protected:
  FaultInjectionTest() {
    set_log_sink([](LogLevel, std::string_view) {}, LogLevel::kDebug);  // Messages are made.
    fakes::FakeOptions options;
    options.counters = counters_;
    options.on_capture = [this](const InputSignature&) {
      if (--captures_left_ == 0) {
        throw CaptureRefused(Reason::kCaptureFailed, "injected");
      }
    };
    options.on_run = [this](bool captured) {
      if (--runs_left_ == 0) {
        eager_run_failed_ = !captured;
        throw Error(ErrorCode::kModelRuntime, "injected into a run");
      }
    };
    options_ = options;
  }
  ~FaultInjectionTest() override { set_log_sink({}, LogLevel::kWarning); }

  static InferOptions padding() {
    InferOptions options;
    options.batch_buckets = Buckets::multiples_of(2);
    options.dimension_buckets = {
        {.axis = 1, .buckets = Buckets::multiples_of(4), .outputs = {{.output = 0, .axis = 1}}}};
    return options;
  }

  void call_and_check(const Engine& engine, std::size_t at, const InferOptions& options) {
    const TensorView view = inputs_[at].view();
    const InferResult result = infer(engine, {&view, 1}, options);
    if (result.outputs[0].as<float>().back() != inputs_[at].as<float>().back()) {
      ++wrong_;
    }
  }

  /// Calls that capture, replay, evict, pad, prewarm, remove and find a busy graph. How many threw.
  int scenario(const Engine& engine, const std::shared_ptr<GraphCache>& cache) {
    int thrown = 0;
    const auto guarded = [&](auto&& step) {
      try {
        step();
      } catch (const Error&) {
        ++thrown;
      } catch (const std::bad_alloc&) {
        ++thrown;
      }
    };
    InferOptions options;
    options.graph_cache = cache;
    for (const std::size_t at : {0, 0, 0, 1, 0, 2, 2, 1, 1}) {
      guarded([&] { call_and_check(engine, at, options); });
      guarded([&] { static_cast<void>(cache->stats()); });
    }
    for (const std::size_t at : {0, 1, 2}) {
      guarded([&] {
        InferOptions padded = padding_;
        padded.graph_cache = cache;
        call_and_check(engine, at, padded);
      });
    }
    guarded([&] {
      const Lease held = cache->acquire(engine, keys_[0]);
      const TensorView view = inputs_[0].view();
      static_cast<void>(infer(engine, {&view, 1}, options));  // Busy, on the holder's own thread.
    });
    guarded([&] { cache->safe_remove(keys_[1]); });
    for (const PrewarmMode mode : {PrewarmMode::kInline, PrewarmMode::kBackground}) {
      guarded([&] { cache->purge(1); });
      guarded([&] { cache->prewarm(engine, signatures_, mode); });
      cache->wait_idle();
    }
    guarded([&] { static_cast<void>(cache->export_keys()); });
    return thrown;
  }

  /// One round with what is about to fail set by `arm`. Whether it did, as `failed` says.
  template <class Arm, class Failed>
  bool round(Arm arm, Failed failed, int most_thrown) {
    bool happened = false;
    {
      const Engine engine = fakes::make_fake_engine(options_);
      keys_ = {key_of(engine, 1), key_of(engine, 2)};
      const auto cache = std::make_shared<GraphCache>(GetParam().options);
      arm();
      const int thrown = scenario(engine, cache);
      happened = failed();
      disarm();
      const bool eager_failed = eager_run_failed_.exchange(false);
      EXPECT_LE(thrown, most_thrown < 0 ? (eager_failed ? 1 : 0) : most_thrown);
      expect_consistent(cache->stats());
      EXPECT_LE(cache->stats().size, 2);
      // All is well again: every shape is answered, and captured in the end. A lack of memory is
      // forgotten by itself, here after no time at all; the rest is remembered until a purge.
      if (most_thrown != 1) {
        cache->purge();
      }
      for (const Tensor& input : inputs_) {
        for (int again = 0; again < 3; ++again) {
          const InferResult result = call(engine, input, cache);
          EXPECT_EQ(result.outputs[0].as<float>().back(), input.as<float>().back());
          cache->wait_idle();
        }
        EXPECT_EQ(call(engine, input, cache).route, Route::kReplayed);
      }
      expect_consistent(cache->stats());
      EXPECT_EQ(counters_->live_graphs, cache->get_current_size());
    }
    EXPECT_EQ(wrong_, 0);
    EXPECT_EQ(counters_->live_graphs, 0);
    EXPECT_EQ(counters_->live_eager, 0);
    EXPECT_EQ(counters_->live_engines, 0);
    EXPECT_EQ(counters_->violations, 0);
    return happened;
  }

  void disarm() {
    allocations_left = 0;
    captures_left_ = 0;
    runs_left_ = 0;
  }

  std::shared_ptr<fakes::FakeCounters> counters_ = std::make_shared<fakes::FakeCounters>();
  fakes::FakeOptions options_;
  const std::vector<InputSignature> signatures_{{{DType::kF32, {3, 3}}}, {{DType::kF32, {2, 3}}}};
  const std::array<Tensor, 3> inputs_{counted(1), counted(2), counted(3)};
  const InferOptions padding_ = padding();  // Made before allocations fail.
  std::vector<GraphKey> keys_;
  std::atomic<long> captures_left_{0};
  std::atomic<long> runs_left_{0};
  std::atomic<bool> eager_run_failed_{false};
  int wrong_ = 0;
};

TEST_P(FaultInjectionTest, ACaptureFails) {
  int rounds = 0;
  for (long n = 1; round([&] { captures_left_ = n; }, [&] { return captures_left_ <= 0; }, 0);
       ++n) {
    ++rounds;
    ASSERT_FALSE(HasFailure()) << "capture " << n;
  }
  EXPECT_GE(rounds, 3);
}

TEST_P(FaultInjectionTest, ARunFails) {
  int rounds = 0;
  for (long n = 1; round([&] { runs_left_ = n; }, [&] { return runs_left_ <= 0; }, -1); ++n) {
    ++rounds;
    ASSERT_FALSE(HasFailure()) << "run " << n;
  }
  EXPECT_GE(rounds, 10);
}

TEST_P(FaultInjectionTest, AnAllocationFails) {
  int rounds = 0;
  for (long n = 1; round([&] { allocations_left = n; }, [&] { return allocations_left == 0; }, 1);
       ++n) {
    ++rounds;
    ASSERT_FALSE(HasFailure()) << "allocation " << n;
  }
  EXPECT_GE(rounds, 100);
}

INSTANTIATE_TEST_SUITE_P(All, FaultInjectionTest, testing::ValuesIn(all_cases()),
                         [](const auto& which) { return which.param.name; });

}  // namespace
}  // namespace replayrt
