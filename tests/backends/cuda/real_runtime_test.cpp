// With NVIDIA's own runtime, linked statically: a program starts without a driver, and says so only
// when it is asked for a GPU. On a machine with a driver it says what there is.

#include <gtest/gtest.h>

#include "backends/cuda/device.hpp"
#include "backends/cuda/handles.hpp"
#include "replayrt/core/error.hpp"

namespace replayrt::cuda {
namespace {

TEST(RealCudaRuntime, StartsWithAndWithoutADriver) {
  const DriverStatus status = query_driver();
  EXPECT_GE(status.runtime_version, 12000);
  EXPECT_EQ(list_devices().size(), static_cast<std::size_t>(status.device_count));
  EXPECT_EQ(status.usable(), status.device_count > 0);
  if (status.driver_version == 0) {
    EXPECT_EQ(status.why_missing.substr(0, 14), "no CUDA driver");
  }
}

TEST(RealCudaRuntime, AGpuThatIsNotThereIsAnErrorThatSaysWhatToInstall) {
  const DriverStatus status = query_driver();
  if (status.usable()) {
    EXPECT_NO_THROW(static_cast<void>(make_stream()));
    EXPECT_THROW(require_device(status.device_count), Error);
    return;
  }
  try {
    static_cast<void>(make_device_memory(16));
    ADD_FAILURE() << "there is memory, but no GPU";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kMissingDependency);
    EXPECT_NE(std::string(error.what()).find(status.why_missing), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace replayrt::cuda
