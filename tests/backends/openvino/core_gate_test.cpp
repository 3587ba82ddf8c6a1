#include "backends/openvino/core_gate.hpp"

#include <gtest/gtest.h>

namespace replayrt::openvino {
namespace {

TEST(CoreGate, ProcessHasOnePermitPerCoreAndAtLeastOne) {
  EXPECT_GE(process_cores(), 1U);
  EXPECT_EQ(process_core_gate().permits(), process_cores());
  EXPECT_EQ(&process_core_gate(), &process_core_gate());
}

}  // namespace
}  // namespace replayrt::openvino
