#include "backends/openvino/errors.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <new>
#include <stdexcept>
#include <string>

namespace replayrt::openvino {
namespace {

TEST(OpenVinoErrors, KeepsTheSentenceThatSaysWhatIsWrong) {
  EXPECT_EQ(useful_text("Exception from src/inference/src/cpp/core.cpp:84:\n"
                        "Check 'false' failed at src/frontends/unconverted_ops_report.cpp:151:\n"
                        "FrontEnd API failed with OpConversionFailure:\n"
                        "Model wasn't fully converted.\nSummary:\n"
                        "-- No conversion rule found for operations: acme.Nonsense\n\n\n"),
            "No conversion rule found for operations: acme.Nonsense");
  EXPECT_EQ(useful_text("Exception from a.cpp:1:\nCheck 'x > 0' failed at b.cpp:2:\n"),
            "Check 'x > 0' failed at b.cpp:2:");
  EXPECT_EQ(useful_text("Node 'Add.1' Check 'a == 1' failed at b.cpp:2:\nshapes do not fit\n"),
            "Node 'Add.1'; shapes do not fit");
  EXPECT_EQ(useful_text("plain"), "plain");
  EXPECT_EQ(useful_text(""), "OpenVINO gives no reason");
}

TEST(OpenVinoErrors, LongTextsAreCut) {
  EXPECT_LT(useful_text(std::string(5000, 'x')).size(), 700U);
}

ErrorCode code_of(const std::function<void()>& thrower) {
  try {
    try {
      thrower();
    } catch (...) {
      rethrow_as(ErrorCode::kModelRuntime, "doing");
    }
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::kUnsupported;
}

TEST(OpenVinoErrors, EveryExceptionBecomesAnError) {
  EXPECT_EQ(code_of([] { throw std::runtime_error("x"); }), ErrorCode::kModelRuntime);
  EXPECT_EQ(code_of([] { throw std::bad_alloc(); }), ErrorCode::kOutOfMemory);
  EXPECT_EQ(code_of([] { throw std::runtime_error("Exception from a:\nstd::bad_alloc\n"); }),
            ErrorCode::kOutOfMemory);
  EXPECT_EQ(code_of([] { throw Error(ErrorCode::kFileAccess, "x"); }), ErrorCode::kFileAccess);
}

}  // namespace
}  // namespace replayrt::openvino
