#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "fakes/tensorrt/plan.hpp"

// What tests need of the machine that they run on, in two variants: double_machine.cpp on the
// doubles of CUDA and TensorRT, real_machine.cpp and real_plan.cpp on a GPU with NVIDIA's libraries
// (target tensorrt_real). Tests that use nothing else of the doubles run on both.
namespace replayrt::tensorrt_test {

namespace trt_double = fakes::tensorrt;
using trt_double::Function;
using trt_double::Plan;
using trt_double::Range;

/// The machine of one test. One at a time.
class Machine {
 public:
  /// When the double does the work of streams; a GPU does it when it likes.
  enum class Work : std::uint8_t {
    kWhenWaitedFor,
    kWhenAskedFor,  ///< Also when somebody asks whether it is done.
  };

  /// The double: a new one with one GPU.
  explicit Machine(Work work = Work::kWhenWaitedFor);
  /// Fails the test if something went wrong on the device; the double also if something was done
  /// that CUDA or TensorRT leave undefined, or something was left behind.
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;
};

/// A plan of the engine described, for the TensorRT that these tests run on. Throws where that
/// cannot be.
std::vector<std::byte> plan_bytes(const Plan& plan);

/// Fails the test if no error was logged; on the double, whose messages are known, if none holds
/// `text`: NVIDIA documents no texts.
void expect_said(const std::vector<std::string>& errors, const std::string& text);

}  // namespace replayrt::tensorrt_test
