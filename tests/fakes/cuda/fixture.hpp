#pragma once

#include <gtest/gtest.h>

#include "fakes/cuda/control.hpp"

namespace replayrt::fakes::cuda {

/// A fresh machine for every test; fails it if, at its end, a rule was broken that CUDA does not
/// report, or something was made and not destroyed.
class CudaTest : public testing::Test {
 protected:
  CudaTest() { reset(); }
  explicit CudaTest(const MachineOptions& options) { reset(options); }
  ~CudaTest() override { expect_sound(); }

  /// What the destructor checks; for tests that go on with another machine.
  static void expect_sound() {
    set_call_hook(nullptr);
    fail_call(0);
    release();
    EXPECT_EQ(violations(), std::vector<std::string>());
    EXPECT_EQ(to_string(live()), "");
  }
};

}  // namespace replayrt::fakes::cuda
