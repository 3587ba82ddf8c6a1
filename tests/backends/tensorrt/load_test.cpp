// What an engine is made of, and all that may be wrong with a plan, an option or the library.

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <mutex>

#include "backends/tensorrt/backend.hpp"
#include "backends/tensorrt/support.hpp"
#include "replayrt/core/log.hpp"

namespace replayrt::tensorrt_test {
namespace {

using testing::HasSubstr;

class LoadTest : public TensorRtTest {
 protected:
  static void expect_refused(const Plan& plan, ErrorCode code,
                             std::initializer_list<std::string> parts,
                             const LoadOptions& options = {}) {
    expect_error(code, parts, [&] { load(plan, options); });
  }
};

TEST_F(LoadTest, SpecsSpanAllProfiles) {
  const Engine engine = load(sum_plan({{1, 4, 8}, {16, 16, 32}}, {7, 9, 9}, 2));
  EXPECT_EQ(engine.backend_name(), "tensorrt");
  EXPECT_EQ(engine.device(), (Device{DeviceType::kCuda, 0}));
  ASSERT_EQ(engine.inputs().size(), 2U);
  EXPECT_EQ(engine.inputs()[1].name, "b");
  const std::vector<DimensionRange> dims = {{1, 32, 4}, {7, 9, 9}};
  EXPECT_EQ(engine.inputs()[0].dims, dims);
  EXPECT_EQ(engine.outputs()[0].name, "sum");
  EXPECT_TRUE(engine.outputs()[0].is_dynamic());
}

TEST_F(LoadTest, FixedShapesHaveNoRange) {
  const Engine engine = load(sum_plan({Range::fixed(2)}));
  EXPECT_EQ(engine.inputs()[0].shape_text(), "2x7");
  EXPECT_EQ(run(engine, {counted({2, 7})}).outputs[0].shape(), (Shape{2, 7}));
}

TEST_F(LoadTest, APlanCutOffAnywhereIsRefused) {
  const std::vector<std::byte> whole = trt_double::serialize(sum_plan());
  set_log_sink({}, LogLevel::kOff);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    expect_error(ErrorCode::kCorruptedModel, {"cut.plan", "TensorRT", "[error]"},
                 [&] { tensorrt::TensorRtEngine(std::span(whole).first(size), "cut.plan", {}); });
  }
}

TEST_F(LoadTest, APlanWithAnyByteChangedIsRefused) {
  std::vector<std::byte> bytes = trt_double::serialize(sum_plan());
  set_log_sink({}, LogLevel::kOff);
  for (std::byte& byte : bytes) {
    byte ^= std::byte{0x40};
    expect_error(ErrorCode::kCorruptedModel, {"changed.plan"},
                 [&] { tensorrt::TensorRtEngine(bytes, "changed.plan", {}); });
    byte ^= std::byte{0x40};
  }
  EXPECT_NO_THROW(tensorrt::TensorRtEngine(bytes, "whole.plan", {}));
}

TEST_F(LoadTest, TheContentIsThePlanWhereverItLies) {
  const std::vector<std::byte> bytes = trt_double::serialize(sum_plan());
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / "replayrt_content.plan";
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  const tensorrt::TensorRtEngine of_memory(bytes, "memory", {});
  const tensorrt::TensorRtEngine of_file(path, {.tensorrt = {.activation_slots = 3}});
  EXPECT_EQ(of_memory.content_hash().size(), 64U);
  EXPECT_EQ(of_file.content_hash(), of_memory.content_hash());
  std::filesystem::remove(path);
  EXPECT_EQ(of_file.content_hash(), of_memory.content_hash()) << "it is remembered";
  const tensorrt::TensorRtEngine other(trt_double::serialize(sum_plan({Range::fixed(2)})), "other",
                                       {});
  EXPECT_NE(other.content_hash(), of_memory.content_hash());
}

TEST_F(LoadTest, WhatIsNoPlanIsRefused) {
  const std::vector<std::byte> text(100, std::byte{'x'});
  expect_error(ErrorCode::kCorruptedModel, {"text.plan", "Magic tag does not match", "cuda:0"},
               [&] { tensorrt::TensorRtEngine(text, "text.plan", {}); });
}

TEST_F(LoadTest, AnotherVersionOrGpuSaysWhatWasFound) {
  Plan plan = sum_plan();
  plan.version = 7100;
  expect_refused(plan, ErrorCode::kCorruptedModel,
                 {"got 7100", "please rebuild", "TensorRT " + trt_double::version()});
  plan.version = 0;
  plan.gpu = 75;
  expect_refused(plan, ErrorCode::kCorruptedModel,
                 {"got compute 7.5", "expecting compute 9.0", "cuda:0"});
}

TEST_F(LoadTest, HostCodeRunsOnlyIfAllowed) {
  Plan plan = sum_plan();
  LoadOptions options;
  options.tensorrt.engine_host_code_allowed = true;
  if (!tensorrt::kHasHostCode) {
    expect_refused(plan, ErrorCode::kUnsupported, {"engine_host_code_allowed", "8.6"}, options);
    return;
  }
  plan.needs_host_code = true;
  expect_refused(plan, ErrorCode::kCorruptedModel, {"host code"});
  EXPECT_NO_THROW(load(plan, options));
}

TEST_F(LoadTest, OptionsThatAPlanCannotFollowAreNamed) {
  LoadOptions options;
  options.precision = Precision::kF16;
  expect_refused(sum_plan(), ErrorCode::kUnsupported, {"precision of a TensorRT plan"}, options);
  options = {};
  options.edits.argmax = {{"sum", -1}};
  expect_refused(sum_plan(), ErrorCode::kUnsupported, {"argmax", "'sum'"}, options);
  options.edits = {.image_inputs = {{.input = "a"}}};
  expect_refused(sum_plan(), ErrorCode::kUnsupported, {"image_inputs", "'a'"}, options);
  options = {};
  options.inference_threads = 2;
  expect_refused(sum_plan(), ErrorCode::kUnsupported, {"inference_threads"}, options);
  for (const std::int64_t slots : {0, -1, 65}) {
    options = {};
    options.tensorrt.activation_slots = slots;
    expect_refused(sum_plan(), ErrorCode::kInvalidParameter,
                   {"activation_slots is " + std::to_string(slots), "1 to 64"}, options);
  }
  options = {};
  options.device = "cuda:3";
  expect_refused(sum_plan(), ErrorCode::kInvalidParameter, {"cuda:3"}, options);
}

TEST_F(LoadTest, TensorsThatCannotBeServedAreNamed) {
  Plan plan = sum_plan();
  plan.blocked_format = true;
  expect_refused(plan, ErrorCode::kUnsupported, {"test.plan", "'a'", "kCHW32", "row-major"});
  plan = sum_plan();
  plan.function = Function::kCopy;
  plan.inputs[0].dtype = DType::kF64;  // The double gives it a number that no TensorRT has.
  plan.outputs[0].dtype = DType::kF64;
  expect_refused(plan, ErrorCode::kUnsupported, {"'a'", "element type 99"});
}

TEST_F(LoadTest, NoRoomForActivationMemory) {
  Plan plan = sum_plan();
  plan.activation_base = std::uint64_t{1} << 40;
  expect_refused(plan, ErrorCode::kOutOfMemory, {"slots"});
}

TEST_F(LoadTest, FileThatCannotBeRead) {
  expect_error(ErrorCode::kFileAccess, {"no/such.plan"},
               [] { tensorrt::load_backend("no/such.plan", {}); });
}

TEST_F(LoadTest, LoadsFromAFile) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("replayrt_load_test_" + trt_double::version() + ".plan");
  const std::vector<std::byte> bytes = trt_double::serialize(sum_plan());
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  const Engine engine(tensorrt::load_backend(path, {}));
  std::filesystem::remove(path);
  EXPECT_EQ(run(engine, {counted({2, 7})}).outputs[0].shape(), (Shape{2, 7}));
}

TEST_F(LoadTest, MessagesReachTheLogAtTheirLevel) {
  std::mutex mutex;
  std::vector<std::string> lines;
  set_log_sink(
      [&](LogLevel level, std::string_view text) {
        const std::lock_guard lock(mutex);
        lines.push_back(std::string(to_string(level)) + " " + std::string(text));
      },
      LogLevel::kInfo);
  load(sum_plan());
  EXPECT_THAT(lines, testing::Contains("info TensorRT: Loaded engine size: 0 MiB"));
  set_log_sink({}, LogLevel::kOff);
}

TEST_F(LoadTest, DescribesWhatThereIs) {
  const BackendInfo info = tensorrt::describe();
  EXPECT_TRUE(info.available) << info.why_missing;
  EXPECT_EQ(info.version, trt_double::version());
  EXPECT_EQ(info.devices.size(), 1U);
  cuda_double::reset({.driver_version = 0});
  EXPECT_FALSE(tensorrt::describe().available);
  EXPECT_THAT(tensorrt::describe().why_missing, HasSubstr("no CUDA driver"));
  expect_error(ErrorCode::kMissingDependency, {"test.plan", "no CUDA driver"},
               [] { load(sum_plan()); });
}

class LibraryTest : public TensorRtTest {
 protected:
  static void expect_missing(std::initializer_list<std::string> parts) {
    expect_error(ErrorCode::kMissingDependency, parts, [] { load(sum_plan()); });
    expect_error(ErrorCode::kMissingDependency, {"test.plan"}, [] { load(sum_plan()); });
    EXPECT_FALSE(tensorrt::describe().available);
  }
  const std::string needed_ = "needs TensorRT " + std::to_string(tensorrt::kHeaders.major) + "." +
                              std::to_string(tensorrt::kHeaders.minor);
};

TEST_F(LibraryTest, MissingSaysWhatIsNeeded) {
  use_library("/no/such/libnvinfer.so");
  expect_missing({"REPLAYRT_TENSORRT_LIBRARY=/no/such/libnvinfer.so", needed_});
}

TEST_F(LibraryTest, SomethingElseIsRefused) {
  use_library("libm.so.6");
  expect_missing({"libm.so.6 is not TensorRT's runtime library", "getInferLibVersion", needed_});
}

TEST_F(LibraryTest, AnotherMajorVersionIsRefused) {
  use_library(REPLAYRT_OTHER_MAJOR);
  expect_missing({REPLAYRT_OTHER_MAJOR, "is TensorRT 7.0.0", needed_});
}

TEST_F(LibraryTest, AnOlderMinorVersionIsRefusedANewerOneIsNot) {
  use_library(REPLAYRT_OLDER_MINOR);
  expect_missing({"is TensorRT " + std::to_string(tensorrt::kHeaders.major) + ".0.0", needed_});
  use_library(REPLAYRT_NEWER_MINOR);
  // That one makes no runtime, but it was asked for one.
  expect_error(ErrorCode::kModelRuntime,
               {"made no runtime", std::to_string(tensorrt::kHeaders.major) + ".9"},
               [] { load(sum_plan()); });
}

TEST_F(LibraryTest, VersionsAreDecoded) {
  EXPECT_EQ(tensorrt::Version::decode(8503).to_string(), "8.5.3");
  EXPECT_EQ(tensorrt::Version::decode(8601).to_string(), "8.6.1");
  EXPECT_EQ(tensorrt::Version::decode(100300).to_string(), "10.3.0");
  EXPECT_EQ(tensorrt::Version::decode(101601).to_string(), "10.16.1");
}

}  // namespace
}  // namespace replayrt::tensorrt_test
