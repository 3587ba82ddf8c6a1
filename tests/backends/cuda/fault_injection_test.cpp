// Every CUDA call of a small backend made of these parts fails once: each single failure ends in a
// right answer or an Error, nothing leaks, nothing is used after its end, and the next call works.

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backends/cuda/activation_arena.hpp"
#include "backends/cuda/block_pool.hpp"
#include "backends/cuda/capture_gate.hpp"
#include "backends/cuda/check.hpp"
#include "backends/cuda/device_guard.hpp"
#include "backends/cuda/stream_capture.hpp"
#include "backends/cuda/stream_order.hpp"
#include "backends/cuda/stream_ordered_memory.hpp"
#include "fakes/cuda/fixture.hpp"

namespace replayrt::cuda {
namespace {

using fakes::cuda::fail_call;
using fakes::cuda::failed_call;
using fakes::cuda::live;

constexpr std::size_t kBlockBytes = 64;

/// Computes "input + 1" for every byte, by way of the slot's block: an engine in small.
class Adder {
 public:
  explicit Adder(std::int32_t device)
      : device_(device),
        arena_(ActivationArena::create(device, 2, kBlockBytes)),
        fences_(device),
        pool_(BlockKind::kDevice, device),
        memory_(pool_) {}

  /// A captured graph over buffers of its own.
  struct Captured {
    ActivationArena::Seat seat;
    DeviceMemory input;
    DeviceMemory output;
    GraphExec graph;
  };

  Captured capture() {
    const DeviceGuard current(device_);
    Captured made{ActivationArena::take_seat(arena_, 1),
                  make_device_memory(kBlockBytes),
                  make_device_memory(kBlockBytes),
                  {}};
    const auto permit = enter_capture(device_);
    const Stream recorder = make_stream();
    StreamCapture capture(recorder.get());
    enqueue(recorder.get(), made.seat.slot(), made.input.get(), made.output.get());
    const Graph graph = capture.end();
    const auto use = made.seat.use();
    made.graph = make_executable(graph, use.slot().stream);
    return made;
  }

  BlockRef run(const Captured* captured, const void* input, const RunContext& context,
               Completion& completion) {
    const DeviceGuard current(device_);
    std::optional<ActivationArena::Seat> own;
    if (captured == nullptr) {
      own.emplace(ActivationArena::take_seat(arena_, 2));
    }
    const ActivationArena::Use use = (captured == nullptr ? *own : captured->seat).use();
    const cudaStream_t stream = use.slot().stream;
    begin_after_caller(stream, context, fences_);
    const BlockRef output = pool_.acquire(kBlockBytes, context, stream);
    try {
      if (captured == nullptr) {
        enqueue(stream, use.slot(), input, output.get()->data());
      } else {
        copy(captured->input.get(), input, stream);
        check(cudaGraphLaunch(captured->graph.get(), stream), "cudaGraphLaunch");
        copy(output.get()->data(), captured->output.get(), stream);
      }
      const auto fence = fences_.record(stream);
      BlockPool::set_last_use(output, fence);
      make_caller_wait(context, *fence);
      completion = Completion(fence);
    } catch (const Error&) {
      // What was enqueued may still use the block and the graph.
      drain(stream);
      throw;
    }
    return output;
  }

  StreamOrderedMemory& memory() { return memory_; }

 private:
  static void copy(void* to, const void* from, cudaStream_t stream) {
    check(cudaMemcpyAsync(to, from, kBlockBytes, cudaMemcpyDeviceToDevice, stream),
          "cudaMemcpyAsync");
  }

  static void enqueue(cudaStream_t stream, const ActivationArena::Slot& slot, const void* input,
                      void* output) {
    const auto add = [](const void* from, void* to) {
      return [from, to] {
        for (std::size_t i = 0; i < kBlockBytes; ++i) {
          static_cast<unsigned char*>(to)[i] =
              static_cast<unsigned char>(static_cast<const unsigned char*>(from)[i] + 1);
        }
      };
    };
    copy(slot.memory, input, stream);
    check(fakes::cuda::launch_kernel(stream, {"add",
                                              add(slot.memory, output),
                                              {{slot.memory, kBlockBytes}},
                                              {{output, kBlockBytes}}}),
          "cudaLaunchKernel");
  }

  std::int32_t device_;
  std::shared_ptr<ActivationArena> arena_;
  FencePool fences_;
  BlockPool pool_;
  StreamOrderedMemory memory_;
};

class CudaFaultInjection : public fakes::cuda::CudaTest {
 protected:
  CudaFaultInjection() : CudaTest({.devices = 2}) {}

  /// Makes an engine, runs it eagerly and captured, with and without a stream, and destroys it. How
  /// many steps threw; a wrong answer fails the test.
  int scenario() {
    int thrown = 0;
    const auto guarded = [&](auto&& step) {
      try {
        step();
      } catch (const Error&) {
        ++thrown;
      }
    };
    std::optional<Adder> adder;
    guarded([&] { adder.emplace(1); });
    if (!adder.has_value()) {
      return thrown;
    }
    std::optional<Adder::Captured> graph;
    guarded([&] { graph.emplace(adder->capture()); });
    for (unsigned char value = 1; value < 4; ++value) {
      guarded([&] { expect_answer(*adder, nullptr, value, {}); });
      if (graph.has_value()) {
        guarded([&] { expect_answer(*adder, &*graph, value, {}); });
        guarded([&] {
          expect_answer(*adder, &*graph, value, {.stream = caller_.get(), .synchronize = false});
        });
      }
    }
    return thrown;
  }

  void expect_answer(Adder& adder, const Adder::Captured* captured, unsigned char value,
                     const RunContext& context) {
    const std::vector<unsigned char> host(kBlockBytes, value);
    const Tensor input = adder.memory().allocate(DType::kU8, {kBlockBytes}, context);
    Completion completion;
    BlockRef output;
    std::vector<unsigned char> answer(kBlockBytes);
    try {
      adder.memory().copy(input.data(), host.data(), kBlockBytes, context);
      output = adder.run(captured, input.data(), context, completion);
      if (context.stream == nullptr) {
        completion.wait();
      }
      adder.memory().copy(answer.data(), output.get()->data(), kBlockBytes, context);
    } catch (const Error&) {
      settle(completion);
      throw;
    }
    settle(completion);
    EXPECT_EQ(answer,
              std::vector<unsigned char>(kBlockBytes, static_cast<unsigned char>(value + 1)));
  }

  /// As a caller must: nothing of its call runs any more when it lets the tensors go.
  void settle(const Completion& completion) {
    for (int tries = 0; tries < 2; ++tries) {
      try {
        completion.wait();
        break;
      } catch (const Error&) {
        continue;
      }
    }
    drain(caller_.get());
  }

  const Stream caller_ = [] {
    const DeviceGuard current(1);
    return make_stream();
  }();
};

TEST_F(CudaFaultInjection, EveryCallFailsOnce) {
  EXPECT_EQ(scenario(), 0);
  const auto before = live();
  int rounds = 0;
  int harmless = 0;
  for (std::int64_t n = 1;; ++n) {
    fail_call(n);
    const int thrown = scenario();
    const std::string failed = failed_call();
    fail_call(0);
    if (failed.empty()) {
      break;
    }
    ++rounds;
    harmless += thrown == 0 ? 1 : 0;
    EXPECT_LE(thrown, 1) << "call " << n << ", " << failed;
    EXPECT_EQ(live(), before) << "call " << n << ", " << failed;
    EXPECT_EQ(cudaPeekAtLastError(), cudaSuccess) << "call " << n << ", " << failed;
    EXPECT_EQ(scenario(), 0) << "after call " << n << ", " << failed;
    ASSERT_FALSE(HasFailure() || !fakes::cuda::violations().empty())
        << "call " << n << ", " << failed << testing::PrintToString(fakes::cuda::violations());
  }
  EXPECT_GT(rounds, 200);
  EXPECT_GT(rounds - harmless, 100);
}

TEST_F(CudaFaultInjection, MemoryRunsOutAtEveryPlace) {
  for (std::size_t budget = 0;; budget += kBlockBytes / 2) {
    fakes::cuda::set_memory_budget(1, budget);
    const int thrown = scenario();
    EXPECT_EQ(live().device_blocks, 0U);
    if (thrown == 0) {
      EXPECT_GT(budget, 4 * kBlockBytes);
      break;
    }
    ASSERT_FALSE(HasFailure()) << budget;
  }
}

}  // namespace
}  // namespace replayrt::cuda
