#pragma once

// The suite that every backend passes. A backend's test file derives ContractSubject, then says
//   REPLAYRT_INSTANTIATE_ENGINE_CONTRACT(Name, Subject);

#include <gtest/gtest.h>

#include <barrier>
#include <cmath>
#include <memory>
#include <thread>
#include <vector>

#include "replayrt/core/graph_cache.hpp"
#include "replayrt/core/infer.hpp"
#include "support/capturing_cache.hpp"

namespace replayrt::contract {

/// What the suite needs of a backend: an engine with a dynamic batch, and inputs for it.
class ContractSubject {
 public:
  virtual ~ContractSubject() = default;

  /// A new engine; engines of different `variant` (0 or 1) take the same inputs and answer
  /// differently.
  virtual Engine make_engine(int variant) = 0;

  /// Inputs of a batch of `rows`, filled from `seed`.
  virtual std::vector<Tensor> make_inputs(std::int64_t rows, unsigned seed) = 0;

  /// Largest difference between routes for one element.
  virtual double tolerance() const = 0;

  /// Dimensions whose padding the outputs do not depend on, but for their shapes. Default: none.
  virtual std::vector<DimensionBuckets> paddable() const { return {}; }

  /// Whether an engine can be run and captured by several threads at once in this test.
  virtual int threads() const { return 4; }
};

inline std::vector<TensorView> views_of(const std::vector<Tensor>& tensors) {
  std::vector<TensorView> views;
  for (const Tensor& tensor : tensors) {
    views.push_back(tensor.view());
  }
  return views;
}

/// Largest difference of two f32 results; infinite if they are not alike in number or shape.
inline double difference(const TensorList& a, const TensorList& b) {
  double largest = a.size() == b.size() ? 0 : INFINITY;
  for (std::size_t i = 0; i < a.size() && largest < INFINITY; ++i) {
    if (a[i].shape() != b[i].shape()) {
      return INFINITY;
    }
    const auto left = a[i].as<float>();
    const auto right = b[i].as<float>();
    for (std::size_t j = 0; j < left.size(); ++j) {
      largest = std::max(largest, static_cast<double>(std::fabs(left[j] - right[j])));
    }
  }
  return largest;
}

inline TensorList copy_of(const TensorList& tensors) {
  TensorList copies;
  for (const Tensor& tensor : tensors) {
    copies.push_back(Tensor::copy_of(tensor.view()));
  }
  return copies;
}

using SubjectFactory = std::unique_ptr<ContractSubject> (*)();

class EngineContract : public testing::TestWithParam<SubjectFactory> {
 protected:
  TensorList run(const Engine& engine, const std::vector<Tensor>& inputs,
                 const InferOptions& options = {}) {
    return infer(engine, views_of(inputs), options).outputs;
  }
  InferOptions with(std::shared_ptr<GraphCache> cache) const {
    return {.graph_cache = std::move(cache)};
  }

  const std::unique_ptr<ContractSubject> subject_ = GetParam()();
};

TEST_P(EngineContract, NamesWhatItTakesAndGives) {
  const Engine engine = subject_->make_engine(0);
  ASSERT_FALSE(engine.inputs().empty());
  ASSERT_FALSE(engine.outputs().empty());
  for (std::size_t i = 0; i < engine.inputs().size(); ++i) {
    EXPECT_EQ(engine.input_index(engine.inputs()[i].name), i);
  }
  for (std::size_t i = 0; i < engine.outputs().size(); ++i) {
    EXPECT_EQ(engine.output_index(engine.outputs()[i].name), i);
  }
  EXPECT_FALSE(engine.backend_name().empty());
}

TEST_P(EngineContract, AnswerDoesNotDependOnTheRoute) {
  const Engine engine = subject_->make_engine(0);
  const auto cache = capturing_cache(4);
  for (const std::int64_t rows : {1, 3, 2}) {
    const auto inputs = subject_->make_inputs(rows, static_cast<unsigned>(rows));
    const auto others = subject_->make_inputs(rows, 77);
    const InferResult eager = infer(engine, views_of(inputs));
    EXPECT_EQ(eager.route, Route::kEager);
    EXPECT_EQ(eager.reason, Reason::kNoCache);
    const InferResult captured = infer(engine, views_of(inputs), with(cache));
    EXPECT_EQ(captured.route, Route::kCaptured);
    const InferResult other = infer(engine, views_of(others), with(cache));
    const InferResult replayed = infer(engine, views_of(inputs), with(cache));
    EXPECT_EQ(replayed.route, Route::kReplayed);
    EXPECT_LE(difference(eager.outputs, captured.outputs), subject_->tolerance());
    EXPECT_LE(difference(eager.outputs, replayed.outputs), subject_->tolerance());
    EXPECT_GT(difference(eager.outputs, other.outputs), 100 * subject_->tolerance())
        << "the inputs do not matter";
  }
  EXPECT_EQ(cache->get_current_size(), 3);
}

TEST_P(EngineContract, ResultsOwnTheirMemory) {
  const auto inputs = subject_->make_inputs(2, 5);
  std::vector<TensorList> results;
  std::vector<TensorList> copies;
  {
    const Engine engine = subject_->make_engine(0);
    const auto cache = capturing_cache(2);
    for (unsigned seed = 0; seed < 4; ++seed) {
      results.push_back(run(engine, subject_->make_inputs(2, seed),
                            seed % 2 == 0 ? with(cache) : InferOptions{}));
      copies.push_back(copy_of(results.back()));
    }
  }
  for (std::size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(difference(results[i], copies[i]), 0)
        << "a later run, or the end of the engine, changed result " << i;
  }
}

TEST_P(EngineContract, ModelsThatShareACacheDoNotMix) {
  const Engine first = subject_->make_engine(0);
  const Engine second = subject_->make_engine(1);
  const auto cache = capturing_cache(8);
  const auto inputs = subject_->make_inputs(2, 1);
  const TensorList first_eager = run(first, inputs);
  const TensorList second_eager = run(second, inputs);
  ASSERT_GT(difference(first_eager, second_eager), 100 * subject_->tolerance());
  for (int round = 0; round < 3; ++round) {
    EXPECT_LE(difference(run(first, inputs, with(cache)), first_eager), subject_->tolerance());
    EXPECT_LE(difference(run(second, inputs, with(cache)), second_eager), subject_->tolerance());
  }
  EXPECT_EQ(cache->get_current_size(), 2);
}

TEST_P(EngineContract, ThreadsGetTheirOwnAnswers) {
  const Engine engine = subject_->make_engine(0);
  const auto cache = capturing_cache(2);  // Less than the shapes in use: it evicts all the time.
  const auto count = static_cast<std::size_t>(subject_->threads());
  std::vector<std::vector<Tensor>> inputs;
  std::vector<TensorList> expected;
  for (std::size_t i = 0; i < count; ++i) {
    inputs.push_back(
        subject_->make_inputs(1 + static_cast<std::int64_t>(i % 3), static_cast<unsigned>(i)));
    expected.push_back(run(engine, inputs.back()));
  }
  std::vector<double> worst(count, 0);
  std::barrier start(static_cast<std::ptrdiff_t>(count));
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      for (int call = 0; call < 6; ++call) {
        worst[i] = std::max(worst[i], difference(run(engine, inputs[i], with(cache)), expected[i]));
      }
    });
  }
  threads.clear();
  for (const double difference : worst) {
    EXPECT_LE(difference, subject_->tolerance());
  }
  const GraphCacheStats stats = cache->stats();
  EXPECT_EQ(stats.calls, count * 6);
  EXPECT_EQ(stats.calls, stats.eager + stats.captured + stats.replayed);
}

TEST_P(EngineContract, LeaseOutlivesEngineAndCache) {
  auto engine = std::make_unique<Engine>(subject_->make_engine(0));
  std::shared_ptr<GraphCache> cache = capturing_cache(2);
  const auto inputs = subject_->make_inputs(2, 9);
  const TensorList expected = run(*engine, inputs);
  const auto views = views_of(inputs);
  Lease lease = cache->acquire(*engine, engine->key_for(views));
  ASSERT_EQ(lease.route(), Route::kCaptured);
  engine.reset();
  EXPECT_EQ(cache->get_current_size(), 0) << "an engine that goes away takes its graphs along";
  cache.reset();
  TensorList outputs;
  const RunReport report = lease.executor().run(views, {}, outputs);
  report.completion.wait();
  EXPECT_LE(difference(outputs, expected), subject_->tolerance());
}

TEST_P(EngineContract, PurgeWhileLeasedTakesEffectAtTheEnd) {
  const Engine engine = subject_->make_engine(0);
  const std::shared_ptr<GraphCache> shared = capturing_cache(2);
  GraphCache& cache = *shared;
  const auto inputs = subject_->make_inputs(1, 3);
  const auto views = views_of(inputs);
  const TensorList expected = run(engine, inputs);
  {
    Lease lease = cache.acquire(engine, engine.key_for(views));
    cache.purge();
    EXPECT_EQ(cache.get_current_size(), 0);
    TensorList outputs;
    lease.executor().run(views, {}, outputs).completion.wait();
    EXPECT_LE(difference(outputs, expected), subject_->tolerance());
  }
  EXPECT_EQ(cache.acquire(engine, engine.key_for(views)).route(), Route::kCaptured);
}

TEST_P(EngineContract, BatchesAreSplitPaddedAndJoined) {
  const Engine engine = subject_->make_engine(0);
  const auto cache = capturing_cache(4);
  const auto inputs = subject_->make_inputs(5, 21);
  const TensorList expected = run(engine, inputs);
  InferOptions options = with(cache);
  options.batch_limits = BatchLimits{2, 2};
  const InferResult split = infer(engine, views_of(inputs), options);
  EXPECT_LE(difference(split.outputs, expected), subject_->tolerance());
  EXPECT_EQ(split.padded_rows, 1);
  EXPECT_EQ(split.captured_runs + split.replayed_runs, 3);
  EXPECT_EQ(cache->get_current_size(), 1) << "chunks of one size share one graph";
}

TEST_P(EngineContract, PaddingToBucketsDoesNotChangeTheAnswer) {
  const Engine engine = subject_->make_engine(0);
  const auto cache = capturing_cache(4);
  InferOptions options = with(cache);
  options.batch_buckets = Buckets::multiples_of(4);
  options.dimension_buckets = subject_->paddable();
  for (const bool synchronize : {true, false}) {
    options.context.synchronize = synchronize;
    for (const std::int64_t rows : {1, 3, 4}) {
      const auto inputs = subject_->make_inputs(rows, static_cast<unsigned>(rows));
      const TensorList expected = run(engine, inputs);
      const InferResult padded = infer(engine, views_of(inputs), options);
      padded.completion.wait();
      EXPECT_LE(difference(padded.outputs, expected), subject_->tolerance());
      EXPECT_EQ(padded.padded_rows, 4 - rows);
      std::int64_t elements = 0;
      for (const Tensor& input : inputs) {
        elements += input.shape().num_elements();
      }
      EXPECT_EQ(padded.computed_elements - padded.padded_elements, elements);
    }
    EXPECT_EQ(cache->get_current_size(), 1) << "one graph serves the bucket";
  }
  const auto inputs = subject_->make_inputs(5, 6);
  const TensorList expected = run(engine, inputs);
  options.batch_limits = BatchLimits{1, 4};
  const InferResult split = infer(engine, views_of(inputs), options);
  split.completion.wait();
  EXPECT_LE(difference(split.outputs, expected), subject_->tolerance());
  EXPECT_EQ(split.padded_rows, 3);
  EXPECT_EQ(cache->get_current_size(), 1);
  cache->wait_idle();
}

TEST_P(EngineContract, ReturnsBeforeTheResultsAreCompleteOnlyIfAsked) {
  const Engine engine = subject_->make_engine(0);
  const auto cache = capturing_cache(2);
  const auto inputs = subject_->make_inputs(2, 4);
  const TensorList expected = run(engine, inputs);
  EXPECT_TRUE(infer(engine, views_of(inputs), with(cache)).completion.done());
  InferOptions options = with(cache);
  options.context.synchronize = false;
  std::vector<InferResult> results;
  for (int i = 0; i < 3; ++i) {
    results.push_back(infer(engine, views_of(inputs), options));
  }
  for (const InferResult& result : results) {
    result.completion.wait();
    EXPECT_LE(difference(result.outputs, expected), subject_->tolerance());
  }
  cache->wait_idle();
}

TEST_P(EngineContract, BadInputsAreNamedAndHarmless) {
  const Engine engine = subject_->make_engine(0);
  const auto cache = capturing_cache(2);
  const auto inputs = subject_->make_inputs(1, 2);
  const auto expect_refused = [&](std::vector<TensorView> views, const std::string& named) {
    try {
      static_cast<void>(infer(engine, views, with(cache)));
      ADD_FAILURE() << "accepted bad input: " << named;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kModelInput) << error.what();
      EXPECT_NE(std::string(error.what()).find(named), std::string::npos) << error.what();
    }
  };
  const std::string& name = engine.inputs().front().name;
  auto views = views_of(inputs);
  views.front().dtype = DType::kU16;
  expect_refused(views, name);
  views = views_of(inputs);
  views.front().shape = Shape{1, 1, 1, 1, 1, 1, 1};
  expect_refused(views, name);
  views = views_of(inputs);
  views.front().shape = views.front().shape.with_dim(0, 0);
  expect_refused(views, name);
  views = views_of(inputs);
  views.push_back(views.front());
  expect_refused(views, "inputs were given");
  expect_refused({}, "inputs were given");
  EXPECT_EQ(infer(engine, views_of(inputs), with(cache)).route, Route::kCaptured);
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(EngineContract);

}  // namespace replayrt::contract

#define REPLAYRT_INSTANTIATE_ENGINE_CONTRACT(Name, Subject)                            \
  INSTANTIATE_TEST_SUITE_P(Name, EngineContract,                                       \
                           testing::Values(+[]() -> std::unique_ptr<ContractSubject> { \
                             return std::make_unique<Subject>();                       \
                           }))
