#include "replayrt/load_engine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "support/temporary_folder.hpp"

namespace replayrt {
namespace {

using testing::HasSubstr;

class LoadEngine : public testing::Test {
 protected:
  std::filesystem::path write(const std::string& name, const std::string& text) const {
    return temporary_.write(name, text);
  }

  static void expect_refused(const std::filesystem::path& path, const LoadOptions& options,
                             ErrorCode code, const std::vector<std::string>& parts) {
    SCOPED_TRACE(path.string() + ", backend " + options.backend + ", device " + options.device);
    try {
      static_cast<void>(load_engine(path, options));
      ADD_FAILURE() << "loaded";
    } catch (const Error& error) {
      EXPECT_EQ(to_string(error.code()), to_string(code)) << error.what();
      for (const std::string& part : parts) {
        EXPECT_THAT(error.what(), HasSubstr(part));
      }
    }
  }

  static bool has_openvino() {
    const auto backends = list_backends();
    return std::ranges::any_of(backends, [](const BackendInfo& info) {
      return info.name == "openvino" && info.available;
    });
  }

  const TemporaryFolder temporary_;
  const std::filesystem::path folder_ = temporary_.path();
};

TEST_F(LoadEngine, ListsEveryBackendItKnows) {
  const std::vector<BackendInfo> backends = list_backends();
  ASSERT_EQ(backends.size(), 2U);
  EXPECT_EQ(backends[0].name, "openvino");
  EXPECT_EQ(backends[1].name, "tensorrt");
  for (const BackendInfo& info : backends) {
    SCOPED_TRACE(info.name);
    EXPECT_EQ(info.available, info.why_missing.empty());
    EXPECT_EQ(info.available, !info.version.empty());
    EXPECT_EQ(info.available, !info.devices.empty());
  }
  if (has_openvino()) {
    EXPECT_THAT(backends[0].version, testing::StartsWith("20"));
    EXPECT_THAT(backends[0].devices.at(0), testing::MatchesRegex("cpu \\(.+\\)"));
  }
}

TEST_F(LoadEngine, APlanInMemoryIsForTensorRtOnly) {
  const std::vector<std::byte> plan(8);
  LoadOptions options;
  const auto refused = [&](std::span<const std::byte> bytes) {
    try {
      static_cast<void>(load_trt_plan(bytes, "mine", options));
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("mine"));
      return error.code();
    }
    ADD_FAILURE() << "loaded";
    return ErrorCode::kUnsupported;
  };
  EXPECT_EQ(refused({}), ErrorCode::kCorruptedModel);
  options.backend = "openvino";
  EXPECT_EQ(refused(plan), ErrorCode::kInvalidParameter);
}

TEST_F(LoadEngine, FilesThatCannotBeReadAreNamed) {
  expect_refused(folder_ / "missing.onnx", {}, ErrorCode::kFileAccess,
                 {"missing.onnx", "does not exist"});
  expect_refused(folder_, {}, ErrorCode::kFileAccess, {folder_.string(), "is a directory"});
  expect_refused(write("empty.onnx", ""), {}, ErrorCode::kCorruptedModel,
                 {"empty.onnx", "is empty"});
  if (geteuid() != 0) {  // Root reads everything.
    const auto path = write("secret.onnx", "x");
    std::filesystem::permissions(path, std::filesystem::perms::none);
    expect_refused(path, {}, ErrorCode::kFileAccess, {"secret.onnx", "cannot be opened"});
  }
}

TEST_F(LoadEngine, AnUnknownExtensionIsToldWhatIsAccepted) {
  for (const char* name : {"model.pt", "model", "model.onnx.bak"}) {
    expect_refused(write(name, "x"), {}, ErrorCode::kUnsupported, {name, ".onnx", ".xml", ".plan"});
  }
}

/// Where there are a GPU and TensorRT it says that these are no plans.
TEST_F(LoadEngine, ATensorRtPlanIsToldWhatTensorRtSaysOrThatThereIsNone) {
  const std::vector<BackendInfo> backends = list_backends();
  const bool has_tensorrt = std::ranges::find(backends, "tensorrt", &BackendInfo::name)->available;
  const ErrorCode code = has_tensorrt ? ErrorCode::kCorruptedModel : ErrorCode::kMissingDependency;
  for (const char* name : {"model.plan", "model.engine"}) {
    expect_refused(write(name, "x"), {}, code, {name, "TensorRT"});
  }
  expect_refused(write("model.onnx", "x"), {.backend = "tensorrt"}, code,
                 {"model.onnx", "TensorRT"});
}

TEST_F(LoadEngine, UnknownBackendsAndDevicesAreQuoted) {
  const auto path = write("model.onnx", "x");
  expect_refused(path, {.backend = "onnx"}, ErrorCode::kInvalidParameter,
                 {"backend 'onnx'", "auto, openvino, tensorrt"});
  expect_refused(path, {.device = "gpu"}, ErrorCode::kInvalidParameter,
                 {"device 'gpu'", "auto, cpu, cuda or cuda:N"});
}

TEST_F(LoadEngine, ADeviceThatTheBackendLacksIsRefused) {
  const auto path = write("model.onnx", "x");
  expect_refused(path, {.backend = "openvino", .device = "cuda"}, ErrorCode::kUnsupported,
                 {"openvino", "cuda:0", "device cpu"});
  expect_refused(path, {.device = "cuda:1"}, ErrorCode::kUnsupported, {"openvino", "cuda:1"});
  expect_refused(path, {.backend = "tensorrt", .device = "cpu"}, ErrorCode::kUnsupported,
                 {"tensorrt", "cpu", "backend openvino"});
}

TEST_F(LoadEngine, LoadsByExtensionOrByName) {
  if (!has_openvino()) {
    expect_refused(write("model.onnx", "x"), {}, ErrorCode::kMissingDependency,
                   {"REPLAYRT_OPENVINO=ON"});
    return;
  }
  const std::filesystem::path models = std::filesystem::path(REPLAYRT_TEST_DATA_DIR) / "models";
  for (const char* backend : {"auto", "openvino"}) {
    for (const char* device : {"auto", "cpu"}) {
      const Engine engine =
          load_engine(models / "trivial.onnx", {.backend = backend, .device = device});
      EXPECT_EQ(engine.backend_name(), "openvino");
      EXPECT_EQ(engine.device().to_string(), "cpu");
      EXPECT_THROW(static_cast<void>(make_stream(engine)), Error) << "there are none on a CPU";
    }
  }
}

}  // namespace
}  // namespace replayrt
