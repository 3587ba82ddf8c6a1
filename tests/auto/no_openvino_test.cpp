#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backends/openvino/backend.hpp"

namespace replayrt::openvino {
namespace {

using testing::HasSubstr;

TEST(NoOpenVino, SaysHowToGetIt) {
  const BackendInfo info = describe();
  EXPECT_EQ(info.name, "openvino");
  EXPECT_FALSE(info.available);
  EXPECT_THAT(info.why_missing, HasSubstr("REPLAYRT_OPENVINO=ON"));
  EXPECT_TRUE(info.version.empty());
}

TEST(NoOpenVino, RefusesToLoadAndNamesTheFile) {
  try {
    static_cast<void>(load_backend("some/model.onnx", {}));
    FAIL() << "loaded a model without OpenVINO";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kMissingDependency);
    EXPECT_THAT(error.what(), HasSubstr("some/model.onnx"));
    EXPECT_THAT(error.what(), HasSubstr("make setup"));
  }
}

}  // namespace
}  // namespace replayrt::openvino
