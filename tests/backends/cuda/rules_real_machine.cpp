// The machine of target cuda_rules_real: its GPUs. Without one no test runs.

#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

namespace replayrt::cuda_rules {
namespace {

class RealMachine final : public testing::Environment {
 public:
  void SetUp() override {
    int count = 0;
    const cudaError_t error = cudaGetDeviceCount(&count);
    ASSERT_EQ(error, cudaSuccess) << "no GPU can be used: " << cudaGetErrorString(error);
  }
};

[[maybe_unused]] const testing::Environment* const kRealMachine =
    testing::AddGlobalTestEnvironment(new RealMachine);  // GoogleTest owns it.

}  // namespace
}  // namespace replayrt::cuda_rules
