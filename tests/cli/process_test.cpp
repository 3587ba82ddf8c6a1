#include "process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "replayrt/core/error.hpp"

namespace replayrt::cli {
namespace {

TEST(FindProgram, LooksIntoThePath) {
  ASSERT_TRUE(find_program("sh").has_value());
  EXPECT_EQ(find_program("sh")->filename(), "sh");
  EXPECT_FALSE(find_program("no-such-program-of-replayrt").has_value());
}

TEST(RunProcess, GivesWhatItPrintedAndItsExitCode) {
  const ProcessEnd end = run_process({"/bin/sh", "-c", "echo out; echo \"$0\" >&2; exit 3", "a b"});
  EXPECT_EQ(end.exit_code, 3);
  EXPECT_EQ(end.output, "out\na b\n");
}

TEST(RunProcess, TakesMoreThanAPipeHolds) {
  const ProcessEnd end = run_process({"/bin/sh", "-c",
                                      "i=0; while [ $i -lt 3000 ]; do printf '%0100d' $i; "
                                      "i=$((i+1)); done"});
  EXPECT_EQ(end.output.size(), 300'000U);
}

TEST(RunProcess, GivesItNoInput) {
  EXPECT_EQ(run_process({"/bin/sh", "-c", "cat; echo end"}).output, "end\n");
}

TEST(RunProcess, CountsSignalsAsShellsDo) {
  EXPECT_EQ(run_process({"/bin/sh", "-c", "kill -TERM $$"}).exit_code, 128 + SIGTERM);
}

TEST(RunProcess, WhatCannotBeStartedIsAnError) {
  EXPECT_THROW(run_process({"/no/such/program"}), Error);
}

}  // namespace
}  // namespace replayrt::cli
