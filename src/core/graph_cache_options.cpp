#include "replayrt/core/graph_cache_options.hpp"

#include <charconv>

#include "replayrt/core/error.hpp"

namespace replayrt {
namespace {

constexpr std::string_view kSightingsPrefix = "sightings:";

}  // namespace

Admission Admission::parse(std::string_view text) {
  if (text == "always") {
    return always();
  }
  if (text == "pays_back") {
    return pays_back();
  }
  if (text.starts_with(kSightingsPrefix)) {
    std::int64_t needed = 0;
    const char* const end = text.data() + text.size();
    const auto [next, error] = std::from_chars(text.data() + kSightingsPrefix.size(), end, needed);
    if (error == std::errc() && next == end && needed >= 1) {
      return sightings(needed);
    }
  }
  throw Error(ErrorCode::kInvalidParameter,
              "admission '" + std::string(text) +
                  "' is unknown: expected always, sightings:N with N of at least 1, or pays_back");
}

std::string Admission::to_string() const {
  switch (kind) {
    case Kind::kAlways:
      return "always";
    case Kind::kSightings:
      return std::string(kSightingsPrefix) + std::to_string(sightings_needed);
    case Kind::kPaysBack:
      return "pays_back";
  }
  return "unknown";
}

Eviction eviction_from_string(std::string_view text) {
  for (const Eviction eviction : {Eviction::kLeastRecentlyUsed, Eviction::kCostAware}) {
    if (text == to_string(eviction)) {
      return eviction;
    }
  }
  throw Error(ErrorCode::kInvalidParameter,
              "eviction '" + std::string(text) + "' is unknown: expected lru or cost_aware");
}

std::string_view to_string(Eviction eviction) noexcept {
  switch (eviction) {
    case Eviction::kLeastRecentlyUsed:
      return "lru";
    case Eviction::kCostAware:
      return "cost_aware";
  }
  return "unknown";
}

}  // namespace replayrt
