#include "doctor_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "doctor_choice.hpp"
#include "table.hpp"
#include "text.hpp"

namespace replayrt::cli {
namespace {

// More are in the JSON; a table is to be read.
constexpr std::size_t kMostShapeRows = 12;
constexpr std::size_t kLongestName = 34;

double share(double part, double whole) {
  return whole > 0 ? part / whole : 0;
}

std::string ratio_text(const RatioFigures& ratio) {
  return fmt::format(
      "{:.3f} of the time of an eager run (90 % sure: {:.3f} to {:.3f}; of {}, eight "
      "of ten: {:.3f} to {:.3f})",
      ratio.median, ratio.from, ratio.to, counted(ratio.rounds, "round"), ratio.low, ratio.high);
}

/// What to do where the figures do not tell.
std::string doubt_text(const Advice& advice) {
  return advice.certain
             ? ""
             : " That is not sure: within the noise of these rounds it may be otherwise. Measure "
               "longer (--seconds), with nothing else running.";
}

std::string replays_text(std::optional<double> break_even) {
  return break_even
             ? counted(static_cast<std::uint64_t>(std::ceil(std::min(*break_even, 1e15))), "replay")
             : "never";
}

std::string head_text(const DoctorFacts& facts, const DoctorFigures& figures,
                      const Advice& advice) {
  const auto measured = std::ranges::count_if(figures.shapes, &ShapeFigures::measured);
  std::string text = fmt::format("model      {}\n", facts.model);
  if (facts.weights != facts.model) {
    text += fmt::format("weights    {}\n", facts.weights);
  }
  text += fmt::format(
      "backend    {} on {}, precision {}{}\n", facts.backend_text, facts.device, facts.precision,
      facts.threads == 0 ? ""
                         : ", " + counted(static_cast<std::uint64_t>(facts.threads), "thread"));
  text += fmt::format("measured   {} of {}", measured, counted(figures.shapes.size(), "shape"));
  if (figures.has_trace) {
    text += fmt::format(" ({} of {})",
                        percent_text(share(static_cast<double>(advice.measured_calls),
                                           static_cast<double>(figures.calls.size()))),
                        counted(figures.calls.size(), "call"));
  }
  text += fmt::format(" in {}, seed {}\n", duration_text(facts.took), facts.seed);
  text += facts.source.empty()
              ? "shapes     chosen from the ranges that the model takes: --trace or --shapes tells "
                "of yours\n"
              : fmt::format("shapes     of {}{}\n", facts.source,
                            facts.repeat > 1 ? fmt::format(", {} times", facts.repeat) : "");
  return text;
}

std::string refused_verdict(const DoctorFigures& figures, const Advice& advice) {
  std::vector<std::string> names;
  for (const RefusalAdvice& refusal : advice.refusals) {
    names.emplace_back(to_string(refusal.reason));
  }
  const auto measured =
      static_cast<std::uint64_t>(std::ranges::count_if(figures.shapes, &ShapeFigures::measured));
  std::vector<double> eager;
  for (const ShapeAdvice& shape : advice.shapes) {
    eager.push_back(shape.cost.eager);
  }
  const auto [least, most] = std::ranges::minmax(eager);
  return fmt::format(
      "This model cannot be captured: {} refused ({}). Every call runs eagerly, which takes {}{} "
      "here. Use it without a cache.",
      measured == 1 ? "the shape that was measured was"
                    : fmt::format("all {} shapes that were measured were", measured),
      join(names, ", "), duration_text(least),
      most > least ? " to " + duration_text(most) : std::string());
}

std::string verdict_text(const DoctorFigures& figures, const Advice& advice) {
  if (!advice.ratio) {
    return refused_verdict(figures, advice);
  }
  const bool replays_gain = advice.ratio->median < kNothingGained;
  const char* head = "Capturing helps this model on this machine";
  if (advice.verdict == Verdict::kHelpsLittle) {
    head = "Capturing helps this model a little on this machine";
  } else if (advice.verdict == Verdict::kDoesNotHelp) {
    head = replays_gain ? "Capturing does not help this trace on this machine, though replays are "
                          "faster"
                        : "Capturing does not help this model on this machine";
  }
  std::string text = fmt::format("{}: a replay takes {}", head, ratio_text(*advice.ratio));
  if (replays_gain) {
    text += fmt::format(", which saves {} a call.", duration_text(advice.saving));
  } else {
    text += fmt::format(": less than {} is gained.", percent_text(1 - kNothingGained));
  }
  text += doubt_text(advice);
  if (figures.dimensions.empty()) {
    text += " All dimensions of this model are fixed: it has one shape";
    text += replays_gain ? ", so one capture serves every call."
                         : ". What captures save elsewhere, the work that comes with changing "
                           "shapes, it does not have.";
  }
  return text;
}

std::string price_text(const DoctorFigures& figures, const Advice& advice) {
  std::vector<double> prices;
  std::vector<std::int64_t> bytes;
  for (std::size_t i = 0; i < advice.shapes.size(); ++i) {
    if (figures.shapes[i].captured()) {
      prices.push_back(capture_price(advice.shapes[i].cost));
      bytes.push_back(advice.shapes[i].cost.bytes);
    }
  }
  const auto [cheap, dear] = std::ranges::minmax(prices);
  const auto [small, large] = std::ranges::minmax(bytes);
  std::string text =
      prices.size() == 1
          ? fmt::format(
                "The call that captures takes {} longer than an eager one, and its graph "
                "holds {}.",
                duration_text(cheap), byte_size_text(small))
          : fmt::format(
                "A call that captures takes {} to {} longer than an eager one, and a graph "
                "holds {} to {}.",
                duration_text(cheap), duration_text(dear), byte_size_text(small),
                byte_size_text(large));
  return text + (advice.break_even
                     ? fmt::format(" A capture has paid after {} of its shape, as a mean by calls.",
                                   replays_text(advice.break_even))
                     : std::string(" No number of replays pays for it."));
}

std::string shapes_table(const DoctorFigures& figures, const Advice& advice) {
  Table table(
      {"shape (median)", "calls", "eager", "replay", "ratio", "capture", "bytes", "pays after"});
  std::size_t shown = 0;
  std::size_t left = 0;
  for (std::size_t i = 0; i < figures.shapes.size(); ++i) {
    const ShapeFigures& shape = figures.shapes[i];
    const ShapeAdvice& of = advice.shapes[i];
    if (!shape.measured() || shown == kMostShapeRows) {
      ++left;
      continue;
    }
    ++shown;
    std::vector<std::string> row = {shortened(shape.name, kLongestName),
                                    fmt::format("{}", of.calls), duration_text(of.cost.eager)};
    if (shape.captured()) {
      row.insert(
          row.end(),
          {duration_text(of.cost.replay), fmt::format("{:.3f}", of.cost.replay / of.cost.eager),
           duration_text(of.cost.capture), byte_size_text(of.cost.bytes),
           of.break_even ? fmt::format("{:.0f}", std::ceil(*of.break_even)) : "never"});
    } else {
      row.insert(row.end(), {std::string(to_string(shape.refusal->reason)), "-", "-", "-", "-"});
    }
    table.add(std::move(row));
  }
  return table.text() +
         (left > 0 ? fmt::format("... and {} more, most of them estimated from these by their "
                                 "number of elements (--json has all)\n",
                                 left)
                   : "");
}

std::string refusals_text(const DoctorFigures& figures, const Advice& advice) {
  std::string text = "What cannot be captured\n";
  for (const RefusalAdvice& refusal : advice.refusals) {
    text += wrap(fmt::format("- {}: {}{}. {} ({})", to_string(refusal.reason),
                             counted(refusal.shapes, "shape"),
                             figures.has_trace ? fmt::format(", {}", counted(refusal.calls, "call"))
                                               : std::string(),
                             meaning(refusal.reason), one_line(refusal.message)),
                 kColumns) +
            "\n";
  }
  return text;
}

std::string trace_text(const DoctorFigures& figures, const Advice& advice) {
  const TraceAdvice& trace = *advice.trace;
  Table table({"this trace, computed", "time", "to eager", "captures", "replays", "evictions"});
  const auto add = [&](const std::string& name, const TraceCost& cost) {
    table.add({name, duration_text(cost.seconds),
               fmt::format("{:.3f}", share(cost.seconds, trace.eager.seconds)),
               fmt::format("{}", cost.captures), fmt::format("{}", cost.replays),
               fmt::format("{}", cost.evictions)});
  };
  add("without a cache", trace.eager);
  add("admission always", trace.always);
  add("admission pays_back", trace.pays_back);
  std::string under = fmt::format("From an empty cache; always and pays_back with room for {}",
                                  counted(figures.shapes.size(), "shape"));
  if (figures.max_bytes != GraphCacheOptions::kUnbounded) {
    under += fmt::format(", within {}", byte_size_text(figures.max_bytes));
  }
  const CacheAdvice& cache = advice.cache;
  if (cache.use) {
    const bool lru = cache.eviction == Eviction::kLeastRecentlyUsed;
    add("as recommended below", lru ? trace.lru : trace.cost_aware);
  }
  const auto paying =
      static_cast<std::uint64_t>(std::ranges::count_if(advice.shapes, &ShapeAdvice::pays));
  return table.text() +
         wrap(fmt::format("{}. {} of {} {} often enough for a capture to pay.", under, paying,
                          counted(figures.shapes.size(), "shape"), paying == 1 ? "comes" : "come"),
              kColumns) +
         "\n";
}

}  // namespace

std::string_view meaning(Reason reason) noexcept {
  switch (reason) {
    case Reason::kStateful:
      return "The model keeps state between runs, which a graph of one run would not carry on.";
    case Reason::kRandom:
      return "The model draws random numbers, so no two runs answer the same and a graph cannot be "
             "compared.";
    case Reason::kDataDependentShape:
      return "The shape of an output depends on the values of the inputs, so that no graph is "
             "fixed by the shapes.";
    case Reason::kAliasedIo:
      return "An output shares memory with an input or another output.";
    case Reason::kOverBudget:
      return "The graph alone is larger than the budget.";
    case Reason::kMismatch:
      return "The graph answered otherwise than the eager run and is not used: please report it.";
    case Reason::kOutOfMemory:
      return "There was no memory for the graph.";
    case Reason::kNoFreeProfile:
      return "Every optimization profile of the plan is in use: build it with more.";
    case Reason::kReplayFailed:
      return "The captured graph failed to run.";
    default:
      return "The backend failed while it captured.";
  }
}

std::string doctor_text(const DoctorFacts& facts, const DoctorFigures& figures,
                        const Advice& advice) {
  std::string text = head_text(facts, figures, advice);
  text += "\n" + wrap(verdict_text(figures, advice), kColumns) + "\n";
  if (advice.ratio) {
    text += wrap(price_text(figures, advice), kColumns) + "\n";
  }
  text += "\n" + shapes_table(figures, advice);
  if (!advice.refusals.empty()) {
    text += "\n" + refusals_text(figures, advice);
  }
  if (advice.trace) {
    text += "\n" + trace_text(figures, advice);
  }
  return text + "\n" + choice_text(figures, advice);
}

}  // namespace replayrt::cli
