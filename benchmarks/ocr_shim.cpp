// The demo's pipeline as a C library, so that Python can time it in one process with its peers.
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <opencv2/core.hpp>
#include <string>

#include "ocr_pipeline.hpp"
#include "report.hpp"

namespace {

thread_local std::string last_error;

/// Runs `action` and keeps what it throws as the thread's last error.
template <class Action>
auto guarded(Action action) -> decltype(action()) {
  try {
    return action();
  } catch (const std::exception& error) {
    last_error = error.what();
    return nullptr;
  }
}

}  // namespace

extern "C" {

struct OcrReader {
  std::shared_ptr<replayrt::TRTCudaGraphCache> cache;
  std::unique_ptr<ocr::OcrPipeline> pipeline;
  std::string answer;
};

/// The message of the last call of this thread that returned null.
const char* replayrt_ocr_error() {
  return last_error.c_str();
}

/// Capacity 0 runs without a cache; at least one thread. Null on error.
OcrReader* replayrt_ocr_open(const char* models, std::int64_t capacity, std::int64_t max_bytes,
                             std::int64_t inference_threads) {
  return guarded([&] {
    cv::setNumThreads(static_cast<int>(inference_threads));
    auto reader = std::make_unique<OcrReader>();
    if (capacity > 0) {
      reader->cache = std::make_shared<replayrt::TRTCudaGraphCache>(
          replayrt::GraphCacheOptions{.capacity = capacity,
                                      .max_bytes = max_bytes,
                                      .admission = replayrt::Admission::always()});
    }
    const ocr::RunnerOptions options{.cache = reader->cache,
                                     .inference_threads = inference_threads};
    reader->pipeline = std::make_unique<ocr::OcrPipeline>(models, options);
    return reader.release();
  });
}

void replayrt_ocr_close(OcrReader* reader) {
  delete reader;
}

/// Reads a picture of dense 8-bit BGR pixels; gives its lines, separated by line feeds. Valid until
/// the next call for this reader. Null on error.
const char* replayrt_ocr_read(OcrReader* reader, std::uint8_t* bgr, int rows, int columns) {
  return guarded([&] {
    reader->answer.clear();
    for (const ocr::TextLine& line : reader->pipeline->read({rows, columns, CV_8UC3, bgr})) {
      reader->answer += line.text + "\n";
    }
    return reader->answer.c_str();
  });
}

/// The `models`, `cache` and `memory` of the demo's JSON. Valid until the next call for this
/// reader.
const char* replayrt_ocr_statistics(OcrReader* reader) {
  return guarded([&] {
    reader->answer = ocr::to_json({}, ocr::summarize(*reader->pipeline, reader->cache.get()));
    return reader->answer.c_str();
  });
}

}  // extern "C"
