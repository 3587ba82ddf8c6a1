#include "replayrt/core/buckets.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <optional>

#include "replayrt/core/error.hpp"

namespace replayrt {
namespace {

constexpr std::string_view kMultiplesPrefix = "multiples:";
constexpr std::string_view kListPrefix = "list:";
constexpr std::int64_t kLargestPower = std::int64_t{1} << 62;

/// A whole number of at least 1, and nothing else.
std::optional<std::int64_t> number_of(std::string_view text) {
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [next, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && next == end && value >= 1 ? std::optional(value) : std::nullopt;
}

std::optional<std::vector<std::int64_t>> numbers_of(std::string_view text) {
  std::vector<std::int64_t> numbers;
  while (true) {
    const std::size_t comma = text.find(',');
    const auto number = number_of(text.substr(0, comma));
    if (!number.has_value() || (!numbers.empty() && *number <= numbers.back())) {
      return std::nullopt;
    }
    numbers.push_back(*number);
    if (comma == std::string_view::npos) {
      return numbers;
    }
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

Buckets Buckets::powers_of_two() noexcept {
  Buckets made;
  made.kind_ = Kind::kPowersOfTwo;
  return made;
}

Buckets Buckets::multiples_of(std::int64_t step) {
  if (step < 1) {
    throw Error(ErrorCode::kInvalidParameter, "buckets that are multiples of " +
                                                  std::to_string(step) +
                                                  ": expected a number of at least 1");
  }
  Buckets made;
  made.kind_ = Kind::kMultiples;
  made.step_ = step;
  return made;
}

Buckets Buckets::list(std::vector<std::int64_t> extents) {
  Buckets made;
  made.kind_ = Kind::kList;
  made.extents_ = std::move(extents);
  const auto repeat = std::ranges::adjacent_find(made.extents_, std::ranges::greater_equal());
  if (made.extents_.empty() || made.extents_.front() < 1 || repeat != made.extents_.end()) {
    throw Error(ErrorCode::kInvalidParameter,
                "buckets '" + made.to_string() +
                    "': expected at least one extent, ascending without repeats from at least 1");
  }
  return made;
}

Buckets Buckets::parse(std::string_view text) {
  if (text == "none") {
    return none();
  }
  if (text == "pow2") {
    return powers_of_two();
  }
  if (text.starts_with(kMultiplesPrefix)) {
    if (const auto step = number_of(text.substr(kMultiplesPrefix.size()))) {
      return multiples_of(*step);
    }
  } else if (text.starts_with(kListPrefix)) {
    if (auto extents = numbers_of(text.substr(kListPrefix.size()))) {
      return list(std::move(*extents));
    }
  }
  throw Error(ErrorCode::kInvalidParameter,
              "buckets '" + std::string(text) +
                  "' are unknown: expected none, pow2, multiples:N with N of at least 1, or "
                  "list:A,B,... that ascends from at least 1");
}

std::string Buckets::to_string() const {
  switch (kind_) {
    case Kind::kNone:
      return "none";
    case Kind::kPowersOfTwo:
      return "pow2";
    case Kind::kMultiples:
      return std::string(kMultiplesPrefix) + std::to_string(step_);
    case Kind::kList: {
      std::string text(kListPrefix);
      for (const std::int64_t extent : extents_) {
        text.append(text.size() == kListPrefix.size() ? "" : ",").append(std::to_string(extent));
      }
      return text;
    }
  }
  return "unknown";
}

std::int64_t Buckets::round_up(std::int64_t extent) const noexcept {
  if (extent <= 0) {
    return extent;
  }
  switch (kind_) {
    case Kind::kNone:
      return extent;
    case Kind::kPowersOfTwo:
      return extent > kLargestPower
                 ? extent
                 : static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(extent)));
    case Kind::kMultiples: {
      const std::int64_t beyond = extent % step_;
      const bool fits = extent <= std::numeric_limits<std::int64_t>::max() - (step_ - beyond);
      return beyond == 0 || !fits ? extent : extent + (step_ - beyond);
    }
    case Kind::kList: {
      const auto found = std::ranges::lower_bound(extents_, extent);
      return found == extents_.end() ? extent : *found;
    }
  }
  return extent;
}

}  // namespace replayrt
