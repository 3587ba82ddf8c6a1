#include "core/environment.hpp"

#include <cstdlib>

#include "core/expect_error.hpp"
#include "replayrt/core/graph_cache.hpp"

namespace replayrt {
namespace {

using detail::parse_environment_bool;

TEST(EnvironmentTest, AcceptsExactlyTrueAndFalseInAnyCase) {
  for (const char* value : {"true", "True", "TRUE", "tRuE"}) {
    EXPECT_TRUE(parse_environment_bool("V", value, false)) << value;
  }
  for (const char* value : {"false", "False", "FALSE"}) {
    EXPECT_FALSE(parse_environment_bool("V", value, true)) << value;
  }
  EXPECT_TRUE(parse_environment_bool("V", std::nullopt, true));
  EXPECT_FALSE(parse_environment_bool("V", std::nullopt, false));
}

TEST(EnvironmentTest, AllElseNamesVariableAndValue) {
  for (const char* value :
       {"", " ", "1", "0", "yes", "on", " true", "true ", "truee", "tru", "true\n"}) {
    expect_error(ErrorCode::kInvalidEnvVariable,
                 {"MY_VARIABLE", "'" + std::string(value) + "'", "true or false"},
                 [&] { parse_environment_bool("MY_VARIABLE", value, false); });
  }
}

/// Sets a variable for one test.
class ScopedVariable {
 public:
  ScopedVariable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  ~ScopedVariable() { ::unsetenv(name_); }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;

 private:
  const char* name_;
};

constexpr const char* kTensorRt = "ENABLE_AUTO_CUDA_GRAPHS_FOR_TRT_BACKEND";
constexpr const char* kOpenVino = "ENABLE_AUTO_GRAPHS_FOR_OPENVINO_BACKEND";

TEST(EstablishTest, UnsetMeansNone) {
  EXPECT_EQ(establish_trt_cuda_graph_cache(8), nullptr);
  EXPECT_EQ(establish_trt_cuda_graph_cache(-1), nullptr) << "the size is not looked at";
}

TEST(EstablishTest, TrueMakesACacheOfTheSize) {
  const ScopedVariable variable(kTensorRt, "True");
  const auto cache = establish_trt_cuda_graph_cache(8);
  ASSERT_NE(cache, nullptr);
  EXPECT_EQ(cache->stats().capacity, 8);
  EXPECT_NE(establish_trt_cuda_graph_cache(8), cache) << "every call makes its own";
  EXPECT_EQ(establish_trt_cuda_graph_cache(3)->stats().capacity, 3);
  expect_error(ErrorCode::kInvalidParameter, {"capacity", "-1"},
               [] { establish_trt_cuda_graph_cache(-1); });
}

TEST(EstablishTest, EachBackendHasItsOwnVariable) {
  const ScopedVariable variable(kOpenVino, "true");
  EXPECT_EQ(establish_trt_cuda_graph_cache(8), nullptr);
  EXPECT_NE(establish_trt_cuda_graph_cache(8, nullptr, CacheBackend::kOpenVino), nullptr);
}

TEST(EstablishTest, AGivenCacheComesBackAndTheEnvironmentIsNotRead) {
  const ScopedVariable variable(kTensorRt, "nonsense");
  const auto mine = std::make_shared<TRTCudaGraphCache>(32);
  EXPECT_EQ(establish_trt_cuda_graph_cache(8, mine), mine);
  expect_error(ErrorCode::kInvalidEnvVariable, {kTensorRt, "'nonsense'"},
               [] { establish_trt_cuda_graph_cache(8); });
}

}  // namespace
}  // namespace replayrt
