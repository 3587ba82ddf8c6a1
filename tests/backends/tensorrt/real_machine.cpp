// The machine of target tensorrt_real: its first GPU, with NVIDIA's libraries.

#include <cuda_runtime_api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <exception>
#include <iostream>

#include "backends/cuda/device.hpp"
#include "backends/tensorrt/library.hpp"
#include "backends/tensorrt/machine.hpp"

namespace replayrt::tensorrt_test {
namespace {

/// Says what the tests run on, or what is missing; then no test runs.
class RealMachine final : public testing::Environment {
 public:
  void SetUp() override {
    const cuda::DriverStatus driver = cuda::query_driver();
    ASSERT_TRUE(driver.usable()) << driver.why_missing;
    try {
      const auto library = tensorrt::Library::open();
      std::cout << "TensorRT " << library->version().to_string() << " (" << library->file()
                << "), headers " << tensorrt::kHeaders.to_string() << ", "
                << cuda::list_devices().at(0).to_string() << std::endl;
    } catch (const std::exception& error) {
      FAIL() << error.what();
    }
  }
};

[[maybe_unused]] const testing::Environment* const kRealMachine =
    testing::AddGlobalTestEnvironment(new RealMachine);  // GoogleTest owns it.

}  // namespace

Machine::Machine(Work /*work*/) {}

Machine::~Machine() {
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
}

void expect_said(const std::vector<std::string>& errors, const std::string& /*text*/) {
  EXPECT_THAT(errors, testing::Not(testing::IsEmpty()));
}

}  // namespace replayrt::tensorrt_test
