#include "build.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>

#include "core/expect_error.hpp"

namespace replayrt::cli {
namespace {

std::vector<std::string> texts(const ShapeFlags& flags) {
  std::vector<std::string> texts;
  for (const InputShapes& input : parse_input_shapes(flags)) {
    texts.push_back(input.name + " " + input.min.to_string() + " " + input.opt.to_string() + " " +
                    input.max.to_string());
  }
  return texts;
}

using Texts = std::vector<std::string>;

TEST(BuildShapes, AreReadForEachInput) {
  EXPECT_EQ(texts({}), Texts());
  EXPECT_EQ(texts({"1x8", "2x8", "4x8"}), Texts{" 1x8 2x8 4x8"});
  EXPECT_EQ(texts({"x:1x8;y:1", "x:2x8;y:2", "y:3;x:4x8"}), (Texts{"x 1x8 2x8 4x8", "y 1 2 3"}));
}

TEST(BuildShapes, WhatIsLeftOutIsTakenFromItsNeighbour) {
  EXPECT_EQ(texts({"", "2x8", ""}), Texts{" 2x8 2x8 2x8"});
  EXPECT_EQ(texts({"1x8", "", ""}), Texts{" 1x8 1x8 1x8"});
  EXPECT_EQ(texts({"", "", "4x8"}), Texts{" 4x8 4x8 4x8"});
  EXPECT_EQ(texts({"1x8", "", "4x8"}), Texts{" 1x8 4x8 4x8"});
  EXPECT_EQ(texts({"1x8", "2x8", ""}), Texts{" 1x8 2x8 2x8"});
  EXPECT_EQ(texts({"", "2x8", "4x8"}), Texts{" 2x8 2x8 4x8"});
}

TEST(BuildShapes, WhatCannotBeReadNamesItsFlag) {
  expect_error(ErrorCode::kInvalidParameter, {"--max", "1xq"}, [] {
    parse_input_shapes({"1x8", "", "1xq"});
  });
}

/// Sets a variable of the environment for as long as it lives.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    const char* old = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
    old_ = old == nullptr ? std::nullopt : std::optional<std::string>(old);
    set(value);
  }
  ~Variable() { set(old_ ? old_->c_str() : nullptr); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  void set(const char* value) {
    if (value == nullptr) {
      unsetenv(name_);  // NOLINT(concurrency-mt-unsafe)
    } else {
      setenv(name_, value, 1);  // NOLINT(concurrency-mt-unsafe)
    }
  }
  const char* name_;
  std::optional<std::string> old_;
};

TEST(TimingCacheFile, IsOneForEachTensorRtAndGpu) {
  const Variable home("HOME", "/home/me");
  {
    const Variable none("XDG_CACHE_HOME", nullptr);
    EXPECT_EQ(default_timing_cache("10.3.0", "NVIDIA H100 80GB HBM3"),
              "/home/me/.cache/replayrt/TensorRT-10.3.0-NVIDIA-H100-80GB-HBM3.timings");
    EXPECT_EQ(default_timing_cache("8.5.3", "a/b").filename(), "TensorRT-8.5.3-a-b.timings");
  }
  const Variable cache("XDG_CACHE_HOME", "/cache");
  EXPECT_EQ(default_timing_cache("8.5.3", "x"), "/cache/replayrt/TensorRT-8.5.3-x.timings");
}

TEST(TimingCacheFile, ThereIsNoneWithoutAHome) {
  const Variable home("HOME", nullptr);
  const Variable cache("XDG_CACHE_HOME", nullptr);
  EXPECT_EQ(default_timing_cache("8.5.3", "x"), "");
}

}  // namespace
}  // namespace replayrt::cli
