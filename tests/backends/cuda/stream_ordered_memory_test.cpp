#include "backends/cuda/stream_ordered_memory.hpp"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cstring>
#include <vector>

#include "backends/cuda/device_guard.hpp"
#include "backends/cuda/stream_capture.hpp"
#include "core/expect_error.hpp"
#include "fakes/cuda/fixture.hpp"

namespace replayrt::cuda {
namespace {

class StreamOrderedMemoryTest : public fakes::cuda::CudaTest {
 protected:
  StreamOrderedMemoryTest() : CudaTest({.devices = 2}) {}

  /// What lies in device memory, without a CUDA call: the double's is host memory.
  static std::vector<float> peek(const Tensor& tensor) {
    const auto* values = static_cast<const float*>(tensor.data());
    return {values, values + tensor.shape().num_elements()};
  }

  BlockPool pool_{BlockKind::kDevice, 1};
  StreamOrderedMemory memory_{pool_};
  const std::vector<float> values_{1, 2, 3, 4};
};

TEST_F(StreamOrderedMemoryTest, TensorsLieOnTheDevice) {
  const Tensor tensor = memory_.allocate(DType::kF32, {2, 2}, {});
  EXPECT_EQ(tensor.device(), (Device{DeviceType::kCuda, 1}));
  EXPECT_EQ(tensor.shape(), (Shape{2, 2}));
  EXPECT_EQ(memory_.allocate(DType::kF32, {0, 2}, {}).bytes(), 0U);
}

TEST_F(StreamOrderedMemoryTest, WithoutAStreamItIsDoneOnReturn) {
  const Tensor tensor = memory_.allocate(DType::kF32, {4}, {});
  memory_.copy(tensor.data(), values_.data(), 16, {});
  EXPECT_EQ(peek(tensor), values_);
  memory_.fill_zero(static_cast<float*>(tensor.data()) + 1, 8, {});
  EXPECT_EQ(peek(tensor), (std::vector<float>{1, 0, 0, 4}));
  std::array<float, 4> back{};
  memory_.copy(back.data(), tensor.data(), 16, {});
  EXPECT_EQ(back[3], 4);
  memory_.copy(nullptr, nullptr, 0, {});
  memory_.fill_zero(nullptr, 0, {});
}

TEST_F(StreamOrderedMemoryTest, FillsWithAPatternInOrder) {
  const DeviceGuard current(1);
  const Stream caller = make_stream();
  for (const float value : {-1.5F, 0.F}) {  // Of one byte again and again, and not.
    const auto pattern = std::bit_cast<std::array<std::byte, 4>>(value);
    for (const std::int64_t count : {1, 2, 5, 64}) {
      const Tensor tensor = memory_.allocate(DType::kF32, {count}, {});
      memory_.fill(tensor.data(), tensor.bytes(), pattern, {});
      EXPECT_EQ(peek(tensor), std::vector<float>(static_cast<std::size_t>(count), value));
    }
    const RunContext context{.stream = caller.get(), .synchronize = false};
    const Tensor tensor = memory_.allocate(DType::kF32, {4}, context);
    memory_.copy(tensor.data(), values_.data(), 16, context);
    memory_.fill(static_cast<float*>(tensor.data()) + 1, 8, pattern, context);
    EXPECT_GE(fakes::cuda::pending_work(caller.get()), 2U);
    ASSERT_EQ(cudaStreamSynchronize(caller.get()), cudaSuccess);
    EXPECT_EQ(peek(tensor), (std::vector<float>{1, value, value, 4}));
  }
  memory_.fill(nullptr, 0, {}, {});
}

TEST_F(StreamOrderedMemoryTest, WithAStreamItIsDoneInThatStreamsOrder) {
  const DeviceGuard current(1);
  const Stream caller = make_stream();
  const RunContext context{.stream = caller.get(), .synchronize = false};
  const Tensor tensor = memory_.allocate(DType::kF32, {4}, context);
  memory_.copy(tensor.data(), values_.data(), 16, context);
  memory_.fill_zero(tensor.data(), 4, context);
  EXPECT_EQ(fakes::cuda::pending_work(caller.get()), 2U);
  ASSERT_EQ(cudaStreamSynchronize(caller.get()), cudaSuccess);
  EXPECT_EQ(peek(tensor), (std::vector<float>{0, 2, 3, 4}));
}

TEST_F(StreamOrderedMemoryTest, TheReadyEventIsWaitedFor) {
  const DeviceGuard current(1);
  const Stream producer = make_stream();
  const Event ready = make_event();
  const Tensor made = memory_.allocate(DType::kF32, {4}, {});
  const Tensor copy = memory_.allocate(DType::kF32, {4}, {});
  ASSERT_EQ(fakes::cuda::launch_kernel(producer.get(),
                                       {"produce",
                                        [&] { std::memcpy(made.data(), values_.data(), 16); },
                                        {},
                                        {{made.data(), 16}}}),
            cudaSuccess);
  ASSERT_EQ(cudaEventRecord(ready.get(), producer.get()), cudaSuccess);
  memory_.copy(copy.data(), made.data(), 16, {.ready_event = ready.get()});
  EXPECT_EQ(peek(copy), values_);
}

TEST_F(StreamOrderedMemoryTest, ACallerInCaptureIsRefused) {
  const DeviceGuard current(1);
  const Stream caller = make_stream();
  const Tensor tensor = memory_.allocate(DType::kF32, {4}, {});
  const StreamCapture capture(caller.get());
  expect_error(ErrorCode::kUnsupported, {"in capture"},
               [&] { memory_.fill_zero(tensor.data(), 16, {.stream = caller.get()}); });
}

TEST_F(StreamOrderedMemoryTest, FailuresNameTheCall) {
  const Tensor tensor = memory_.allocate(DType::kF32, {4}, {});
  fakes::cuda::fail_call("cudaMemcpyAsync", 1);
  expect_error(ErrorCode::kModelRuntime, {"cudaMemcpyAsync"},
               [&] { memory_.copy(tensor.data(), values_.data(), 16, {}); });
  fakes::cuda::fail_call("cudaMemsetAsync", 1);
  expect_error(ErrorCode::kModelRuntime, {"cudaMemsetAsync"},
               [&] { memory_.fill_zero(tensor.data(), 16, {}); });
  fakes::cuda::fail_call("cudaStreamSynchronize", 1);
  expect_error(ErrorCode::kModelRuntime, {"cudaStreamSynchronize"},
               [&] { memory_.fill_zero(tensor.data(), 16, {}); });
  memory_.fill_zero(tensor.data(), 16, {});
}

}  // namespace
}  // namespace replayrt::cuda
