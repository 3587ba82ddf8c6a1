#include "replayrt/core/device.hpp"

#include "core/expect_error.hpp"

namespace replayrt {
namespace {

TEST(DeviceTest, CudaMeansCudaZero) {
  EXPECT_EQ(Device::parse("cuda"), Device::parse("cuda:0"));
  EXPECT_NE(Device::parse("cuda:1"), Device::parse("cuda:0"));
  EXPECT_NE(Device::parse("cpu"), Device::parse("cuda"));
}

TEST(DeviceTest, TextRoundTrips) {
  for (const char* text : {"cpu", "cuda:0", "cuda:7"}) {
    EXPECT_EQ(Device::parse(text).to_string(), text);
  }
}

TEST(DeviceTest, OthersAreQuoted) {
  for (const char* text :
       {"", "gpu", "CPU", "cuda:", "cuda:-1", "cuda:1x", "cuda:99999999999", "cpu:0"}) {
    expect_error(ErrorCode::kInvalidParameter, {"'" + std::string(text) + "'", "cuda:N"},
                 [&] { Device::parse(text); });
  }
}

}  // namespace
}  // namespace replayrt
