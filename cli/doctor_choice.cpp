#include "doctor_choice.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "text.hpp"

namespace replayrt::cli {
namespace {

std::string budget_text(std::int64_t bytes) {
  return bytes == GraphCacheOptions::kUnbounded ? "no limit" : byte_size_text(bytes);
}

std::string eviction_text(const Advice& advice) {
  if (!advice.trace || advice.cache.capacity == 0) {
    return "";
  }
  const TraceCost& lru = advice.trace->lru;
  const TraceCost& cost_aware = advice.trace->cost_aware;
  if (lru.evictions == 0) {
    return "- eviction lru: nothing is evicted, so cost_aware would change nothing\n";
  }
  return wrap(fmt::format("- eviction {}: the trace takes {} with lru ({}) and {} with cost_aware "
                          "({})",
                          to_string(advice.cache.eviction), duration_text(lru.seconds),
                          counted(static_cast<std::uint64_t>(lru.evictions), "eviction"),
                          duration_text(cost_aware.seconds),
                          counted(static_cast<std::uint64_t>(cost_aware.evictions), "eviction")),
              kColumns) +
         "\n";
}

std::string bucket_text(const DoctorFigures& figures, const BucketAdvice& advice) {
  const BucketProposal& proposal = advice.proposal;
  const std::string where = fmt::format("dimension {} of input {}", advice.dimension.axis,
                                        in_quotes(advice.dimension.input_name));
  if (proposal.buckets.is_none()) {
    return fmt::format("- no buckets for {}: not even one graph of its largest extent fits {}",
                       where, budget_text(figures.max_bytes));
  }
  return fmt::format(
      "- {} for {} (batch_buckets or dimension_buckets): {} of {} extents and {} shapes in place "
      "of {}; {:.1f} % of what is computed of it would be padding, graphs of {} together. "
      "Estimated: {} captures, {} for the trace{}",
      advice.worth_it
          ? fmt::format("buckets {}", proposal.buckets.to_string())
          : fmt::format("no buckets ({} would be the best)", proposal.buckets.to_string()),
      where, counted(proposal.buckets.extents().size(), "bucket"), advice.extents, advice.shapes,
      figures.shapes.size(), 100 * proposal.waste(), byte_size_text(proposal.bytes),
      advice.cost.captures, duration_text(advice.cost.seconds),
      advice.worth_it ? ", which is less than without" : ", which is no gain");
}

std::string buckets_text(const DoctorFigures& figures, const Advice& advice) {
  std::string text;
  for (const BucketAdvice& bucket : advice.buckets) {
    text += wrap(bucket_text(figures, bucket), kColumns) + "\n";
  }
  if (std::ranges::any_of(advice.buckets, &BucketAdvice::worth_it)) {
    text += wrap(
                "  Padding may change answers: columns of zeros change the probabilities that "
                "PP-OCRv6 rec gives to a line (docs/guide.md, \"Fewer shapes: buckets\"). Compare "
                "yours before you use them.",
                kColumns) +
            "\n";
  }
  if (figures.has_trace && advice.ratio && advice.buckets.empty()) {
    text += "- buckets: none, no dimension has three extents or more in this trace\n";
  }
  if (!figures.has_trace && advice.ratio && !figures.dimensions.empty()) {
    text += "- buckets: they need a histogram of your shapes: give --trace\n";
  }
  return text;
}

std::string sizes_text(const DoctorFigures& figures, const Advice& advice) {
  const CacheAdvice& cache = advice.cache;
  std::string text = fmt::format("- admission {}{}\n", cache.admission.to_string(),
                                 figures.has_trace ? "" : ", what the library does by itself here");
  const auto paying =
      static_cast<std::int64_t>(std::ranges::count_if(advice.shapes, &ShapeAdvice::pays));
  const bool is_static = figures.dimensions.empty();
  const char* what = "the shapes for which a capture pays back";
  if (is_static) {
    what = "the one shape that the model has";
  } else if (cache.capacity > paying) {
    what = "room for every shape, so that none that is captured pushes out one that pays back";
  } else if (cache.capacity == 1) {
    what = "one shape for which a capture pays back";
  }
  text += wrap(fmt::format("- capacity {}: {}{}", cache.capacity, what,
                           is_static           ? ""
                           : figures.has_trace ? " in this trace"
                                               : ", of those measured; count the ones that come "
                                                 "again and again in your traffic"),
               kColumns) +
          "\n";
  text += wrap(fmt::format("- max_bytes {} ({}): the sum of their graphs; footprints vary from run "
                           "to run, so leave some room",
                           cache.max_bytes, byte_size_text(cache.max_bytes)),
               kColumns) +
          "\n";
  if (cache.left_out > 0) {
    text += wrap(fmt::format("- the budget of {} leaves out {} that would pay: with {} all fit",
                             budget_text(figures.max_bytes), counted(cache.left_out, "shape"),
                             byte_size_text(cache.bytes_wanted)),
                 kColumns) +
            "\n";
  }
  return text + eviction_text(advice);
}

}  // namespace

std::string percent_text(double share) {
  return fmt::format("{:.0f} %", 100 * share);
}

std::string choice_text(const DoctorFigures& figures, const Advice& advice) {
  std::string text = "What to choose\n";
  if (advice.cache.use) {
    text += sizes_text(figures, advice);
  } else {
    text += "- no cache\n";
    if (advice.cache.capacity == 0 && advice.cache.left_out > 0) {
      text +=
          wrap(fmt::format("- the budget of {} takes none of the {} that would pay: all "
                           "together hold {}",
                           budget_text(figures.max_bytes), counted(advice.cache.left_out, "shape"),
                           byte_size_text(advice.cache.bytes_wanted)),
               kColumns) +
          "\n";
    }
  }
  return text + buckets_text(figures, advice);
}

}  // namespace replayrt::cli
