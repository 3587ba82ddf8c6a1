#include "bench_flags.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "cache_settings.hpp"
#include "error.hpp"
#include "files.hpp"
#include "mode_runner.hpp"
#include "text.hpp"

namespace replayrt::cli {
namespace {

constexpr std::int64_t kMostRounds = 10'000'000;
constexpr std::int64_t kMostCallers = 1024;

constexpr const char* kBenchFooter =
    R"(Modes (run interleaved, call by call, on the same random inputs):
  eager      no cache: the model runs with dynamic shapes
  recapture  nothing is kept: every call captures its shape anew and runs it; throwing the graph away
             is not part of the time
  replay     a cache that has captured every shape before; with a --capacity or --max-bytes that is too
             small for all shapes it evicts and captures again, within the measured calls

Shapes: 1x3x48x320 for a model with one input; name:1x3x48x320;name2:2x5 for several. A trace is a file
with one such shape per line, in the order of the calls; blank lines and `#` comments are left out.

Admission decides which missing shapes replay mode captures (recapture captures always):
  always       every one, at its first call
  sightings:N  one that is called for the N-th time; the calls before are eager (not_yet)
  pays_back    one whose eager calls have cost as much more than replays as a capture costs

Cold: without --cold every shape is called twice in each mode before anything is measured, and the
cache's counters are those of its whole life, these calls included. With --cold nothing is called
before: every measured round begins with a new, empty cache, so its time (total_s, round_s) holds the
captures that it made; the counters are those of the last round, and the answers are compared after it.
A background capture that is still queued when a round ends is not waited for within its time.

Keys: --save-keys writes down which shapes the replay cache holds when the measured calls are over, the
hottest first; --load-keys has them captured before calls ask for them, as after a restart: before
anything is called or, with --cold, before each round, outside its time. With --capture background the
cache's thread captures them while the calls run. Keys of other models are left out.

Callers: with --callers 2 or more the modes cannot be interleaved call by call. They take turns, a whole
round each, in which every caller takes the next call that nobody has taken. A round's time is then the
time that passed (recapture's purges included), calls/s comes from it, and median, p99 and mean are still
those of single calls. Callers that share a shape share its graphs: see --instances.

Streams: --streams 2 is --callers 2, each with a CUDA stream of its own that its calls are ordered on.

trtexec: --compare trtexec runs NVIDIA's program from PATH, before anything else is measured, on the same
plan and shapes, as many queries of each shape as one mode has calls of it. Its time without a CUDA graph
stands beside eager, the one with a graph beside replay. Its queries feed the device from page-locked
memory and reuse their results' memory, where calls of ReplayRT read the caller's and own their results.

Examples:
  replayrt bench rec.onnx --shapes 1x3x48x320,1x3x48x640
  replayrt bench rec.onnx --trace shapes.txt --modes eager,replay --iterations 50 --json report.json
  replayrt bench rec.onnx --trace shapes.txt --capacity 4 --max-bytes 512M
  replayrt bench rec.onnx --trace shapes.txt --modes eager,replay --cold --admission pays_back --repeat 20 \
    --shuffle 1
  replayrt bench rec.onnx --shapes 1x3x48x320 --modes eager,replay --callers 2 --instances 2
  replayrt bench rec.onnx --trace shapes.txt --modes eager,replay --cold --html report.html --save-keys rec.keys
  replayrt bench rec.plan --shapes 1x3x48x320 --streams 2 --compare trtexec
  replayrt bench rec.onnx --shapes 1x3x48x320 --fuse argmax:fetch_name_0:2 --inference-threads 2)";

/// A flag whose text goes to `parse`, which takes the flag's name too.
template <class Value, class Parse>
void add_parsed(CLI::App& app, const std::string& flag, Value& value, Parse parse,
                const std::string& help, const std::string& type) {
  app.add_option_function<std::string>(
         flag, [flag, &value, parse](const std::string& text) { value = parse(flag, text); }, help)
      ->type_name(type);
}

void add_replay_flags(CLI::App& app, BenchOptions& options) {
  add_cache_flags(app, options.cache, "the number of distinct shapes");
  add_parsed(app, "--admission", options.admission, parse_admission,
             "Which missing shapes are captured: always, sightings:N or pays_back, explained\n"
             "below (default: always)",
             "A");
  add_parsed(app, "--eviction", options.eviction, parse_eviction,
             "Which graph goes when there is no room. lru: the one that was used least recently;\n"
             "cost_aware: the one that saves least time per byte, as measured (default: lru)",
             "E");
  add_parsed(app, "--capture", options.capture, parse_capture_mode,
             "Who captures. inline: the call that misses, which takes as much longer.\n"
             "background: a thread of the cache; calls are eager (capture_pending) meanwhile\n"
             "(default: inline)",
             "C");
  add_parsed(app, "--verify", options.verify, parse_verification,
             "Which new graphs are compared with the eager answer before they are used, within\n"
             "the time of their capture. first: every one, on its first input; off: none; a\n"
             "probability from 0 to 1: that share of them (default: first)",
             "V");
  add_number(app, "--instances", options.instances, 1, kNoLimit,
             "Most graphs of one shape, so that as many callers can replay it at once; further\n"
             "ones are eager (busy) (default: 1)");
}

void add_call_flags(CLI::App& app, BenchOptions& options) {
  add_number(app, "--callers", options.callers, 1, kMostCallers,
             "Threads that issue the calls at once (default: 1)");
  add_number(app, "--streams", options.streams, 1, kMostCallers,
             "As many callers, each with a CUDA stream of its own (default: calls have none)");
  add_parsed(
      app, "--shuffle", options.shuffle_seed,
      [](const std::string& flag, const std::string& text) {
        return static_cast<std::uint64_t>(parse_whole_number(flag, text, 0, kNoLimit));
      },
      "Shuffle the calls of each round with this seed: every round has another order, and all\n"
      "modes have the same (default: the order given)",
      "SEED");
  add_number(app, "--repeat", options.repeat, 1, kMostCallsOfRound,
             "Run the shapes or trace so many times in a round: 100 lines are 2,000 calls with\n"
             "--repeat 20 (default: 1)");
  app.add_flag("--cold", options.cold,
               "Warm nothing: every measured round begins with a new, empty cache");
  add_number(app, "--iterations", options.iterations, 1, kMostRounds,
             "Measured rounds; one is every call in every mode (default: 10)");
  add_parsed(
      app, "--warmup", options.warmup,
      [](const std::string& flag, const std::string& text) {
        return parse_whole_number(flag, text, 0, kMostRounds);
      },
      "Rounds before them that are not measured (default: 1; with --cold: 0)", "N");
  add_number(app, "--seed", options.seed, 0, kNoLimit, "Seed of the random inputs (default: 1)");
}

void add_file(CLI::App& app, const std::string& flag, std::string& path, const std::string& help) {
  app.add_option(flag, path, help)->type_name("FILE");
}

void add_file_flags(CLI::App& app, BenchOptions& options) {
  add_file(app, "--load-keys", options.load_keys,
           "Prewarm the replay cache from a file of keys, explained below");
  add_file(app, "--save-keys", options.save_keys,
           "Write the keys that the replay cache holds at the end to FILE");
  add_file(
      app, "--metrics", options.metrics,
      "Write the replay cache's metrics in Prometheus' text format to FILE too, or to standard\n"
      "output (-)");
  add_file(app, "--html", options.html,
           "Write a page with charts to FILE too, which needs no other file");
  add_file(app, "--json", options.json, "Write the report to FILE too, or to standard output (-)");
}

}  // namespace

void add_bench_flags(CLI::App& app, BenchOptions& options) {
  app.footer(kBenchFooter);
  add_load_flags(app, options.load);
  app.add_option("--shapes", options.shapes, "Shapes to call with, commas between them")
      ->type_name("S,...");
  app.add_option("--trace", options.trace,
                 "File with one shape per line, in the order of the calls")
      ->type_name("FILE");
  app.add_option("--modes", options.modes, "Some of eager,recapture,replay (default: all three)")
      ->type_name("M,...");
  add_replay_flags(app, options);
  add_call_flags(app, options);
  add_parsed(
      app, "--compare", options.compare_trtexec,
      [](const std::string& flag, const std::string& text) {
        if (text != "trtexec") {
          throw UsageError(fmt::format("{}: expected trtexec, got {}", flag, in_quotes(text)));
        }
        return true;
      },
      "trtexec: measure the same with trtexec from PATH, explained below (default: nothing)", "P");
  add_file_flags(app, options);
}

void require_possible(const BenchOptions& options) {
  const std::array files = {std::pair("--html", &options.html),
                            std::pair("--save-keys", &options.save_keys),
                            std::pair("--load-keys", &options.load_keys)};
  for (const auto& [flag, path] : files) {
    if (*path == "-") {
      throw UsageError(fmt::format("{}: expected a file name, got '-'", flag));
    }
  }
  if (options.json == "-" && options.metrics == "-") {
    throw UsageError("--metrics: --json goes to standard output already");
  }
  const std::vector<Mode> modes = parse_modes(options.modes);
  const bool replays = std::ranges::find(modes, Mode::kReplay) != modes.end();
  for (const auto& [flag, path] :
       {std::pair("--save-keys", &options.save_keys), std::pair("--load-keys", &options.load_keys),
        std::pair("--metrics", &options.metrics)}) {
    if (!path->empty() && !replays) {
      throw UsageError(
          fmt::format("{}: expected replay among --modes, got {}", flag, in_quotes(options.modes)));
    }
  }
  for (const std::string* path :
       {&options.json, &options.html, &options.save_keys, &options.metrics}) {
    if (!path->empty() && *path != "-") {
      require_writable(*path);
    }
  }
}

}  // namespace replayrt::cli
