#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings.hpp"
#include "process.hpp"
#include "replayrt/core/engine.hpp"
#include "replayrt/core/graph_cache.hpp"
#include "replayrt/core/infer.hpp"

namespace replayrt::python {

/// Python's `TRTCudaGraphCache`.
struct PyGraphCache {
  explicit PyGraphCache(std::shared_ptr<GraphCache> of) noexcept : cache(std::move(of)) {}
  Owned<GraphCache> cache;

  /// Throws as `require_usable_process` does.
  [[nodiscard]] GraphCache& usable() const {
    require_usable_process();
    return *cache.get();
  }
};

/// Adds what keeps and tells the working set: prewarming, files of keys, metrics.
void bind_working_set(nb::module_& m, nb::class_<PyGraphCache>& cache);

/// Null for None. Throws as `require_usable_process` does.
[[nodiscard]] std::shared_ptr<GraphCache> cache_of(const PyGraphCache* cache);

/// Python's `Engine`: of a file, or a part of a model.
struct PyEngine {
  explicit PyEngine(std::shared_ptr<const Engine> of) noexcept : engine(std::move(of)) {}
  Owned<const Engine> engine;

  /// Throws Error(kModelRuntime) in a broken fork, Error(kInvalidParameter) if it is closed.
  [[nodiscard]] std::shared_ptr<const Engine> usable() const;
};

/// "copied" or "in_place". Throws Error(kInvalidParameter) for any other text.
[[nodiscard]] InputBinding input_binding_of(const std::string& text);

/// In the engine's order.
[[nodiscard]] std::vector<std::string> output_names(const Engine& engine);

/// Python's `Buckets`: None, text as `Buckets::parse` reads it, an iterable of extents. Throws
/// Error(kInvalidParameter) that begins with `name`.
[[nodiscard]] Buckets buckets_of(nb::handle given, const std::string& name);

/// Of `replayrt.DimensionBuckets`; inputs and outputs by name or position. Throws as `buckets_of`
/// and for names that the engine does not have.
[[nodiscard]] std::vector<DimensionBuckets> dimension_buckets_of(const Engine& engine,
                                                                 nb::handle given);

/// Python's `InferResult`. Keeps what a run that is not over yet reads.
class PyInferResult {
 public:
  PyInferResult(InferResult result, std::vector<std::string> names, nb::object inputs,
                void* stream);
  PyInferResult(PyInferResult&&) noexcept = default;
  PyInferResult(const PyInferResult&) = delete;
  PyInferResult& operator=(PyInferResult&&) = delete;
  PyInferResult& operator=(const PyInferResult&) = delete;
  ~PyInferResult();

  [[nodiscard]] const InferResult& result() const noexcept { return *result_.get(); }
  [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }
  /// One array per output, made once.
  [[nodiscard]] nb::list outputs();
  void wait();

 private:
  Owned<const InferResult> result_;
  std::vector<std::string> names_;
  nb::object inputs_;  // None once the run is over.
  void* stream_;
  nb::object outputs_;
};

}  // namespace replayrt::python
