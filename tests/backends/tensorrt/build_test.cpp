// `build_plan` on the doubles of TensorRT's builder and ONNX parser.

#include "backends/tensorrt/backend.hpp"
#include "backends/tensorrt/onnx_parser.hpp"
#include "backends/tensorrt/support.hpp"
#include "support/temporary_folder.hpp"

namespace replayrt::tensorrt_test {
namespace {

constexpr bool kHasFlags = tensorrt::kHasPrecisionFlags;

class BuildTest : public TensorRtTest {
 protected:
  BuildTest() { name_parser(REPLAYRT_FAKE_NVONNXPARSER); }
  ~BuildTest() override { name_parser(""); }

  static void name_parser(const std::string& file) {
    setenv(tensorrt::kParserLibraryVariable, file.c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
  }

  /// The double's "ONNX": inputs a, b, … of ? x 7.
  std::filesystem::path model(std::size_t inputs = 1) {
    return model(sum_plan({Range{1, 1, 1000}}, Range::fixed(7), inputs));
  }
  std::filesystem::path model(const Plan& plan) {
    return folder_.write("model.onnx", text_of(trt_double::serialize(plan)));
  }

  static InputShapes rows(std::int64_t min, std::int64_t opt, std::int64_t max,
                          const std::string& name = "a") {
    return {name, {min, 7}, {opt, 7}, {max, 7}};
  }
  static std::string text_of(const std::vector<std::byte>& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  TemporaryFolder folder_;
};

TEST_F(BuildTest, ThePlanRunsInItsRangesAndNotBeyond) {
  const BuiltPlan built =
      tensorrt::build_plan(model(2), {.shapes = {rows(1, 2, 4), rows(1, 2, 4, "b")}});
  ASSERT_EQ(built.inputs.size(), 2U);
  EXPECT_EQ(built.inputs[1].name, "b");
  EXPECT_EQ(built.inputs[1].max, Shape({4, 7}));
  const Engine engine(tensorrt::load_plan(built.plan, "built.plan", LoadOptions{}));
  EXPECT_EQ(engine.inputs()[0].shape_text(), "1..4x7");
  const std::vector<Tensor> inputs = {counted({3, 7}), counted({3, 7}, 9)};
  const Plan plan = sum_plan({Range{1, 2, 4}}, Range::fixed(7), 2);
  EXPECT_EQ(values_of(run(engine, inputs).outputs[0]), expected_sum(plan, inputs));
  expect_error(ErrorCode::kModelInput, {"5x7"}, [&] {
    run(engine, {counted({5, 7}), counted({5, 7})});
  });
}

TEST_F(BuildTest, TheOnlyInputNeedsNoName) {
  EXPECT_EQ(tensorrt::build_plan(model(), {.shapes = {rows(1, 2, 4, "")}}).inputs[0].name, "a");
  expect_error(ErrorCode::kInvalidParameter, {"input 'a'"},
               [&] { tensorrt::build_plan(model(2), {.shapes = {rows(1, 2, 4, "")}}); });
}

TEST_F(BuildTest, FixedInputsNeedNoShapes) {
  const BuiltPlan built = tensorrt::build_plan(model(sum_plan({Range::fixed(3)})), {});
  EXPECT_EQ(built.inputs[0].min, Shape({3, 7}));
  const Engine engine(
      std::make_unique<tensorrt::TensorRtEngine>(built.plan, "built.plan", LoadOptions{}));
  run(engine, {counted({3, 7})});
  tensorrt::build_plan(model(sum_plan({Range::fixed(3)})), {.shapes = {rows(3, 3, 3)}});
}

// Before TensorRT 10 and without sharing, a graph needs a profile of its own.
TEST_F(BuildTest, ProfilesAreAsManyAsAskedFor) {
  for (const std::int64_t profiles : {1, 3}) {
    const BuiltPlan built =
        tensorrt::build_plan(model(), {.shapes = {rows(1, 2, 4)}, .profiles = profiles});
    const Engine engine(
        std::make_unique<tensorrt::TensorRtEngine>(built.plan, "built.plan", LoadOptions{}));
    const auto cache = capturing_cache(8);
    for (const std::int64_t count : {1, 2}) {
      run(engine, {counted({count, 7})}, cache);
    }
    const bool alone = tensorrt::kProfileSharing == tensorrt::ProfileSharing::kNever;
    EXPECT_EQ(cache->get_current_size(), alone && profiles == 1 ? 0 : 2);
  }
}

TEST_F(BuildTest, OptionsReachTheBuilder) {
  const std::filesystem::path path = model();
  const auto build = [&](PlanBuildOptions options) {
    options.shapes = {rows(1, 2, 4)};
    tensorrt::build_plan(path, options);
    return trt_double::last_build().value();
  };
  using Flags = std::set<std::string>;
  const trt_double::Build plain = build({});
  EXPECT_EQ(plain.flags, Flags());
  EXPECT_EQ(plain.workspace_bytes, std::nullopt);
  EXPECT_EQ(plain.library_kernels, REPLAYRT_FAKE_TENSORRT < 1000);
  EXPECT_EQ(plain.shares_profiles,
            REPLAYRT_FAKE_TENSORRT / 100 == 8 && REPLAYRT_FAKE_TENSORRT >= 806);
  EXPECT_EQ(build({.tf32 = true}).flags, Flags({"tf32"}));
  EXPECT_EQ(build({.workspace_bytes = 1 << 20}).workspace_bytes, 1U << 20);
  EXPECT_FALSE(build({.library_kernels = false}).library_kernels);
  if (kHasFlags) {
    EXPECT_EQ(build({.f16 = true, .i8 = true}).flags, Flags({"f16", "i8"}));
  }
  if (tensorrt::kHasBf16Flag) {
    EXPECT_EQ(build({.bf16 = true}).flags, Flags({"bf16"}));
  }
}

TEST_F(BuildTest, OptionsThatThisTensorRtHasNotAreRefused) {
  const std::filesystem::path path = model();
  if (!kHasFlags) {
    for (const PlanBuildOptions& options :
         {PlanBuildOptions{.f16 = true}, PlanBuildOptions{.i8 = true}}) {
      expect_error(ErrorCode::kUnsupported, {"TensorRT 11", "from the model"},
                   [&] { tensorrt::build_plan(path, options); });
    }
  }
  if (!tensorrt::kHasBf16Flag) {
    expect_error(ErrorCode::kUnsupported, {kHasFlags ? "bf16 needs TensorRT 10" : "TensorRT 11"},
                 [&] { tensorrt::build_plan(path, {.bf16 = true}); });
  }
  expect_error(ErrorCode::kInvalidParameter, {"profiles is 0", "1 to 64"},
               [&] { tensorrt::build_plan(path, {.profiles = 0}); });
  expect_error(ErrorCode::kInvalidParameter, {"workspace_bytes is 0"},
               [&] { tensorrt::build_plan(path, {.workspace_bytes = 0}); });
  expect_error(ErrorCode::kInvalidParameter, {"'cpu'", "cuda:N"},
               [&] { tensorrt::build_plan(path, {.device = "cpu"}); });
  expect_error(ErrorCode::kInvalidParameter, {"cuda:7"},
               [&] { tensorrt::build_plan(path, {.device = "cuda:7"}); });
}

TEST_F(BuildTest, WrongShapesAreNamed) {
  const std::filesystem::path path = model(2);
  struct Case {
    std::vector<InputShapes> shapes;
    std::vector<std::string> said;
  };
  const std::vector<Case> cases = {
      {{rows(1, 2, 4)}, {"input 'b' is -1x7", "min, opt, max"}},
      {{rows(1, 2, 4), rows(1, 2, 4, "c")}, {"input 'b'"}},
      {{rows(1, 2, 4), rows(1, 2, 4, "b"), rows(1, 2, 4, "c")}, {"'c' is unknown", "a, b"}},
      {{rows(1, 2, 4), rows(1, 2, 4, "b"), rows(1, 2, 4)}, {"'a' is given twice"}},
      {{rows(1, 5, 4), rows(1, 2, 4, "b")}, {"'a'", "min <= opt <= max", "5x7"}},
      {{rows(3, 2, 4), rows(1, 2, 4, "b")}, {"'a'", "min <= opt <= max", "3x7"}},
      {{{"a", {1}, {2}, {3}}, rows(1, 2, 4, "b")}, {"'a'", "got shape 1", "2 dimensions"}},
      {{{"a", {1, 7}, {2, 8}, {3, 9}}, rows(1, 2, 4, "b")}, {"'a'", "2x8", "fixed to 7"}},
      {{{"a", {1, 7}, {2, 7}, {1LL << 31, 7}}, rows(1, 2, 4, "b")}, {"'a'", "too large"}},
  };
  for (const Case& wrong : cases) {
    expect_error(ErrorCode::kInvalidParameter, wrong.said,
                 [&] { tensorrt::build_plan(path, {.shapes = wrong.shapes}); });
  }
}

TEST_F(BuildTest, WhatTheParserRefusesIsTold) {
  Plan plan = sum_plan({Range{1, 1, 9}});
  plan.plugin_synchronizes = true;  // The double's parser knows no plugins.
  std::vector<std::string> said = {"model.onnx", "node 7", "No importer", "line 42"};
  if (REPLAYRT_FAKE_TENSORRT >= 1000) {
    said.emplace_back("(Plugin 'stem.plugin')");
  }
  expect_error(ErrorCode::kCorruptedModel, said, [&] { tensorrt::build_plan(model(plan), {}); });
  expect_error(ErrorCode::kCorruptedModel, {"none.onnx"},
               [&] { tensorrt::build_plan(folder_.write("none.onnx", "no model"), {}); });
  Plan expand;
  expand.function = Function::kExpand;
  expand.inputs = {{"a", DType::kF32, {{Range{1, 1, 9}}}},
                   {"target", DType::kI32, {{Range{1, 1, 4}}}}};
  expand.outputs = {{"filled", DType::kF32}};
  expect_error(ErrorCode::kUnsupported, {"'target'", "trtexec"}, [&] {
    tensorrt::build_plan(model(expand), {.shapes = {{"a", {1}, {2}, {4}}}});
  });
}

TEST_F(BuildTest, AMissingParserIsToldWithWhatItNeeds) {
  name_parser("/nowhere/libnvonnxparser.so");
  std::vector<std::string> said = {"/nowhere", "libnvonnxparser.so.", "REPLAYRT_TENSORRT_PARSER"};
  if (REPLAYRT_FAKE_TENSORRT < 1000) {
    said.emplace_back("cuBLAS and cuDNN");
  }
  expect_error(ErrorCode::kMissingDependency, said, [&] { tensorrt::build_plan(model(), {}); });
  name_parser(REPLAYRT_FAKE_NVINFER);  // A library, but not the parser.
  expect_error(ErrorCode::kMissingDependency, {"is not TensorRT's ONNX parser"},
               [&] { tensorrt::build_plan(model(), {}); });
}

TEST_F(BuildTest, TheTimingCacheGrowsFromBuildToBuild) {
  const std::filesystem::path path = model();
  const std::vector<InputShapes> shapes = {rows(1, 2, 4)};
  const BuiltPlan first = tensorrt::build_plan(path, {.shapes = shapes});
  const BuiltPlan second =
      tensorrt::build_plan(path, {.shapes = shapes, .timing_cache = first.timing_cache});
  EXPECT_EQ(trt_double::last_build()->timing_cache, text_of(first.timing_cache));
  EXPECT_EQ(text_of(second.timing_cache), text_of(first.timing_cache) + "a;");
}

TEST_F(BuildTest, ATimingCacheOfAnotherVersionOrNoneAtAllIsLeftOut) {
  const std::filesystem::path path = model();
  for (const std::string text : {"timings of 7.0.0;a;", "rubbish"}) {
    const auto bytes = std::as_bytes(std::span(text));
    testing::internal::CaptureStderr();
    const BuiltPlan built = tensorrt::build_plan(
        path, {.shapes = {rows(1, 2, 4)}, .timing_cache = {bytes.begin(), bytes.end()}});
    EXPECT_THAT(testing::internal::GetCapturedStderr(), testing::HasSubstr("timing cache"));
    EXPECT_EQ(text_of(built.timing_cache), "timings of " + trt_double::version() + ";a;");
  }
}

TEST_F(BuildTest, ProgressIsToldAndMayStopTheBuild) {
  std::vector<std::string> told;
  PlanBuildOptions options{.shapes = {rows(1, 2, 4)}};
  options.on_progress = [&](const std::string& phase, std::int64_t done, std::int64_t steps) {
    told.push_back(phase + " " + std::to_string(done) + "/" + std::to_string(steps));
    return told.size() < 100;
  };
  tensorrt::build_plan(model(), options);
  const std::vector<std::string> all = {"Tactic Selection 0/3", "Tactic Selection 1/3",
                                        "Tactic Selection 2/3", "Tactic Selection 3/3"};
  EXPECT_EQ(told, tensorrt::kTellsProgress ? all : std::vector<std::string>());
  if (tensorrt::kTellsProgress) {
    options.on_progress = [](const std::string&, std::int64_t done, std::int64_t) {
      return done < 2;
    };
    expect_error(ErrorCode::kModelRuntime, {"model.onnx", "was stopped"},
                 [&] { tensorrt::build_plan(model(), options); });
  }
}

// Whatever call of TensorRT fails: a clear error or a whole plan, and nothing is left behind.
TEST_F(BuildTest, EveryCallMayFail) {
  const std::filesystem::path path = model();
  const PlanBuildOptions options{
      .shapes = {rows(1, 2, 4)}, .profiles = 2, .library_kernels = false};
  const BuiltPlan whole = tensorrt::build_plan(path, options);
  PlanBuildOptions known = options;
  known.timing_cache = whole.timing_cache;
  std::int64_t failures = 0;
  for (std::int64_t n = 1;; ++n) {
    trt_double::fail_call(n);
    try {
      EXPECT_EQ(tensorrt::build_plan(path, known).plan, whole.plan) << trt_double::failed_call();
    } catch (const Error& error) {
      ++failures;
      EXPECT_THAT(error.what(), testing::HasSubstr("TensorRT")) << trt_double::failed_call();
    }
    EXPECT_EQ(trt_double::live(), trt_double::Live()) << trt_double::failed_call();
    if (trt_double::failed_call().empty()) {
      break;
    }
  }
  trt_double::fail_call(0);
  EXPECT_GT(failures, 10);
  EXPECT_EQ(tensorrt::build_plan(path, options).plan, whole.plan);
}

}  // namespace
}  // namespace replayrt::tensorrt_test
