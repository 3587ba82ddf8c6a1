// Padding up to buckets: of the batch and of named dimensions. infer_tiles_test.cpp has more of
// these.

#include <gmock/gmock.h>

#include <algorithm>
#include <array>

#include "core/expect_error.hpp"
#include "core/fake_calls.hpp"

namespace replayrt {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<float> values(const Tensor& tensor) {
  const auto elements = tensor.as<float>();
  return {elements.begin(), elements.end()};
}

InferOptions with_batch(const Buckets& buckets) {
  InferOptions options;
  options.batch_buckets = buckets;
  return options;
}

/// The fake's columns, which its first output follows.
InferOptions with_columns(const Buckets& buckets, double fill = 0) {
  InferOptions options;
  options.dimension_buckets = {{.input = 0,
                                .axis = 1,
                                .buckets = buckets,
                                .fill = fill,
                                .outputs = {{.output = 0, .axis = 1, .divisor = 1}}}};
  return options;
}

TEST(InferBucketsTest, OffByDefault) {
  const Engine engine = fakes::make_fake_engine();
  const auto cache = std::make_shared<GraphCache>(8);
  const InferResult plain = call(engine, counted(5), cache);
  EXPECT_EQ(plain.computed_elements, 15);
  EXPECT_EQ(plain.padded_elements, 0);
  EXPECT_EQ(plain.bytes_copied, 0U);
  EXPECT_THAT(rows_in(*cache), ElementsAre(5));
  InferOptions named = with_columns(Buckets::none());
  named.batch_buckets = Buckets::none();
  EXPECT_EQ(call(engine, counted(5), cache, named).route, Route::kReplayed) << "the same key";
}

TEST(InferBucketsTest, TheBatchIsPaddedWithZerosAndCutBack) {
  fakes::FakeOptions options;
  options.salt = 1;  // A row of zeros answers something, so that padding that is not cut shows.
  const Engine engine = fakes::make_fake_engine(options);
  const auto cache = std::make_shared<GraphCache>(8);
  for (const std::int64_t rows : {5, 6, 7, 8}) {
    const Tensor input = counted(rows);
    const InferResult result = call(engine, input, cache, with_batch(Buckets::powers_of_two()));
    EXPECT_EQ(values(result.outputs[0]), values(call(engine, input).outputs[0]));
    EXPECT_EQ(values(result.outputs[1]), values(call(engine, input).outputs[1]));
    EXPECT_EQ(result.outputs[1].shape(), (Shape{rows}));
    EXPECT_EQ(result.padded_rows, 8 - rows);
    EXPECT_EQ(result.computed_elements, 8 * 3);
    EXPECT_EQ(result.padded_elements, (8 - rows) * 3);
    EXPECT_EQ(result.bytes_copied, rows == 8 ? 0U : static_cast<std::size_t>(rows) * 12);
    EXPECT_EQ(result.route, rows == 5 ? Route::kCaptured : Route::kReplayed);
  }
  EXPECT_THAT(rows_in(*cache), ElementsAre(8)) << "one graph serves all";
}

TEST(InferBucketsTest, ChunksAreSplitFirstAndThenPadded) {
  const Engine engine = fakes::make_fake_engine();
  const auto cache = std::make_shared<GraphCache>(8);
  InferOptions options = with_batch(Buckets::list({1, 4, 8}));
  options.batch_limits = BatchLimits{1, 6};
  const InferResult result = call(engine, counted(15), cache, options);
  EXPECT_EQ(values(result.outputs[0]), values(counted(15)));
  EXPECT_EQ(result.padded_rows, 1) << "6, 6 and 3: 8 is beyond the limit, 3 becomes 4";
  EXPECT_EQ(result.computed_elements, (6 + 6 + 4) * 3);
  EXPECT_THAT(rows_in(*cache), ElementsAre(6, 4));
  options.batch_limits = BatchLimits{5, 6};
  EXPECT_EQ(call(engine, counted(3), cache, options).padded_rows, 3)
      << "at least 5, whose bucket is beyond the limit: 6";
}

TEST(InferBucketsTest, ABucketIsWithinTheEnginesRange) {
  fakes::FakeOptions options;
  options.inputs = {{"x", DType::kF32, std::vector<DimensionRange>{{3, 6, {}}, {2, 10, {}}}}};
  const Engine engine = fakes::make_fake_engine(options);
  const auto batch = [&](std::int64_t rows) {
    return call(engine, counted(rows), nullptr, with_batch(Buckets::powers_of_two())).padded_rows;
  };
  EXPECT_EQ(batch(5), 1) << "6, not 8";
  EXPECT_EQ(batch(2), 1) << "3, not 2";
  EXPECT_EQ(batch(6), 0);
  const auto columns = [&](std::int64_t extent) {
    return call(engine, counted(3, extent), nullptr, with_columns(Buckets::powers_of_two()))
               .computed_elements /
           3;
  };
  EXPECT_EQ(columns(9), 10);
  EXPECT_EQ(columns(1), 2);
  expect_error(ErrorCode::kModelInput, {"'x'", "7x3", "3..6"}, [&] { batch(7); });
  expect_error(ErrorCode::kModelInput, {"'x'", "3x11", "2..10"}, [&] { columns(11); });
}

TEST(InferBucketsTest, AnEmptyBatchIsPaddedLikeOneWithLimits) {
  const Engine engine = fakes::make_fake_engine();
  const InferResult result =
      call(engine, counted(0), nullptr, with_batch(Buckets::multiples_of(4)));
  EXPECT_EQ(result.outputs[0].shape(), (Shape{0, 3}));
  EXPECT_EQ(result.padded_rows, 4);
  expect_error(ErrorCode::kModelInput, {"'x'", "has shape 0x4"},
               [&] { call(engine, counted(0), nullptr, with_columns(Buckets::multiples_of(4))); });
}

TEST(InferBucketsTest, ANamedDimensionIsPaddedAndItsOutputsCut) {
  const Engine engine = fakes::make_fake_engine();
  const auto cache = std::make_shared<GraphCache>(8);
  for (const std::int64_t columns : {5, 7, 8}) {
    const Tensor input = counted(3, columns);
    const InferResult result = call(engine, input, cache, with_columns(Buckets::multiples_of(8)));
    EXPECT_EQ(result.outputs[0].shape(), (Shape{3, columns}));
    EXPECT_EQ(values(result.outputs[0]), values(input)) << "contiguous";
    EXPECT_EQ(values(result.outputs[1]), values(call(engine, input).outputs[1]))
        << "not named, and not cut: zeros add nothing to its sums";
    EXPECT_EQ(result.padded_elements, 3 * (8 - columns));
    EXPECT_EQ(result.computed_elements, 24);
    EXPECT_EQ(result.padded_rows, 0);
    EXPECT_EQ(result.bytes_copied,
              columns == 8 ? 0U : static_cast<std::size_t>(2 * 3 * columns) * 4);
  }
  ASSERT_EQ(cache->get_current_size(), 1);
  EXPECT_EQ(cache->list_keys()[0], key_of(engine, 3, 8));
}

TEST(InferBucketsTest, PaddingHoldsTheFillAndPaddedRowsZeros) {
  fakes::FakeOptions options;
  const Engine engine = fakes::make_fake_engine(options);
  const Tensor input = counted(1, 3);
  for (const double fill : {0.0, 2.5, -1.0}) {
    const InferResult result =
        call(engine, input, nullptr, with_columns(Buckets::multiples_of(8), fill));
    EXPECT_EQ(values(result.outputs[1])[0], 6 + 5 * static_cast<float>(fill));
  }
  // What the engine was given, seen through an output that nobody cuts.
  InferOptions both = with_columns(Buckets::multiples_of(2), 9);
  both.dimension_buckets[0].outputs.clear();
  both.batch_buckets = Buckets::multiples_of(2);
  std::vector<float> seen;
  fakes::FakeOptions watching;
  watching.on_answer = [&](bool, std::span<float> sum) { seen.assign(sum.begin(), sum.end()); };
  const Engine watched = fakes::make_fake_engine(watching);
  const InferResult result = call(watched, counted(3, 3), nullptr, both);
  EXPECT_THAT(seen, ElementsAre(1, 2, 3, 9, 4, 5, 6, 9, 7, 8, 9, 9, 0, 0, 0, 0));
  EXPECT_EQ(result.outputs[0].shape(), (Shape{3, 4})) << "the batch is cut all the same";
}

TEST(InferBucketsTest, BatchAndDimensionTogetherAnswerAsWithout) {
  const std::vector<DimensionRange> dims{{1, 64, {}}, {1, 64, {}}};
  fakes::FakeOptions options;
  options.inputs = {{"a", DType::kF32, dims}, {"b", DType::kF32, dims}};
  const Engine engine = fakes::make_fake_engine(options);
  InferOptions padded = with_columns(Buckets::powers_of_two());
  padded.dimension_buckets.push_back({.input = 1, .axis = 1, .buckets = Buckets::powers_of_two()});
  padded.batch_buckets = Buckets::list({2, 4});
  padded.batch_limits = BatchLimits{1, 4};
  const auto cache = std::make_shared<GraphCache>(16);
  for (std::int64_t rows = 1; rows < 12; ++rows) {
    for (std::int64_t columns = 1; columns < 10; ++columns) {
      const std::array inputs{counted(rows, columns), counted(rows, columns)};
      const std::array views{inputs[0].view(), inputs[1].view()};
      const InferResult plain = infer(engine, views);
      padded.graph_cache = rows % 2 == 0 ? cache : nullptr;
      const InferResult result = infer(engine, views, padded);
      for (std::size_t i = 0; i < 2; ++i) {
        ASSERT_EQ(result.outputs[i].shape(), plain.outputs[i].shape()) << rows << "x" << columns;
        ASSERT_EQ(values(result.outputs[i]), values(plain.outputs[i])) << rows << "x" << columns;
      }
      ASSERT_EQ(result.computed_elements - result.padded_elements, 2 * rows * columns);
    }
  }
  EXPECT_LE(cache->get_current_size(), 2 * 5);
  EXPECT_EQ(cache->stats().capture_failures, 0U);
}

TEST(InferBucketsTest, WhatMeansNothingIsRefusedByName) {
  fakes::FakeOptions fake;
  const Engine engine = fakes::make_fake_engine(fake);
  const auto refuse = [&](ErrorCode code, const std::vector<std::string>& parts, auto change) {
    InferOptions options = with_columns(Buckets::multiples_of(8));
    change(options, options.dimension_buckets[0]);
    expect_error(code, parts, [&] { call(engine, counted(3), nullptr, options); });
  };
  constexpr auto kParameter = ErrorCode::kInvalidParameter;
  using Named = DimensionBuckets;
  refuse(kParameter, {"names input 1", "below 1"}, [](auto&, Named& d) { d.input = 1; });
  refuse(kParameter, {"axis 2", "'x'", "below 2"}, [](auto&, Named& d) { d.axis = 2; });
  refuse(kParameter, {"axis 1", "'x'", "fill 9999", "f32"}, [](auto&, Named& d) { d.fill = 1e39; });
  refuse(kParameter, {"names output 2", "below 2"},
         [](auto&, Named& d) { d.outputs[0].output = 2; });
  refuse(kParameter, {"axis 1", "'rows'", "below 1"}, [](auto&, Named& d) {
    d.outputs[0] = {1, 1, 1};
  });
  refuse(kParameter, {"axis 1", "'sum'", "divisor 0", "at least 1"},
         [](auto&, Named& d) { d.outputs[0].divisor = 0; });
  refuse(kParameter, {"axis 1", "'sum'", "named twice"},
         [](auto&, Named& d) { d.outputs.push_back(d.outputs[0]); });
  refuse(kParameter, {"axis 1", "'x'", "named twice"}, [](InferOptions& options, Named&) {
    options.dimension_buckets.push_back({.input = 0, .axis = 1});
  });
  refuse(kParameter, {"axis 1", "'sum'", "named twice"}, [](InferOptions& options, Named& d) {
    options.dimension_buckets.push_back({.input = 0, .axis = 0, .outputs = d.outputs});
  });
  refuse(kParameter, {"axis 0", "'x'", "fill 1", "expected 0", "axis 1"},
         [](InferOptions& options, Named&) {
           options.dimension_buckets.push_back({.input = 0, .axis = 0, .fill = 1});
         });
  refuse(kParameter, {"axis 0", "'x'", "is the batch", "batch_buckets"},
         [](InferOptions& options, Named& d) {
           d.axis = 0;
           options.batch_limits = BatchLimits{1, 4};
         });
  refuse(kParameter, {"axis 0", "'sum'", "is the batch"}, [](InferOptions& options, Named& d) {
    d.outputs[0].axis = 0;
    options.batch_buckets = Buckets::powers_of_two();
  });
  EXPECT_EQ(fake.counters->eager_runs, 0) << "refused before anything runs";
  expect_error(ErrorCode::kModelInput, {"'x'", "has shape 3", "axis 1"}, [&] {
    call(engine, Tensor::allocate(DType::kF32, {3}), nullptr,
         with_columns(Buckets::multiples_of(8)));
  });
  expect_error(ErrorCode::kModelInput, {"0 inputs were given"},
               [&] { infer(engine, {}, with_columns(Buckets::multiples_of(8))); });
}

TEST(InferBucketsTest, WithoutABatchAxis0IsADimensionLikeAnother) {
  const Engine engine = fakes::make_fake_engine();
  InferOptions options;
  options.dimension_buckets = {{.input = 0,
                                .axis = 0,
                                .buckets = Buckets::multiples_of(4),
                                .outputs = {{0, 0, 1}, {1, 0, 1}}}};
  const InferResult result = call(engine, counted(3), nullptr, options);
  EXPECT_EQ(values(result.outputs[0]), values(counted(3)));
  EXPECT_THAT(values(result.outputs[1]), ElementsAre(6, 15, 24));
  EXPECT_EQ(result.padded_elements, 3);
}

TEST(InferBucketsTest, ThePaddingIsReported) {
  const Engine engine = fakes::make_fake_engine();
  const auto cache = std::make_shared<GraphCache>(8);
  const InferOptions options = with_batch(Buckets::multiples_of(4));
  for (const std::int64_t rows : {3, 4, 6}) {
    call(engine, counted(rows), cache, options);
  }
  call(engine, counted(5), cache);
  const GraphCacheReport report = cache->report();
  EXPECT_EQ(report.totals.input_elements, (4U + 4 + 8 + 5) * 3);
  EXPECT_EQ(report.totals.padding_elements, (1U + 0 + 2 + 0) * 3);
  ASSERT_EQ(report.engines.size(), 1U);
  EXPECT_EQ(report.engines[0].input_elements, report.totals.input_elements);
  EXPECT_EQ(report.engines[0].padding_elements, report.totals.padding_elements);
  const std::string json = to_json(report);
  EXPECT_THAT(json, HasSubstr("\"input_elements\": 63, \"padding_elements\": 9, \"prewarmed\""));
  EXPECT_THAT(json, HasSubstr("\"input_elements\": 63, \"padding_elements\": 9, \"bytes\""));
  EXPECT_THAT(cache->metrics(), HasSubstr("\nreplayrt_graph_cache_padding_elements_total 9\n"));
}

TEST(InferBucketsTest, PaddedInputsAreNotReadInPlace) {
  fakes::FakeOptions fake;
  fake.binds = true;
  const Engine engine = fakes::make_fake_engine(fake);
  const auto cache = std::make_shared<GraphCache>(8);
  InferOptions options = with_columns(Buckets::multiples_of(4));
  options.input_binding = InputBinding::kInPlace;
  const std::array inputs{counted(2, 3), counted(2, 3), counted(2, 4)};
  for (const Tensor& input : inputs) {
    EXPECT_EQ(values(call(engine, input, cache, options).outputs[0]), values(input));
  }
  EXPECT_EQ(cache->get_current_size(), 2) << "one for both padded ones, one for the address";
}

}  // namespace
}  // namespace replayrt
