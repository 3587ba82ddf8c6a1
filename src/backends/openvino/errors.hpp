#pragma once

#include <string>
#include <string_view>

#include "replayrt/core/error.hpp"

namespace replayrt::openvino {

/// The sentence in one of OpenVINO's multi-line exception texts that says what is wrong, without
/// its source lines and repeated headings.
std::string useful_text(std::string_view what);

/// To be called in a catch block: throws what was caught as an Error, `doing` before its useful
/// text. An Error is passed on as it is, exhausted memory becomes kOutOfMemory, all else gets
/// `code`.
[[noreturn]] void rethrow_as(ErrorCode code, const std::string& doing);

}  // namespace replayrt::openvino
