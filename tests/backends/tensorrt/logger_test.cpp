#include "backends/tensorrt/logger.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "replayrt/core/log.hpp"

namespace replayrt::tensorrt {
namespace {

using Severity = nvinfer1::ILogger::Severity;
using Recording = Logger::Recording;

class LoggerTest : public testing::Test {
 protected:
  LoggerTest() {
    set_log_sink(
        [this](LogLevel level, std::string_view text) {
          logged_.push_back(std::string(to_string(level)) + " " + std::string(text));
        },
        LogLevel::kDebug);
  }
  ~LoggerTest() override { set_log_sink({}, LogLevel::kOff); }

  Logger logger_;
  std::vector<std::string> logged_;
};

TEST_F(LoggerTest, SeveritiesAreLevels) {
  logger_.log(Severity::kINTERNAL_ERROR, "a");
  logger_.log(Severity::kERROR, "b");
  logger_.log(Severity::kWARNING, "c");
  logger_.log(Severity::kINFO, "d");
  logger_.log(Severity::kVERBOSE, "e");
  EXPECT_EQ(logged_, (std::vector<std::string>{"error TensorRT: a", "error TensorRT: b",
                                               "warning TensorRT: c", "info TensorRT: d",
                                               "debug TensorRT: e"}));
}

TEST_F(LoggerTest, WhatTensorRt8SaysOfItsOwnBindingsIsForDebugging) {
  const std::string noise =
      "ICudaEngine::getProfileDimensions: bindingIndex 0 is not in profile 1. Using bindingIndex = "
      "2 instead.";
  const Recording recording(logger_);
  logger_.log(Severity::kWARNING, noise.c_str());
  EXPECT_EQ(logged_, std::vector<std::string>{"debug TensorRT: " + noise});
  EXPECT_EQ(recording.text(), "");
}

TEST_F(LoggerTest, ARecordingHoldsWhatItsThreadWasTold) {
  const Recording recording(logger_);
  logger_.log(Severity::kERROR, "first");
  logger_.log(Severity::kVERBOSE, "too much");
  logger_.log(Severity::kINFO, "second");
  std::thread([this] { logger_.log(Severity::kERROR, "elsewhere"); }).join();
  EXPECT_EQ(recording.text(), "[error] first; [info] second");
  EXPECT_EQ(with_messages("it failed", recording), "it failed: [error] first; [info] second");
  EXPECT_EQ(logged_.size(), 4U) << "all go to the log, too";
}

TEST_F(LoggerTest, TheInnermostRecordingKeeps) {
  const Recording outer(logger_);
  {
    const Recording inner(logger_, Recording::Pass::kKeepBack);
    logger_.log(Severity::kERROR, "expected");
    EXPECT_EQ(inner.text(), "[error] expected");
  }
  EXPECT_EQ(outer.text(), "");
  EXPECT_TRUE(logged_.empty()) << "what is likely to fail alarms nobody";
  EXPECT_EQ(with_messages("it failed", outer), "it failed");
}

TEST_F(LoggerTest, TheLastLinesAreKept) {
  const Recording recording(logger_);
  for (std::size_t i = 0; i <= Recording::kMostLines; ++i) {
    logger_.log(Severity::kINFO, std::to_string(i).c_str());
  }
  EXPECT_THAT(recording.text(), testing::StartsWith("[info] 1; "));
  EXPECT_THAT(recording.text(),
              testing::EndsWith("[info] " + std::to_string(Recording::kMostLines)));
}

}  // namespace
}  // namespace replayrt::tensorrt
