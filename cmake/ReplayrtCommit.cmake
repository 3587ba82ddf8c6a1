# The commit that the sources are of, in <generated>/commit.hpp: "" outside a checkout of its own, "+" behind it where
# files differ from it. As a script (-P, at every build) or included (once, when configured); needs SOURCE and OUTPUT.
find_program(REPLAYRT_GIT git)
set(commit "")
if(REPLAYRT_GIT)
  execute_process(COMMAND "${REPLAYRT_GIT}" -C "${SOURCE}" rev-parse --show-toplevel
    OUTPUT_VARIABLE top OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  cmake_path(COMPARE "${top}" EQUAL "${SOURCE}" is_checkout)
  if(is_checkout)
    execute_process(COMMAND "${REPLAYRT_GIT}" -C "${SOURCE}" rev-parse HEAD
      OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    execute_process(COMMAND "${REPLAYRT_GIT}" -C "${SOURCE}" --no-optional-locks diff --quiet HEAD --
      RESULT_VARIABLE differs ERROR_QUIET)
    if(commit AND differs)
      string(APPEND commit "+")
    endif()
  endif()
endif()
# Written only where it differs, so that nothing is compiled again for nothing.
file(CONFIGURE OUTPUT "${OUTPUT}" CONTENT [[
#pragma once

namespace replayrt::cli {

/// The commit that the program was built from, "+" behind it if files differed; empty: not known.
inline constexpr const char* kCommit = "@commit@";

}  // namespace replayrt::cli
]] @ONLY)
