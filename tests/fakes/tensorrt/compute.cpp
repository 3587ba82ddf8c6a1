#include "fakes/tensorrt/compute.hpp"

#include <algorithm>
#include <cstring>
#include <span>

#include "fakes/cuda/control.hpp"

namespace replayrt::fakes::tensorrt {
namespace {

using cuda::Kernel;

float trailing_extents(const Run& run) {
  const Extents& shape = run.input_shapes.front();
  float sum = 0;
  for (std::size_t axis = 1; axis < shape.size(); ++axis) {
    sum += static_cast<float>(shape[axis]);
  }
  return sum;
}

template <class T>
std::span<const T> input(const Run& run, std::size_t index) {
  return {static_cast<const T*>(run.inputs[index]),
          static_cast<std::size_t>(elements(run.input_shapes[index]))};
}

template <class T>
std::span<T> output(const Run& run, std::size_t index) {
  return {static_cast<T*>(run.outputs[index]),
          static_cast<std::size_t>(elements(run.output_shapes[index]))};
}

/// What all elements of a sum begin with.
float offset_of(const Run& run) {
  return *run.model->weights + run.parameters[0];
}

/// Bytes of the activation memory that carry the result from the first stage to the second.
std::uint64_t carried_bytes(const Run& run) {
  if (run.model->plan.function != Function::kSum) {
    return 0;
  }
  const std::uint64_t bytes = bytes_of(DType::kF32, run.input_shapes.front());
  return bytes <= run.activation_bytes ? bytes : 0;
}

void sum_into(const Run& run, std::span<float> to) {
  std::ranges::fill(to, offset_of(run));
  for (std::size_t k = 0; k < run.inputs.size(); ++k) {
    const auto values = input<float>(run, k);
    for (std::size_t i = 0; i < to.size(); ++i) {
      to[i] += static_cast<float>(k + 1) * values[i];
    }
  }
}

void first_stage(const Run& run) {
  const std::uint64_t bytes = carried_bytes(run);
  if (bytes > 0) {
    sum_into(run, {reinterpret_cast<float*>(run.activation), bytes / sizeof(float)});
  }
}

void finish_sum(const Run& run) {
  for (std::size_t k = 0; k < run.outputs.size(); ++k) {
    const auto to = output<float>(run, k);
    if (const std::uint64_t bytes = carried_bytes(run); bytes > 0) {
      std::memcpy(to.data(), run.activation, bytes);
    } else if (!to.empty()) {
      sum_into(run, to);
    }
  }
}

void finish_copy(const Run& run) {
  for (std::size_t k = 0; k < run.outputs.size(); ++k) {
    const std::size_t from = std::min(k, run.inputs.size() - 1);
    std::memcpy(run.outputs[k], run.inputs[from],
                bytes_of(run.model->plan.inputs[from].dtype, run.input_shapes[from]));
  }
}

void finish_non_zero(const Run& run) {
  const auto values = input<float>(run, 0);
  const auto to = output<std::int32_t>(run, 0);
  std::size_t count = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] != 0 && count < to.size()) {
      to[count++] = static_cast<std::int32_t>(i);
    }
  }
}

void finish_expand(const Run& run) {
  const auto values = input<float>(run, 0);
  const auto to = output<float>(run, 0);
  for (std::size_t i = 0; i < to.size(); ++i) {
    to[i] = values[i % values.size()];
  }
}

void second_stage(const Run& run) {
  switch (run.model->plan.function) {
    case Function::kSum:
      return finish_sum(run);
    case Function::kCopy:
      return finish_copy(run);
    case Function::kNonZero:
      return finish_non_zero(run);
    case Function::kExpand:
      return finish_expand(run);
  }
}

std::vector<cuda::Range> read_by(const Run& run) {
  std::vector<cuda::Range> ranges = {{run.model->weights, sizeof(float)},
                                     {run.parameters, sizeof(float)},
                                     {run.profile, sizeof(int)}};
  for (std::size_t i = 0; i < run.inputs.size(); ++i) {
    if (!run.model->is_host_input(i)) {
      ranges.push_back(
          {run.inputs[i], bytes_of(run.model->plan.inputs[i].dtype, run.input_shapes[i])});
    }
  }
  return ranges;
}

}  // namespace

cudaError_t launch_setup(const Run& run, cudaStream_t stream) {
  const float value = trailing_extents(run);
  return cuda::launch_kernel(stream, {.name = "tensorrt setup",
                                      .run = [to = run.parameters, value] { *to = value; },
                                      .writes = {{run.parameters, sizeof(float)}}});
}

cudaError_t launch(const Run& run, cudaStream_t stream, const std::vector<cudaStream_t>& auxiliary,
                   cudaEvent_t fork, const std::vector<cudaEvent_t>& joins) {
  const auto shared = std::make_shared<const Run>(run);
  const std::uint64_t carried = carried_bytes(run);
  const std::uint64_t rest = run.activation_bytes - carried;
  cudaError_t error = cudaSuccess;
  const auto then = [&](auto call) { error = error == cudaSuccess ? call() : error; };
  if (!auxiliary.empty()) {
    then([&] { return cudaEventRecord(fork, stream); });
  }
  // The rest of the activation memory is divided among the streams; on each it is overwritten.
  const std::uint64_t part = rest / (auxiliary.size() + 1);
  std::byte* at = run.activation + carried;
  for (std::size_t i = 0; i < auxiliary.size(); ++i) {
    then([&] { return cudaStreamWaitEvent(auxiliary[i], fork, 0); });
    then([&] {
      return cuda::launch_kernel(auxiliary[i],
                                 {.name = "tensorrt auxiliary",
                                  .run = [at, part] { std::fill_n(at, part, std::byte{0xA5}); },
                                  .reads = read_by(run),
                                  .writes = {{at, part}}});
    });
    then([&] { return cudaEventRecord(joins[i], auxiliary[i]); });
    at += part;
  }
  const std::uint64_t left = rest - part * auxiliary.size();
  then([&] {
    return cuda::launch_kernel(stream, {.name = "tensorrt first stage",
                                        .run =
                                            [shared, at, left] {
                                              first_stage(*shared);
                                              std::fill_n(at, left, std::byte{0xA5});
                                            },
                                        .reads = read_by(run),
                                        .writes = {{run.activation, carried}, {at, left}}});
  });
  for (std::size_t i = 0; i < auxiliary.size(); ++i) {
    then([&] { return cudaStreamWaitEvent(stream, joins[i], 0); });
  }
  std::vector<cuda::Range> reads = read_by(run);
  reads.push_back({run.activation, run.activation_bytes});
  std::vector<cuda::Range> writes;
  for (std::size_t k = 0; k < run.outputs.size(); ++k) {
    writes.push_back(
        {run.outputs[k], bytes_of(run.model->plan.outputs[k].dtype, run.output_shapes[k])});
  }
  then([&] {
    return cuda::launch_kernel(stream, {.name = "tensorrt second stage",
                                        .run = [shared] { second_stage(*shared); },
                                        .reads = std::move(reads),
                                        .writes = std::move(writes)});
  });
  return error;
}

std::int64_t count_non_zero(const Run& run) {
  const auto values = input<float>(run, 0);
  return std::ranges::count_if(values, [](float value) { return value != 0; });
}

}  // namespace replayrt::fakes::tensorrt
