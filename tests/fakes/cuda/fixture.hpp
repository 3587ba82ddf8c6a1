#pragma once

#include <gtest/gtest.h>

#include "fakes/cuda/control.hpp"

namespace replayrt::fakes::cuda {

/// Fails the test if a rule was broken that CUDA does not report, or something was made and not
/// destroyed.
inline void expect_sound() {
  set_call_hook(nullptr);
  fail_call(0);
  release();
  EXPECT_EQ(violations(), std::vector<std::string>());
  EXPECT_EQ(to_string(live()), "");
}

/// A fresh machine for every test, which is sound at its end.
class CudaTest : public testing::Test {
 protected:
  CudaTest() { reset(); }
  explicit CudaTest(const MachineOptions& options) { reset(options); }
  ~CudaTest() override { expect_sound(); }

  /// What the destructor checks; for tests that go on with another machine.
  static void expect_sound() { cuda::expect_sound(); }
};

}  // namespace replayrt::fakes::cuda
