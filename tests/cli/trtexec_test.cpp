#include "trtexec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "bench_runner.hpp"
#include "fakes/fake_engine.hpp"

namespace replayrt::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// What trtexec of 8.5 prints at the end (samples/common/sampleReporting.cpp); 8.6 and 10 print the
// same lines, 11 none for the copies unless they are asked for.
constexpr std::string_view kSummary85 =
    R"([11/24/2026-02:00:00] [I] Average on 10 runs - GPU latency: 0.9 ms - Host latency: 0.95 ms (enqueue 0.7 ms)
[11/24/2026-02:00:00] [I]
[11/24/2026-02:00:00] [I] === Performance summary ===
[11/24/2026-02:00:00] [I] Throughput: 1005.25 qps
[11/24/2026-02:00:00] [I] Latency: min = 0.148 ms, max = 0.334 ms, mean = 0.16 ms, median = 0.157 ms, percentile(99%) = 0.2 ms
[11/24/2026-02:00:00] [I] Enqueue Time: min = 0.129 ms, max = 0.21 ms, mean = 0.14 ms, median = 0.144 ms, percentile(99%) = 0.2 ms
[11/24/2026-02:00:00] [I] H2D Latency: min = 0.0117 ms, max = 0.05 ms, mean = 0.0145 ms, median = 0.0139 ms, percentile(99%) = 0.02 ms
[11/24/2026-02:00:00] [I] GPU Compute Time: min = 0.121 ms, max = 0.3 ms, mean = 0.133 ms, median = 1.33e-1 ms, percentile(99%) = 0.2 ms
[11/24/2026-02:00:00] [I] D2H Latency: min = 0.00244 ms, max = 0.01 ms, mean = 0.0031 ms, median = 0.003 ms, percentile(99%) = 0.01 ms
[11/24/2026-02:00:00] [I] Total Host Walltime: 3.00025 s
[11/24/2026-02:00:00] [I] Total GPU Compute Time: 2.9 s
[11/24/2026-02:00:00] [W] * Throughput may be bound by Enqueue Time rather than GPU Compute and the GPU may be under-utilized.
[11/24/2026-02:00:00] [I] Explanations of the performance metrics are printed in the verbose logs.
[11/24/2026-02:00:00] [V] GPU Compute Time: the GPU latency to execute the kernels for a query.
[11/24/2026-02:00:00] [V] Latency: the summation of H2D Latency, GPU Compute Time, and D2H Latency.
&&&& PASSED TensorRT.trtexec [TensorRT v8503] # trtexec --loadEngine=x.plan
)";

TEST(ParseTrtexec, ReadsTheMediansOfTheSummary) {
  const TrtexecTimes times = parse_trtexec(kSummary85);
  EXPECT_DOUBLE_EQ(times.gpu_median, 133e-6);
  EXPECT_DOUBLE_EQ(times.latency_median.value(), 157e-6);
  EXPECT_DOUBLE_EQ(times.enqueue_median.value(), 144e-6);
}

TEST(ParseTrtexec, NeedsTheTimeOfTheGpuOnly) {
  const TrtexecTimes times = parse_trtexec("GPU Compute Time: min = 1 ms, median = 2 ms\r\n");
  EXPECT_DOUBLE_EQ(times.gpu_median, 2e-3);
  EXPECT_FALSE(times.latency_median.has_value());
  EXPECT_FALSE(times.enqueue_median.has_value());
}

TEST(ParseTrtexec, WhatIsNoSummaryIsAnErrorThatQuotesIt) {
  for (const std::string_view text :
       {"", "\n\n", "GPU Compute Time: the GPU latency",
        "GPU Compute Time: min = 1 ms, mean = 2 ms", "GPU Compute Time: min = 1 ms, median = x ms",
        "GPU Compute Time: min = 1 ms, median = 2 s",
        "GPU Compute Time: min = 1 ms, median = nan ms",
        "GPU Compute Time: min = 1 ms, median = "}) {
    EXPECT_THROW(static_cast<void>(parse_trtexec(text)), Error) << text;
  }
  try {
    static_cast<void>(parse_trtexec("one\n  the last  \n\n"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("'the last'"));
  }
}

BenchPlan plan_of(std::vector<Mode> modes, std::int64_t rounds = 1) {
  BenchPlan plan;
  plan.modes = std::move(modes);
  plan.rounds = rounds;
  return plan;
}

/// A folder with a program called trtexec, which is the whole PATH.
class TrtexecTest : public testing::Test {
 protected:
  TrtexecTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "replayrt_XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    path_ = std::getenv("PATH");         // NOLINT(concurrency-mt-unsafe)
    setenv("PATH", folder_.c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
    std::ofstream(folder_ / "summary") << kSummary85;
  }
  ~TrtexecTest() override {
    setenv("PATH", path_.c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
    std::filesystem::remove_all(folder_);
  }

  /// `help` is what it prints for --help; else it notes its arguments and does `then`.
  void install(const std::string& help, const std::string& then) const {
    const std::filesystem::path program = folder_ / "trtexec";
    std::ofstream(program) << "#!/bin/sh\nPATH=/usr/bin:/bin\ncd " << folder_
                           << "\nif [ \"$1\" = --help ]; then echo '" << help
                           << "'; exit 0; fi\necho \"$@\" >> called\n"
                           << then << "\n";
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  }
  [[nodiscard]] std::vector<std::string> called() const {
    std::vector<std::string> lines;
    std::ifstream file(folder_ / "called");
    for (std::string line; std::getline(file, line);) {
      lines.push_back(line);
    }
    return lines;
  }

  /// Shapes 3x2 and 1x2, called as 3x2, 1x2, 3x2.
  [[nodiscard]] std::vector<TrtexecRun> measure(const BenchPlan& bench) const {
    const Engine engine = fakes::make_fake_engine();
    std::vector<RequestedCall> calls;
    for (const std::int64_t rows : {3, 1, 3}) {
      calls.push_back({"test", {{"", Shape{rows, 2}}}});
    }
    return Trtexec::find().measure("some/x.plan", engine, make_workload(engine, calls, 1), bench);
  }

  std::filesystem::path folder_;
  std::string path_;
};

TEST_F(TrtexecTest, MeasuresEachShapeWithAndWithoutAGraph) {
  install("--useCudaGraph", "cat summary");
  const std::vector<TrtexecRun> runs =
      measure(plan_of({Mode::kEager, Mode::kRecapture, Mode::kReplay}, 5));
  ASSERT_EQ(runs.size(), 4U);
  EXPECT_EQ(runs[1].mode, Mode::kReplay);
  EXPECT_EQ(runs[1].index, 0U);
  EXPECT_EQ(runs[2].index, 1U);
  EXPECT_DOUBLE_EQ(runs[3].times.gpu_median, 133e-6);
  const std::string all = "--loadEngine=some/x.plan --device=0 --iterations=";
  const std::string last = " --duration=0 --exposeDMA --shapes=x:";
  EXPECT_THAT(called(), ElementsAre(all + "10" + last + "3x2 --useSpinWait",
                                    all + "10" + last + "3x2 --useSpinWait --useCudaGraph",
                                    all + "5" + last + "1x2 --useSpinWait",
                                    all + "5" + last + "1x2 --useSpinWait --useCudaGraph"));
}

TEST_F(TrtexecTest, AsksVersion11ForWhatOthersDoByThemselves) {
  install("--noCudaGraph", "cat summary");
  BenchPlan bench = plan_of({Mode::kReplay, Mode::kEager});
  bench.streams = {std::make_shared<int>(), std::make_shared<int>()};
  static_cast<void>(measure(bench));
  EXPECT_THAT(called()[0], testing::EndsWith("x:3x2 --streams=2 --includeDataTransfers"));
  EXPECT_THAT(called()[1], testing::EndsWith("--includeDataTransfers --noCudaGraph"));
}

TEST_F(TrtexecTest, AFailureIsToldInItsOwnWords) {
  install("", "echo '[1] [I] begin'; echo '[1] [E] the profile does not allow it' >&2; exit 1");
  try {
    static_cast<void>(measure(plan_of({Mode::kEager})));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModelRuntime);
    EXPECT_THAT(error.what(), HasSubstr("exit code 1"));
    EXPECT_THAT(error.what(), HasSubstr("3x2: [1] [E] the profile does not allow it"));
  }
}

TEST_F(TrtexecTest, IsMissing) {
  try {
    static_cast<void>(Trtexec::find());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kMissingDependency);
    EXPECT_THAT(error.what(), HasSubstr("no trtexec in PATH"));
  }
}

}  // namespace
}  // namespace replayrt::cli
