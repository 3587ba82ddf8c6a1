#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "fakes/fake_engine.hpp"
#include "replayrt/core/graph_cache.hpp"
#include "replayrt/core/infer.hpp"

namespace replayrt {

/// One f32 input of `rows` x `columns`, filled with 1, 2, 3, …
inline Tensor counted(std::int64_t rows, std::int64_t columns = 3) {
  Tensor tensor = Tensor::allocate(DType::kF32, {rows, columns});
  float next = 1;
  for (float& value : tensor.as<float>()) {
    value = next++;
  }
  return tensor;
}

/// `infer` with one input.
inline InferResult call(const Engine& engine, const Tensor& input,
                        std::shared_ptr<GraphCache> cache = nullptr, InferOptions options = {}) {
  options.graph_cache = std::move(cache);
  const TensorView view = input.view();
  return infer(engine, {&view, 1}, options);
}

inline GraphKey key_of(const Engine& engine, std::int64_t rows, std::int64_t columns = 3) {
  return {engine.id(), engine.device(), {{DType::kF32, {rows, columns}}}};
}

/// The batch sizes of the keys, least recently used first.
inline std::vector<std::int64_t> rows_in(const GraphCache& cache) {
  std::vector<std::int64_t> rows;
  for (const GraphKey& key : cache.list_keys()) {
    rows.push_back(key.inputs()[0].shape[0]);
  }
  return rows;
}

/// Expects calls = eager + captured + replayed.
inline void expect_consistent(const GraphCacheStats& stats) {
  EXPECT_EQ(stats.calls, stats.eager + stats.captured + stats.replayed);
  EXPECT_EQ(stats.calls, stats.hits + stats.misses);
}

}  // namespace replayrt
