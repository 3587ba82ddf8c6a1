// A lease ends when its device work is complete, not when `run` returns.

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "core/fake_calls.hpp"

namespace replayrt {
namespace {

class DeferredCompletionTest : public testing::Test {
 protected:
  DeferredCompletionTest() {
    options_.device = device_;
    options_.max_eager = 2;
    later_.context.synchronize = false;
  }

  const std::shared_ptr<fakes::FakeDevice> device_ = std::make_shared<fakes::FakeDevice>();
  fakes::FakeOptions options_;
  InferOptions later_;
  const std::shared_ptr<GraphCache> cache_ = std::make_shared<GraphCache>(4);
  const Tensor input_ = counted(1);
};

TEST_F(DeferredCompletionTest, AGraphIsBusyUntilItsWorkIsComplete) {
  const Engine engine = fakes::make_fake_engine(options_);
  call(engine, input_, cache_);
  device_->pause();
  const InferResult first = call(engine, input_, cache_, later_);
  EXPECT_EQ(first.route, Route::kReplayed);
  EXPECT_FALSE(first.completion.done());
  const InferResult second = call(engine, input_, cache_, later_);
  EXPECT_EQ(second.route, Route::kEager);
  EXPECT_EQ(second.reason, Reason::kBusy);
  device_->resume();
  first.completion.wait();
  second.completion.wait();
  EXPECT_EQ(first.outputs[0].as<float>()[2], 3);
  EXPECT_EQ(second.outputs[0].as<float>()[2], 3);
  EXPECT_EQ(call(engine, input_, cache_, later_).route, Route::kReplayed);
  cache_->wait_idle();
  expect_consistent(cache_->stats());
  EXPECT_EQ(options_.counters->violations, 0);
}

TEST_F(DeferredCompletionTest, AGraphThatKeepsItsOrderIsRunAgainAtOnce) {
  options_.graphs_run_in_order = true;
  const Engine engine = fakes::make_fake_engine(options_);
  call(engine, input_, cache_);
  device_->pause();
  std::vector<InferResult> results;
  std::vector<Tensor> inputs;
  for (int i = 0; i < 5; ++i) {
    inputs.push_back(counted(1));
    inputs.back().as<float>()[2] = static_cast<float>(10 + i);
    results.push_back(call(engine, inputs.back(), cache_, later_));
    EXPECT_EQ(results.back().route, Route::kReplayed);
    EXPECT_FALSE(results.back().completion.done());
  }
  EXPECT_EQ(options_.counters->eager_made, 1) << "the one that the graph was compared with";
  device_->resume();
  for (int i = 0; i < 5; ++i) {
    results[static_cast<std::size_t>(i)].completion.wait();
    EXPECT_EQ(results[static_cast<std::size_t>(i)].outputs[0].as<float>()[2],
              static_cast<float>(10 + i));
  }
  expect_consistent(cache_->stats());
  EXPECT_EQ(options_.counters->violations, 0);
}

// Also where the last run of many failed before it enqueued anything.
TEST_F(DeferredCompletionTest, AGraphThatKeepsItsOrderEndsAfterAllItsRuns) {
  for (const bool last_fails : {false, true}) {
    options_.graphs_run_in_order = true;
    std::atomic<bool> fails{false};
    options_.on_run = [&](bool captured) {
      if (captured && fails) {
        throw std::runtime_error("no");
      }
    };
    const Engine engine = fakes::make_fake_engine(options_);
    call(engine, input_, cache_);
    device_->pause();
    const InferResult first = call(engine, input_, cache_, later_);
    fails = last_fails;
    const InferResult second = call(engine, input_, cache_, later_);
    EXPECT_EQ(second.route, last_fails ? Route::kEager : Route::kReplayed);
    cache_->purge();
    EXPECT_EQ(cache_->get_current_size(), 0);
    EXPECT_EQ(options_.counters->live_graphs, 1) << "its work is not complete";
    device_->resume();
    cache_->wait_idle();
    EXPECT_EQ(options_.counters->live_graphs, 0);
    EXPECT_EQ(options_.counters->violations, 0);
  }
}

TEST_F(DeferredCompletionTest, EvictedGraphsAreDestroyedAfterTheirWork) {
  const Engine engine = fakes::make_fake_engine(options_);
  call(engine, input_, cache_);
  device_->pause();
  const InferResult pending = call(engine, input_, cache_, later_);
  cache_->purge();
  EXPECT_EQ(cache_->get_current_size(), 0);
  EXPECT_EQ(options_.counters->live_graphs, 1);
  device_->resume();
  cache_->wait_idle();
  EXPECT_EQ(options_.counters->live_graphs, 0);
  EXPECT_EQ(options_.counters->violations, 0);
}

TEST_F(DeferredCompletionTest, EvictionDuringTheLeaseIsRememberedByTheWork) {
  const Engine engine = fakes::make_fake_engine(options_);
  Lease lease = cache_->acquire(engine, key_of(engine, 1));
  cache_->purge();
  device_->pause();
  TensorList outputs;
  const TensorView view = input_.view();
  const RunReport report = lease.executor().run({&view, 1}, later_.context, outputs);
  lease.finish(report.completion);
  EXPECT_EQ(options_.counters->live_graphs, 1);
  device_->resume();
  cache_->wait_idle();
  EXPECT_EQ(options_.counters->live_graphs, 0);
  EXPECT_EQ(options_.counters->violations, 0);
}

TEST_F(DeferredCompletionTest, CacheAndEngineMayEndWithWorkPending) {
  std::optional<Engine> engine = fakes::make_fake_engine(options_);
  auto cache = std::make_shared<GraphCache>(4);
  const InferResult graph = call(*engine, input_, cache, later_);
  const InferResult eager = call(*engine, input_, nullptr, later_);
  cache.reset();
  engine.reset();
  graph.completion.wait();
  eager.completion.wait();
  EXPECT_EQ(graph.outputs[0].as<float>()[2], 3);
  EXPECT_EQ(options_.counters->live_engines, 0);
  EXPECT_EQ(options_.counters->violations, 0);
}

TEST_F(DeferredCompletionTest, EagerExecutorsAreReusedOnlyAfterTheirWork) {
  const Engine engine = fakes::make_fake_engine(options_);
  std::vector<InferResult> results;
  for (int i = 0; i < 20; ++i) {
    results.push_back(call(engine, input_, nullptr, later_));
  }
  for (const InferResult& result : results) {
    result.completion.wait();
    EXPECT_EQ(result.outputs[0].as<float>()[2], 3);
  }
  EXPECT_LE(options_.counters->eager_made, 2);
  EXPECT_EQ(options_.counters->violations, 0);
}

// What was padded or is to be joined ends with the call, so the call must not end before its work.
TEST_F(DeferredCompletionTest, PaddedAndSplitCallsReturnWhenTheirWorkIsComplete) {
  const Engine engine = fakes::make_fake_engine(options_);
  for (const BatchLimits limits : {BatchLimits{4, 4}, BatchLimits{1, 2}, BatchLimits{2, 2}}) {
    later_.batch_limits = limits;
    device_->pause();
    std::atomic<bool> returned{false};
    InferResult result;
    std::jthread caller([&] {
      const Tensor input = counted(3);
      result = call(engine, input, nullptr, later_);
      returned = true;
    });
    while (device_->queued() == 0) {
      std::this_thread::yield();
    }
    for (int i = 0; i < 2000 && !returned; ++i) {
      std::this_thread::yield();
    }
    EXPECT_FALSE(returned);
    EXPECT_EQ(device_->queued(), 1U) << "a part was not waited for before the next began";
    device_->resume();
    caller.join();
    EXPECT_TRUE(result.completion.done());
    EXPECT_EQ(result.outputs[0].as<float>()[0], 1);
    EXPECT_EQ(result.outputs[0].as<float>()[8], 9);
  }
}

// With a stream the joining of parts is device work too.
TEST_F(DeferredCompletionTest, JoinedResultsAreCompleteWhenTheirCopiesAre) {
  std::atomic<int> copies{0};
  options_.on_copy = [&] {
    if (++copies == 3) {  // The first copy of the second part: the one after it is held up.
      device_->pause();
    }
  };
  const Engine engine = fakes::make_fake_engine(options_);
  const Tensor input = counted(4);
  InferOptions options;
  options.batch_limits = BatchLimits{2, 2};
  options.context.stream = this;
  for (const bool synchronize : {false, true}) {
    copies = 0;
    options.context.synchronize = synchronize;
    std::atomic<bool> returned{false};
    InferResult result;
    std::jthread caller([&] {
      result = call(engine, input, nullptr, options);
      returned = true;
    });
    while (copies < 3 || (!returned && device_->waiting() == 0)) {
      std::this_thread::yield();
    }
    if (!synchronize) {
      caller.join();
      EXPECT_FALSE(result.completion.done());
    }
    EXPECT_EQ(returned, !synchronize);
    device_->resume();
    if (synchronize) {
      caller.join();
    }
    result.completion.wait();
    EXPECT_EQ(result.outputs[0].as<float>()[0], 1);
    EXPECT_EQ(result.outputs[0].as<float>()[11], 12);
  }
}

TEST_F(DeferredCompletionTest, TheStartOfARunIsNotTakenForTheRun) {
  const Engine engine = fakes::make_fake_engine(options_);
  const auto off = std::make_shared<GraphCache>(0);
  device_->pause();
  const InferResult pending = call(engine, input_, off, later_);
  EXPECT_EQ(off->report().keys[0].mean_eager_time.count(), 0);
  device_->resume();
  pending.completion.wait();
  call(engine, input_, off);
  EXPECT_GT(off->report().keys[0].mean_eager_time.count(), 0);
}

}  // namespace
}  // namespace replayrt
