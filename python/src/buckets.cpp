#include "replayrt/core/buckets.hpp"

#include <algorithm>
#include <string>

#include "objects.hpp"
#include "replayrt/core/error.hpp"

namespace replayrt::python {
namespace {

template <class T>
T field(nb::handle of, const char* name, const std::string& what) {
  const nb::object value = of.attr(name);
  T converted{};
  if (!nb::try_cast(value, converted)) {
    throw Error(ErrorCode::kInvalidParameter,
                what + "." + name + " is " + nb::repr(value).c_str() + ": expected a number");
  }
  return converted;
}

/// The position of an input or output that is given by name or position.
template <class IndexOf>
std::size_t position_of(nb::handle given, const std::string& what, IndexOf index_of) {
  std::size_t position = 0;
  std::string name;
  if (nb::try_cast(given, name)) {
    return index_of(name);
  }
  if (!nb::try_cast(given, position)) {
    throw Error(ErrorCode::kInvalidParameter,
                what + " is " + nb::repr(given).c_str() + ": expected a name or a position");
  }
  return position;
}

nb::dict proposal_of(const std::vector<std::pair<std::int64_t, std::uint64_t>>& histogram,
                     std::optional<std::int64_t> max_bytes, std::int64_t base_bytes,
                     std::int64_t bytes_per_unit, std::size_t max_buckets) {
  std::vector<ExtentCount> seen;
  seen.reserve(histogram.size());
  for (const auto& [extent, count] : histogram) {
    seen.push_back({extent, count});
  }
  BucketProposal proposal;
  {
    const nb::gil_scoped_release release;
    proposal =
        propose_buckets(seen, {.max_bytes = max_bytes.value_or(ProposeBucketsOptions::kUnbounded),
                               .base_bytes = base_bytes,
                               .bytes_per_unit = bytes_per_unit,
                               .max_buckets = max_buckets});
  }
  nb::dict result;
  result["buckets"] = proposal.buckets.extents();
  result["seen_units"] = proposal.seen_units;
  result["padded_units"] = proposal.padded_units;
  result["bytes"] = proposal.bytes;
  return result;
}

}  // namespace

Buckets buckets_of(nb::handle given, const std::string& name) {
  if (given.is_none()) {
    return {};
  }
  std::string text;
  if (nb::try_cast(given, text)) {
    return Buckets::parse(text);
  }
  std::vector<std::int64_t> extents;
  if (nb::try_cast(given, extents)) {
    return Buckets::list(std::move(extents));
  }
  throw Error(ErrorCode::kInvalidParameter,
              name + " is " + nb::repr(given).c_str() +
                  ": expected None, 'pow2', 'multiples:K' or a list of extents");
}

std::vector<DimensionBuckets> dimension_buckets_of(const Engine& engine, nb::handle given) {
  std::vector<DimensionBuckets> all;
  for (const nb::handle one : given) {
    const std::string what = "dimension_buckets[" + std::to_string(all.size()) + "]";
    DimensionBuckets buckets;
    buckets.input = position_of(one.attr("input"), what + ".input",
                                [&](const std::string& name) { return engine.input_index(name); });
    buckets.axis = field<std::size_t>(one, "axis", what);
    buckets.buckets = buckets_of(one.attr("buckets"), what + ".buckets");
    buckets.fill = field<double>(one, "fill", what);
    for (const nb::handle output : one.attr("outputs")) {
      PaddedOutput padded;
      padded.output =
          position_of(output.attr("output"), what + ".outputs: output",
                      [&](const std::string& name) { return engine.output_index(name); });
      padded.axis = field<std::size_t>(output, "axis", what + ".outputs");
      padded.divisor = field<std::int64_t>(output, "divisor", what + ".outputs");
      buckets.outputs.push_back(padded);
    }
    all.push_back(std::move(buckets));
  }
  return all;
}

void bind_buckets(nb::module_& m) {
  m.def("propose_buckets", proposal_of, nb::arg("histogram"), nb::arg("max_bytes").none(),
        nb::arg("base_bytes"), nb::arg("bytes_per_unit"), nb::arg("max_buckets"),
        nb::sig("def propose_buckets(histogram: list[tuple[int, int]], max_bytes: int | None, "
                "base_bytes: int, bytes_per_unit: int, max_buckets: int) -> dict[str, "
                "typing.Any]"));
}

}  // namespace replayrt::python
