#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backends/tensorrt/backend.hpp"

namespace replayrt::tensorrt {
namespace {

using testing::HasSubstr;

TEST(NoTensorRt, SaysHowToGetIt) {
  const BackendInfo info = describe();
  EXPECT_EQ(info.name, "tensorrt");
  EXPECT_FALSE(info.available);
  EXPECT_THAT(info.why_missing, HasSubstr("REPLAYRT_TENSORRT=ON"));
  EXPECT_TRUE(info.version.empty());
}

TEST(NoTensorRt, RefusesToLoadAndNamesTheFile) {
  try {
    static_cast<void>(load_backend("some/model.plan", {}));
    FAIL() << "loaded a model without TensorRT";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kMissingDependency);
    EXPECT_THAT(error.what(), HasSubstr("some/model.plan"));
    EXPECT_THAT(error.what(), HasSubstr("REPLAYRT_TENSORRT_INCLUDE_DIR"));
  }
}

TEST(NoTensorRt, RefusesAPlanInMemoryByItsName) {
  try {
    static_cast<void>(load_plan({}, "my plan", {}));
    FAIL() << "loaded a plan without TensorRT";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kMissingDependency);
    EXPECT_THAT(error.what(), HasSubstr("my plan"));
  }
}

TEST(NoTensorRt, RefusesToBuildAndNamesTheFile) {
  try {
    static_cast<void>(build_plan("some/model.onnx", {}));
    FAIL() << "built a plan without TensorRT";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kMissingDependency);
    EXPECT_THAT(error.what(), HasSubstr("some/model.onnx"));
    EXPECT_THAT(error.what(), HasSubstr("REPLAYRT_TENSORRT_INCLUDE_DIR"));
  }
}

TEST(NoTensorRt, HasNoStreams) {
  EXPECT_THROW(static_cast<void>(make_stream({DeviceType::kCuda, 0})), Error);
}

}  // namespace
}  // namespace replayrt::tensorrt
