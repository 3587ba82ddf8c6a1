// A C interface on the public API for Python's ctypes, so that ReplayRT and another runtime can be
// measured in one process. Functions return 0, or 1 after an error that `peer_error` tells.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

#include "replayrt/replayrt.hpp"
#include "shim_errors.hpp"
#include "shim_time.hpp"

namespace {

replayrt::TensorView input_of(const float* data, const std::int64_t* dims, std::size_t rank) {
  return {data, replayrt::DType::kF32, replayrt::Shape(std::span(dims, rank)), {}};
}

}  // namespace

extern "C" {

/// One model with one f32 input, its cache, and the outputs of its last run.
struct PeerModel {
  replayrt::Engine engine;
  std::shared_ptr<replayrt::GraphCache> cache;
  replayrt::InferResult last;
};

/// Valid until the next failing call of this thread.
const char* peer_error() {
  return last_error.c_str();
}

const char* peer_version() {
  return replayrt::kVersion;
}

int peer_open(const char* path, std::int64_t threads, std::int64_t capacity, PeerModel** model) {
  return guarded([&] {
    *model = new PeerModel{replayrt::load_engine(path, {.inference_threads = threads}),
                           std::make_shared<replayrt::GraphCache>(replayrt::GraphCacheOptions{
                               .capacity = capacity, .admission = replayrt::Admission::always()}),
                           {}};
  });
}

void peer_close(PeerModel* model) {
  delete model;
}

/// Runs on `data`; the outputs of the run before end here. `*replayed` tells whether a captured
/// graph was replayed.
int peer_run(PeerModel* model, const float* data, const std::int64_t* dims, std::size_t rank,
             int with_cache, int* replayed) {
  return guarded([&] {
    model->last = {};
    const replayrt::TensorView input = input_of(data, dims, rank);
    replayrt::InferOptions options;
    if (with_cache != 0) {
      options.graph_cache = model->cache;
    }
    model->last = replayrt::infer(model->engine, {&input, 1}, options);
    *replayed = model->last.route == replayrt::Route::kReplayed ? 1 : 0;
  });
}

/// Makes `calls` runs on `data`, each of which must be a replay, and writes how long each took, the
/// end of its outputs included, to `nanoseconds`. Any number of threads may be in here at once.
int peer_time_replays(const PeerModel* model, const float* data, const std::int64_t* dims,
                      std::size_t rank, std::size_t calls, std::int64_t* nanoseconds) {
  return guarded([&] {
    const replayrt::TensorView input = input_of(data, dims, rank);
    const replayrt::InferOptions options{.graph_cache = model->cache};
    for (std::int64_t& time : std::span(nanoseconds, calls)) {
      const replayrt::Route route = timed(time, [&] {
        return replayrt::infer(model->engine, {&input, 1}, options).route;
      });
      if (route != replayrt::Route::kReplayed) {
        throw std::runtime_error("expected a replay");
      }
    }
  });
}

/// The first output of the last run, valid until the next one.
int peer_output(const PeerModel* model, const float** data, std::size_t* elements) {
  return guarded([&] {
    const auto values = model->last.outputs[0].as<float>();
    *data = values.data();
    *elements = values.size();
  });
}

}  // extern "C"
