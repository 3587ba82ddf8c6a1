// A C interface on AutoModel for Python's ctypes, so that its calls and the reference's can be
// measured in turns in one process. Functions return 0, or 1 after an error that `auto_model_error`
// tells.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "replayrt/replayrt.hpp"
#include "shim_errors.hpp"
#include "shim_time.hpp"

namespace {

replayrt::ImageView view_of_bgr(const std::uint8_t* pixels, std::int64_t height,
                                std::int64_t width) {
  return {.data = pixels, .height = height, .width = width};
}

}  // namespace

extern "C" {

/// A model, and what its last calls gave: each stage takes what the one before has left here.
struct AutoModelHandle {
  replayrt::Model model;
  std::optional<replayrt::PreProcessedImages> batch{};
  std::optional<replayrt::InferResult> outputs{};
  std::vector<replayrt::Prediction> predictions{};
};

/// Valid until the next failing call of this thread.
const char* auto_model_error() {
  return last_error.c_str();
}

/// Loads a package for detection or instance segmentation. `precision` as --precision has it; with
/// a `capacity` of 0 there is no cache, else each shape is captured at its first call.
int auto_model_open(const char* package, const char* precision, std::int64_t threads,
                    std::int64_t capacity, AutoModelHandle** handle) {
  return guarded([&] {
    replayrt::AutoModelOptions options;
    options.precision = replayrt::precision_from_string(precision);
    options.inference_threads = threads;
    if (capacity > 0) {
      options.cuda_graph_cache = std::make_shared<replayrt::GraphCache>(replayrt::GraphCacheOptions{
          .capacity = capacity, .admission = replayrt::Admission::always()});
    }
    replayrt::Model model = replayrt::AutoModel::from_pretrained(package, options);
    *handle = new AutoModelHandle{.model = std::move(model)};
  });
}

void auto_model_close(AutoModelHandle* handle) {
  delete handle;
}

/// All stages at once, on a picture of dense 8-bit BGR pixels.
int auto_model_predict(AutoModelHandle* handle, const std::uint8_t* bgr, std::int64_t height,
                       std::int64_t width, std::int64_t* nanoseconds) {
  return guarded([&] {
    const replayrt::ImageView image = view_of_bgr(bgr, height, width);
    replayrt::Prediction prediction =
        timed(*nanoseconds, [&] { return handle->model.predict(image); });
    handle->predictions.clear();
    handle->predictions.push_back(std::move(prediction));
  });
}

int auto_model_pre_process(AutoModelHandle* handle, const std::uint8_t* bgr, std::int64_t height,
                           std::int64_t width, std::int64_t* nanoseconds) {
  return guarded([&] {
    const replayrt::ImageView image = view_of_bgr(bgr, height, width);
    handle->batch =
        timed(*nanoseconds, [&] { return handle->model.pre_process(std::span(&image, 1)); });
  });
}

int auto_model_forward(AutoModelHandle* handle, std::int64_t* nanoseconds) {
  return guarded([&] {
    handle->outputs =
        timed(*nanoseconds, [&] { return handle->model.forward(handle->batch.value()); });
  });
}

int auto_model_post_process(AutoModelHandle* handle, std::int64_t* nanoseconds) {
  return guarded([&] {
    const replayrt::InferResult& outputs = handle->outputs.value();
    const replayrt::PreProcessedImages& batch = handle->batch.value();
    handle->predictions =
        timed(*nanoseconds, [&] { return handle->model.post_process(outputs, batch.metadata); });
  });
}

int auto_model_output_count(const AutoModelHandle* handle, std::size_t* count) {
  return guarded([&] { *count = handle->model.engine().outputs().size(); });
}

/// An output of the last `auto_model_forward`, valid until the next one.
int auto_model_output(const AutoModelHandle* handle, std::size_t index, const float** data,
                      const std::int64_t** dims, std::size_t* rank) {
  return guarded([&] {
    const replayrt::Tensor& output = handle->outputs.value().outputs[index];
    *data = output.as<float>().data();
    *dims = output.shape().dims().data();
    *rank = output.shape().rank();
  });
}

/// The classes that the last `auto_model_predict` or `auto_model_post_process` found, one per
/// detection; valid until the next one.
int auto_model_classes(const AutoModelHandle* handle, const std::int32_t** ids,
                       std::size_t* count) {
  return guarded([&] {
    const replayrt::Detections* found = replayrt::detections_of(handle->predictions.at(0));
    if (found == nullptr) {
      throw std::invalid_argument("expected a package for detection");
    }
    *ids = found->class_id.data();
    *count = found->size();
  });
}

/// How many pixels are set in the masks of the last `auto_model_predict` or
/// `auto_model_post_process`, of all together; 0 for detection.
int auto_model_mask_pixels(const AutoModelHandle* handle, std::int64_t* pixels) {
  return guarded([&] {
    *pixels = 0;
    const auto* found = std::get_if<replayrt::InstanceDetections>(&handle->predictions.at(0));
    if (found != nullptr) {
      for (const replayrt::RleMask& mask : found->mask) {
        *pixels += mask.area();
      }
    }
  });
}

/// How many runs the cache was asked for since it was made, and how many of them were replays; both
/// are 0 without a cache.
int auto_model_served(const AutoModelHandle* handle, std::uint64_t* calls,
                      std::uint64_t* replayed) {
  return guarded([&] {
    const auto& cache = handle->model.graph_cache();
    const auto stats = cache == nullptr ? replayrt::GraphCacheStats{} : cache->stats();
    *calls = stats.calls;
    *replayed = stats.replayed;
  });
}

}  // extern "C"
