#include "backends/cuda/device.hpp"

#include <gtest/gtest.h>

#include "backends/cuda/device_guard.hpp"
#include "backends/cuda/handles.hpp"
#include "core/expect_error.hpp"
#include "fakes/cuda/fixture.hpp"

namespace replayrt::cuda {
namespace {

using fakes::cuda::reset;

class DeviceTest : public fakes::cuda::CudaTest {
 protected:
  DeviceTest() : CudaTest({.devices = 2, .memory_bytes = std::size_t{3} << 29}) {}
};

int current_device() {
  int device = -1;
  EXPECT_EQ(cudaGetDevice(&device), cudaSuccess);
  return device;
}

TEST_F(DeviceTest, ListsWhatThereIs) {
  const DriverStatus status = query_driver();
  EXPECT_TRUE(status.usable());
  EXPECT_EQ(status.device_count, 2);
  EXPECT_EQ(status.runtime_version, CUDART_VERSION);
  EXPECT_EQ(status.driver_version, CUDART_VERSION);
  const std::vector<DeviceInfo> devices = list_devices();
  ASSERT_EQ(devices.size(), 2U);
  EXPECT_EQ(devices[1].to_string(), "cuda:1 ReplayRT double 1, compute capability 9.0, 1.5 GiB");
}

TEST_F(DeviceTest, NoDriverIsNoFailureUntilADeviceIsAskedFor) {
  reset({.driver_version = 0});
  EXPECT_NE(query_driver().why_missing.find("no CUDA driver: install"), std::string::npos);
  EXPECT_TRUE(list_devices().empty());
  EXPECT_EQ(cudaPeekAtLastError(), cudaSuccess);
  expect_error(ErrorCode::kMissingDependency, {"no CUDA driver"}, [] { require_device(0); });
}

TEST_F(DeviceTest, AnOldDriverIsToldFromNone) {
  reset({.driver_version = 11080});
  const DriverStatus status = query_driver();
  EXPECT_EQ(status.driver_version, 11080);
  EXPECT_NE(status.why_missing.find("too old: it is one for CUDA 11.8; install"), std::string::npos)
      << status.why_missing;
  EXPECT_NE(status.why_missing.find(version_text(CUDART_VERSION)), std::string::npos);
}

TEST_F(DeviceTest, ADriverWithoutADeviceIsToldFromNoDriver) {
  reset({.devices = 0});
  EXPECT_NE(query_driver().why_missing.find("no CUDA device"), std::string::npos);
  EXPECT_TRUE(list_devices().empty());
}

TEST_F(DeviceTest, OtherFailuresAreNamed) {
  fakes::cuda::fail_call("cudaGetDeviceCount", 1, cudaErrorInitializationError);
  EXPECT_NE(query_driver().why_missing.find("cudaErrorInitializationError"), std::string::npos);
}

TEST_F(DeviceTest, DevicesAreRequiredByNumber) {
  EXPECT_NO_THROW(require_device(1));
  expect_error(ErrorCode::kInvalidParameter, {"cuda:2", "sees 2"}, [] { require_device(2); });
  expect_error(ErrorCode::kInvalidParameter, {"cuda:-1"}, [] { require_device(-1); });
}

TEST_F(DeviceTest, AGuardMakesADeviceCurrentForAScope) {
  {
    const DeviceGuard first(1);
    EXPECT_EQ(current_device(), 1);
    {
      const DeviceGuard second(0);
      EXPECT_EQ(current_device(), 0);
    }
    EXPECT_EQ(current_device(), 1);
    const auto calls = fakes::cuda::call_count("cudaSetDevice");
    const DeviceGuard same(1);
    EXPECT_EQ(fakes::cuda::call_count("cudaSetDevice"), calls);
  }
  EXPECT_EQ(current_device(), 0);
  expect_error(ErrorCode::kModelRuntime, {"cudaSetDevice (cuda:5)"}, [] { DeviceGuard guard(5); });
  EXPECT_EQ(current_device(), 0);
}

TEST_F(DeviceTest, PointersTellWhereTheyPoint) {
  const DeviceGuard guard(1);
  const DeviceMemory device = make_device_memory(16);
  const PinnedMemory pinned = make_pinned_memory(16);
  const int on_stack = 0;
  EXPECT_EQ(pointer_info(device.get()).place, MemoryPlace::kDevice);
  EXPECT_EQ(pointer_info(device.get()).device, 1);
  EXPECT_EQ(pointer_info(pinned.get()).place, MemoryPlace::kPinned);
  EXPECT_EQ(pointer_info(&on_stack).place, MemoryPlace::kHost);
  EXPECT_EQ(pointer_info(&on_stack).device, -1);
}

}  // namespace
}  // namespace replayrt::cuda
