#include "models/package/trt_config.hpp"

#include "expect_problem.hpp"
#include "valid_package.hpp"

namespace replayrt::models {
namespace {

struct Parsed {
  TrtConfig config;
  std::vector<PackageProblem> problems;
};

Parsed parse(std::string_view text) {
  Parsed parsed;
  parsed.config = parse_trt_config(text, parsed.problems);
  return parsed;
}

std::string dynamic(const char* min, const char* opt, const char* max) {
  return R"({"dynamic_batch_size_min": )" + std::string(min) + R"(, "dynamic_batch_size_opt": )" +
         opt + R"(, "dynamic_batch_size_max": )" + max + "}";
}

void expect_refused(const std::string& text, std::string_view key, std::string_view part) {
  expect_only(parse(text).problems, Severity::kError, key, part);
}

TEST(PackageTrtConfigTest, DynamicBatchesAreRead) {
  const auto [config, problems] = parse(kValidTrtConfig);
  expect_none(problems);
  EXPECT_FALSE(config.static_batch_size);
  EXPECT_EQ(config.dynamic_batch_size_min, 1);
  EXPECT_EQ(config.dynamic_batch_size_opt, 2);
  EXPECT_EQ(config.dynamic_batch_size_max, 8);
  expect_none(parse(dynamic("3", "3", "3")).problems);
}

TEST(PackageTrtConfigTest, AStaticBatchIsRead) {
  const auto [config, problems] = parse(R"({"static_batch_size": 4})");
  expect_none(problems);
  EXPECT_EQ(config.static_batch_size, 4);
  EXPECT_FALSE(config.dynamic_batch_size_min);
}

TEST(PackageTrtConfigTest, BesideAStaticBatchTheDynamicOnesAreKeptUnchecked) {
  const auto [config, problems] =
      parse(R"({"static_batch_size": 4, "dynamic_batch_size_min": -9})");
  expect_only(problems, Severity::kWarning, "static_batch_size", "ignored");
  EXPECT_EQ(config.dynamic_batch_size_min, -9);
}

// The numbers of the reference's own tests.
TEST(PackageTrtConfigTest, BatchesMustMakeSense) {
  expect_refused(dynamic("-1", "2", "8"), "dynamic_batch_size_min", "at least 1, found -1");
  expect_refused(dynamic("1", "0", "8"), "dynamic_batch_size_opt", "found 0");
  expect_refused(dynamic("1", "9", "8"), "dynamic_batch_size_opt", "found 9");
  expect_refused(R"({"static_batch_size": -1})", "static_batch_size", "at least 1, found -1");
  expect_refused(R"({"static_batch_size": 0})", "static_batch_size", "at least 1, found 0");
  const Parsed crossed = parse(dynamic("9", "9", "8"));
  ASSERT_EQ(crossed.problems.size(), 2U) << listed(crossed.problems);
  EXPECT_EQ(crossed.problems[1].key, "dynamic_batch_size_max");
}

TEST(PackageTrtConfigTest, AllOfTheDynamicBatchesAreNeeded) {
  expect_refused("{}", "",
                 "dynamic_batch_size_min, dynamic_batch_size_opt and "
                 "dynamic_batch_size_max are missing");
  expect_refused(R"({"dynamic_batch_size_min": 1, "dynamic_batch_size_max": null})", "",
                 "dynamic_batch_size_opt and dynamic_batch_size_max are missing");
  expect_refused(R"({"dynamic_batch_size_min": 1, "dynamic_batch_size_max": 1})", "",
                 "dynamic_batch_size_opt is missing");
}

TEST(PackageTrtConfigTest, BatchesAreWholeNumbersAsTheyAreWritten) {
  for (const char* value : {"1.5", "1.0", "true", "\"1\"", "[]", "9223372036854775808"}) {
    expect_refused(R"({"static_batch_size": )" + std::string(value) + "}", "static_batch_size",
                   "a whole number");
    expect_refused(dynamic(value, "2", "8"), "dynamic_batch_size_min", "a whole number");
  }
}

TEST(PackageTrtConfigTest, MustBeAnObject) {
  expect_refused("[]", "", "expected an object");
  expect_refused("", "", "is not valid JSON");
  expect_only(parse(R"({"static_batch_size": 1, "static-batch-size": 2})").problems,
              Severity::kWarning, "static-batch-size", "did you mean 'static_batch_size'");
}

}  // namespace
}  // namespace replayrt::models
