#pragma once

#include "replayrt/core/graph_cache_stats.hpp"

namespace replayrt::detail {

/// The text is left out where there is no memory for it.
void set_refusal(Refusal& refusal, Reason reason, const char* message) noexcept;

/// Why a graph was not made, from the exception that is being handled.
void set_refusal_from_exception(Refusal& refusal) noexcept;

}  // namespace replayrt::detail
