// TensorRT plans, loaded and run by the adapter on the doubles of TensorRT 10.3 and CUDA: whatever
// the bytes are, each step ends in an Error or a right answer, eagerly and as a graph, breaks no
// rule of the two and leaves nothing behind. An input is the description in a plan; length and
// checksum are made to fit, and then not to.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "backends/tensorrt/tensorrt_engine.hpp"
#include "fakes/cuda/control.hpp"
#include "fakes/tensorrt/control.hpp"
#include "fakes/tensorrt/expected.hpp"
#include "fakes/tensorrt/plan.hpp"
#include "replayrt/core/infer.hpp"
#include "replayrt/core/log.hpp"
#include "support/capturing_cache.hpp"

namespace {

using namespace replayrt;
using fakes::tensorrt::Function;
using fakes::tensorrt::Plan;

constexpr std::int64_t kMostElements = 4096;  // Of one tensor: more find nothing new.

void require(bool holds, std::string_view what) {
  if (!holds) {
    std::fprintf(stderr, "broken: %.*s\n", static_cast<int>(what.size()), what.data());
    std::abort();
  }
}

Tensor filled(DType dtype, const Shape& shape) {
  Tensor tensor = Tensor::allocate(dtype, shape);
  if (dtype == DType::kF32) {
    float next = 0;
    for (float& value : tensor.as<float>()) {
      value = next++;
    }
  } else if (dtype == DType::kI32) {
    std::int32_t next = 1;
    for (std::int32_t& value : tensor.as<std::int32_t>()) {
      value = next++ % 4;
    }
  } else if (tensor.bytes() > 0) {
    std::memset(tensor.data(), 0x5A, tensor.bytes());
  }
  return tensor;
}

/// Inputs of the smallest shapes of a profile; none if they are large.
std::optional<std::vector<Tensor>> make_inputs(const Plan& plan, std::size_t profile) {
  std::vector<Tensor> inputs;
  for (const auto& input : plan.inputs) {
    std::vector<std::int64_t> extents;
    std::int64_t elements = 1;
    for (const auto& range : input.profiles[profile]) {
      extents.push_back(range.min);
      if (range.min > kMostElements) {
        return std::nullopt;
      }
      elements *= range.min;
      if (elements > kMostElements) {
        return std::nullopt;
      }
    }
    inputs.push_back(filled(input.dtype, Shape(extents)));
  }
  return inputs;
}

bool same(float a, float b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}

bool is_right(const Plan& plan, const std::vector<Tensor>& inputs, const Tensor& output,
              std::size_t index) {
  const Tensor& first = inputs.front();
  switch (plan.function) {
    case Function::kSum: {
      const auto values = output.as<float>();
      const std::vector<float> sum = fakes::tensorrt::expected_sum(plan, inputs);
      return std::equal(values.begin(), values.end(), sum.begin(), sum.end(), same);
    }
    case Function::kCopy: {
      const Tensor& from = inputs[std::min(index, inputs.size() - 1)];
      return output.bytes() == from.bytes() && output.shape() == from.shape() &&
             (from.bytes() == 0 || std::memcmp(output.data(), from.data(), from.bytes()) == 0);
    }
    case Function::kNonZero: {
      // Of 0, 1, 2, …
      const auto places = output.as<std::int32_t>();
      bool right = static_cast<std::int64_t>(places.size()) ==
                   std::max<std::int64_t>(first.shape().num_elements() - 1, 0);
      for (std::size_t i = 0; right && i < places.size(); ++i) {
        right = places[i] == static_cast<std::int32_t>(i + 1);
      }
      return right;
    }
    case Function::kExpand: {
      const auto extents = inputs[1].as<std::int32_t>();
      bool right = output.shape().rank() == extents.size();
      for (std::size_t axis = 0; right && axis < extents.size(); ++axis) {
        right = output.shape()[axis] == extents[axis];
      }
      const auto values = output.as<float>();
      const auto count = static_cast<std::size_t>(first.shape().num_elements());
      for (std::size_t i = 0; right && i < values.size(); ++i) {
        right = values[i] == static_cast<float>(i % count);
      }
      return right;
    }
  }
  return false;
}

void run(const Plan& plan, const Engine& engine, const std::vector<Tensor>& inputs,
         const std::shared_ptr<GraphCache>& cache) {
  std::vector<TensorView> views;
  for (const Tensor& input : inputs) {
    views.push_back(input.view());
  }
  try {
    const InferResult result = infer(engine, views, {.graph_cache = cache});
    require(result.outputs.size() == plan.outputs.size(), "the number of outputs");
    for (std::size_t i = 0; i < plan.outputs.size() && !plan.captures_nothing; ++i) {
      require(is_right(plan, inputs, result.outputs[i], i), "an answer");
    }
  } catch (const Error& error) {
    require(error.code() != ErrorCode::kCorruptedModel, "a plan that was loaded is corrupted");
  }
}

void load_and_run(std::span<const std::byte> bytes) {
  const auto parsed = fakes::tensorrt::parse(bytes);
  const Plan* plan = std::get_if<Plan>(&parsed);
  std::optional<Engine> engine;
  try {
    engine.emplace(std::make_unique<tensorrt::TensorRtEngine>(bytes, "fuzzed.plan", LoadOptions{}));
  } catch (const Error& error) {
    const bool is_corrupted = error.code() == ErrorCode::kCorruptedModel;
    require(plan != nullptr || is_corrupted, "what is no plan was refused for another reason");
    require(std::string_view(error.what()).find("fuzzed.plan") != std::string_view::npos ||
                error.code() == ErrorCode::kOutOfMemory,
            "the message does not name the file");
    return;
  }
  require(plan != nullptr, "what is no plan was loaded");
  const auto cache = capturing_cache(2);
  const std::size_t profiles = std::min<std::size_t>(plan->inputs.front().profiles.size(), 2);
  for (std::size_t profile = 0; profile < profiles; ++profile) {
    if (const auto inputs = make_inputs(*plan, profile)) {
      run(*plan, *engine, *inputs, nullptr);
      run(*plan, *engine, *inputs, cache);
      run(*plan, *engine, *inputs, cache);
    }
  }
}

void with_a_fresh_machine(std::span<const std::byte> bytes) {
  fakes::cuda::reset(
      {.memory_bytes = std::size_t{4} << 20, .progress = fakes::cuda::Progress::kOnQuery});
  fakes::tensorrt::reset();
  load_and_run(bytes);
  for (const std::string& violation : fakes::cuda::violations()) {
    require(false, violation);
  }
  for (const std::string& violation : fakes::tensorrt::violations()) {
    require(false, violation);
  }
  require(fakes::cuda::to_string(fakes::cuda::live()).empty(), "something of CUDA was left");
  require(fakes::tensorrt::live() == fakes::tensorrt::Live(), "something of TensorRT was left");
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  setenv(tensorrt::kLibraryVariable, REPLAYRT_FAKE_NVINFER, 1);
  set_log_sink({}, LogLevel::kOff);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto description = std::as_bytes(std::span(data, size));
  with_a_fresh_machine(description);
  const std::vector<std::byte> plan = fakes::tensorrt::seal(description);
  with_a_fresh_machine(plan);
  if (size > 0) {
    with_a_fresh_machine(std::span(plan).first(plan.size() * data[size - 1] / 256));
  }
  return 0;
}
