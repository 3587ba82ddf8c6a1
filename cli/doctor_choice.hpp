#pragma once

#include <cstddef>
#include <string>

#include "doctor_advice.hpp"

namespace replayrt::cli {

inline constexpr std::size_t kColumns = 100;  ///< Of the doctor's words.

/// "37 %"
std::string percent_text(double share);

/// The doctor's words on what to choose, wrapped: admission, capacity, bytes, eviction, buckets.
std::string choice_text(const DoctorFigures& figures, const Advice& advice);

}  // namespace replayrt::cli
