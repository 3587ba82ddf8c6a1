#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "doctor_advice.hpp"

namespace replayrt::cli {

/// What the doctor says besides figures and advice.
struct DoctorFacts {
  std::string model{};    ///< As it was given.
  std::string weights{};  ///< The file that was loaded.
  std::string backend{};  ///< "openvino"
  std::string backend_text{};
  std::string device{};
  std::string precision{};
  std::int64_t threads = 0;  ///< 0: not on the CPU.
  std::uint64_t seed = 0;
  std::string source{};  ///< The trace's path, "--shapes", or empty: the doctor chose.
  std::int64_t repeat = 1;
  double seconds = 0;  ///< The bound.
  double took = 0;     ///< What measuring took.
  std::string command{};
};

/// What a refusal of this reason means, as a sentence.
std::string_view meaning(Reason reason) noexcept;

/// Everything in words, wrapped at 100 columns.
std::string doctor_text(const DoctorFacts& facts, const DoctorFigures& figures,
                        const Advice& advice);

/// Everything as one JSON object; times in seconds (`..._s`), memory in bytes. `words`: the text.
std::string doctor_json(const DoctorFacts& facts, const DoctorFigures& figures,
                        const Advice& advice);

}  // namespace replayrt::cli
