#pragma once

#include <cstdint>
#include <string>

namespace replayrt::cli {

/// The processor's name as the system has it, or "unknown".
std::string cpu_model();

/// Cores that this process may use (its affinity), at least 1.
std::int64_t usable_cores();

/// Bytes of physical memory, or the largest number if that is not known.
std::int64_t physical_memory();

}  // namespace replayrt::cli
