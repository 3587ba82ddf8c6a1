#include "backends/openvino/errors.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <new>

namespace replayrt::openvino {
namespace {

bool is_noise(std::string_view line) {
  constexpr std::array<std::string_view, 6> kNoise = {
      "Exception from ", "FrontEnd API failed with",    "Model wasn't fully converted",
      "Summary:",        "-- Conversion is failed for", "While validating ONNX node"};
  for (const std::string_view start : kNoise) {
    if (line.starts_with(start)) {
      return true;
    }
  }
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

std::string_view trimmed(std::string_view line) {
  const std::size_t from = line.find_first_not_of(" \t-");
  const std::size_t to = line.find_last_not_of(" \t\r");
  return from == std::string_view::npos || to < from ? std::string_view()
                                                     : line.substr(from, to - from + 1);
}

}  // namespace

std::string useful_text(std::string_view what) {
  std::string text;
  std::string checks;
  const auto add = [](std::string& target, std::string_view part) {
    target.append(target.empty() || part.empty() ? "" : "; ").append(part);
  };
  while (!what.empty()) {
    const std::size_t end = what.find('\n');
    const std::string_view line = what.substr(0, end);
    what = end == std::string_view::npos ? std::string_view() : what.substr(end + 1);
    if (!is_noise(line)) {
      // "Check 'x > 0' failed at src/a.cpp:12:" tells a user little, but is better than silence.
      const std::size_t check = std::min(line.find("Check '"), line.size());
      add(text, trimmed(line.substr(0, check)));
      add(checks, trimmed(line.substr(check)));
    }
  }
  if (text.empty()) {
    text = checks.empty() ? "OpenVINO gives no reason" : checks;
  }
  constexpr std::size_t kLongest = 600;
  if (text.size() > kLongest) {
    text.resize(kLongest);
    text += " …";
  }
  return text;
}

void rethrow_as(ErrorCode code, const std::string& doing) {
  try {
    throw;
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::kOutOfMemory, doing + ": out of memory");
  } catch (const std::exception& error) {
    const std::string_view what = error.what();
    // OpenVINO wraps exceptions of its own threads and plugins into texts.
    if (what.find("bad_alloc") != std::string_view::npos) {
      throw Error(ErrorCode::kOutOfMemory, doing + ": out of memory");
    }
    throw Error(code, doing + ": " + useful_text(what));
  }
}

}  // namespace replayrt::openvino
