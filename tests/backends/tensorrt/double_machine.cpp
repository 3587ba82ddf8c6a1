#include "backends/tensorrt/support.hpp"

namespace replayrt::tensorrt_test {

Machine::Machine(Work work) {
  cuda_double::reset({.progress = work == Work::kWhenAskedFor ? cuda_double::Progress::kOnQuery
                                                              : cuda_double::Progress::kDeferred});
  trt_double::reset();
  use_library();
}

Machine::~Machine() {
  cuda_double::expect_sound();
  expect_clean();
}

std::vector<std::byte> plan_bytes(const Plan& plan) {
  return trt_double::serialize(plan);
}

void expect_said(const std::vector<std::string>& errors, const std::string& text) {
  EXPECT_THAT(errors, testing::Contains(testing::HasSubstr(text)));
}

}  // namespace replayrt::tensorrt_test
