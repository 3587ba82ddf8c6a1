#include "replayrt/core/graph_cache.hpp"

#include <chrono>
#include <cmath>
#include <string>

#include "objects.hpp"
#include "replayrt/core/error.hpp"
#include "tensors.hpp"
#include "text.hpp"

namespace replayrt::python {
namespace {

using Seconds = std::chrono::duration<double>;

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration_cast<Seconds>(time).count();
}

[[noreturn]] void refuse(const std::string& option, const std::string& problem) {
  throw Error(ErrorCode::kInvalidParameter, option + " " + problem);
}

template <class T>
T number_of(nb::handle options, const char* name) {
  const nb::object value = options.attr(name);
  T number{};
  if (!nb::try_cast(value, number)) {
    refuse(name, "is " + std::string(nb::repr(value).c_str()) + ": expected a number");
  }
  return number;
}

std::chrono::nanoseconds duration_of(nb::handle options, const char* name) {
  const double value = number_of<double>(options, name);
  constexpr double kMost = 9e9;  // What nanoseconds in 64 bits hold, in seconds.
  if (!(value >= 0)) {
    refuse(name, "is " + std::to_string(value) + " seconds: expected 0 or more");
  }
  return value > kMost ? GraphCacheOptions::kForever
                       : std::chrono::duration_cast<std::chrono::nanoseconds>(Seconds(value));
}

Verification verification_of(nb::handle options) {
  const nb::object value = options.attr("verify");
  double probability = 0;
  if (nb::isinstance<nb::str>(value)) {
    const auto name = nb::cast<std::string>(value);
    if (name == "first" || name == "off") {
      return name == "first" ? Verification::first() : Verification::off();
    }
  } else if (nb::try_cast(value, probability)) {
    return Verification::sampled(probability);
  }
  refuse("verify", "is " + std::string(nb::repr(value).c_str()) +
                       ": expected 'first', 'off' or a probability");
}

CaptureMode capture_of(nb::handle options) {
  const nb::object value = options.attr("capture");
  std::string name;
  if (nb::try_cast(value, name) && (name == "inline" || name == "background")) {
    return name == "inline" ? CaptureMode::kInline : CaptureMode::kBackground;
  }
  refuse("capture",
         "is " + std::string(nb::repr(value).c_str()) + ": expected 'inline' or 'background'");
}

/// Of the dataclass `replayrt.GraphCacheOptions`.
GraphCacheOptions options_of(nb::handle given) {
  GraphCacheOptions options;
  options.capacity = number_of<std::int64_t>(given, "capacity");
  if (!given.attr("max_bytes").is_none()) {
    options.max_bytes = number_of<std::int64_t>(given, "max_bytes");
  }
  if (!given.attr("admission").is_none()) {
    options.admission = Admission::parse(nb::cast<std::string>(nb::str(given.attr("admission"))));
  }
  options.capture = capture_of(given);
  if (!given.attr("max_wait").is_none()) {
    options.max_wait = duration_of(given, "max_wait");
  }
  options.max_queued_captures = number_of<std::int64_t>(given, "max_queued_captures");
  options.max_instances_per_key = number_of<std::int64_t>(given, "max_instances_per_key");
  options.verify = verification_of(given);
  options.retry_interval = duration_of(given, "retry_interval");
  options.eviction = eviction_from_string(nb::cast<std::string>(nb::str(given.attr("eviction"))));
  options.max_captures_per_second = number_of<std::int64_t>(given, "max_captures_per_second");
  return options;
}

void make_cache(PyGraphCache* self, nb::handle capacity) {
  require_usable_process();
  std::int64_t number = 0;
  if (nb::try_cast(capacity, number)) {
    new (self) PyGraphCache(std::make_shared<GraphCache>(number));
    return;
  }
  if (!nb::hasattr(capacity, "capacity")) {
    refuse("capacity", "is " + std::string(nb::repr(capacity).c_str()) +
                           ": expected a number of graphs, or GraphCacheOptions");
  }
  const GraphCacheOptions options = options_of(capacity);
  if (options.capture == CaptureMode::kBackground) {
    note_use();  // It will have a thread.
  }
  new (self) PyGraphCache(std::make_shared<GraphCache>(options));
}

nb::list inputs_of(const GraphKey& key) {
  nb::list inputs;
  for (const TensorSignature& input : key.inputs()) {
    inputs.append(nb::make_tuple(text_of(to_string(input.dtype)), shape_to_python(input.shape)));
  }
  return inputs;
}

void bind_key(nb::module_& m) {
  nb::class_<GraphKey>(
      m, "GraphKey",
      "What a captured graph is filed under: engine, device, and dtype and shape of every input. "
      "Two models never share a key. Immutable, hashable.")
      .def_prop_ro("engine", &GraphKey::engine,
                   "Id of the engine: unique in the process, never reused.")
      .def_prop_ro("device", [](const GraphKey& key) { return key.device().to_string(); })
      .def_prop_ro("inputs", inputs_of,
                   nb::sig("def inputs(self) -> list[tuple[str, tuple[int, ...]]]"),
                   "(dtype, shape) of every input, in the engine's order.")
      .def("__hash__", &GraphKey::hash)
      .def(
          "__eq__",
          [](const GraphKey& key, nb::handle other) {
            return nb::isinstance<GraphKey>(other) && key == nb::cast<const GraphKey&>(other);
          },
          nb::arg("other").none(), nb::sig("def __eq__(self, other: object, /) -> bool"))
      .def("__str__", &GraphKey::to_string)
      .def("__repr__", [](const GraphKey& key) { return "<GraphKey " + key.to_string() + ">"; });
}

void bind_stats(nb::module_& m) {
  using Stats = GraphCacheStats;
  nb::class_<Stats>(m, "GraphCacheStats",
                    "A cache's counters at one moment. calls = eager + captured + replayed = hits "
                    "+ misses. Times are in seconds, sizes in bytes.")
      .def_ro("calls", &Stats::calls)
      .def_ro("eager", &Stats::eager)
      .def_ro("captured", &Stats::captured)
      .def_ro("replayed", &Stats::replayed)
      .def_ro("hits", &Stats::hits)
      .def_ro("misses", &Stats::misses)
      .def_ro("captures", &Stats::captures)
      .def_ro("capture_failures", &Stats::capture_failures)
      .def_ro("mismatches", &Stats::mismatches)
      .def_ro("evictions", &Stats::evictions)
      .def_ro("futile_evictions", &Stats::futile_evictions)
      .def_ro("thrash_warnings", &Stats::thrash_warnings)
      .def_ro("removals", &Stats::removals)
      .def_ro("prewarmed", &Stats::prewarmed)
      .def_ro("input_elements", &Stats::input_elements)
      .def_ro("padding_elements", &Stats::padding_elements)
      .def_ro("capacity", &Stats::capacity)
      .def_ro("max_bytes", &Stats::max_bytes)
      .def_ro("size", &Stats::size)
      .def_ro("bytes", &Stats::bytes)
      .def_ro("peak_bytes", &Stats::peak_bytes)
      .def_ro("shared_bytes", &Stats::shared_bytes)
      .def_ro("queued_captures", &Stats::queued_captures)
      .def_prop_ro("capture_time_total",
                   [](const Stats& s) { return seconds(s.capture_time_total); })
      .def_prop_ro("capture_time_median",
                   [](const Stats& s) { return seconds(s.capture_time_median); })
      .def_prop_ro("time_saved", [](const Stats& s) { return seconds(s.time_saved); })
      .def("__repr__", [](const Stats& s) {
        return "<GraphCacheStats " + std::to_string(s.calls) +
               " calls: " + std::to_string(s.replayed) + " replayed, " +
               std::to_string(s.captured) + " captured, " + std::to_string(s.eager) + " eager; " +
               std::to_string(s.size) + " of " + std::to_string(s.capacity) + " graphs, " +
               std::to_string(s.bytes) + " bytes>";
      });
}

// Each may log, or end a graph whose end logs: never with the GIL held.
template <class Call>
auto without_gil(const PyGraphCache& self, Call call) {
  GraphCache& cache = self.usable();
  const nb::gil_scoped_release release;
  return call(cache);
}

void bind_cache(nb::module_& m) {
  nb::class_<PyGraphCache> bound(
      m, "TRTCudaGraphCache",
      "A bounded cache of captured graphs, least recently used out first, which any number of "
      "models and threads share. Every member may be called from any thread at any time.",
      nb::is_weak_referenceable());
  bound
      .def(
          "__init__", make_cache, nb::arg("capacity").none() = 8,
          nb::sig(
              "def __init__(self, capacity: int | replayrt.options.GraphCacheOptions = 8) -> None"),
          "`capacity`: most graphs held, 0 turns caching off; or all options. Raises "
          "InvalidParameterError that names the option at fault.")
      .def_prop_ro(
          "capacity", [](const PyGraphCache& self) { return self.usable().stats().capacity; },
          "Most graphs held.")
      .def(
          "get_current_size",
          [](const PyGraphCache& self) { return self.usable().get_current_size(); },
          "Number of graphs held now.")
      .def(
          "list_keys", [](const PyGraphCache& self) { return self.usable().list_keys(); },
          "Keys held now, least recently used first.")
      .def("__len__", [](const PyGraphCache& self) { return self.usable().get_current_size(); })
      .def(
          "__bool__", [](const PyGraphCache&) { return true; },
          "A cache is true, also an empty one.")
      .def(
          "__contains__",
          [](const PyGraphCache& self, const GraphKey& key) { return self.usable().contains(key); },
          nb::arg("key"), "Whether `key` is held now. Does not touch recency.")
      .def(
          "__contains__", [](const PyGraphCache&, nb::handle) { return false; },
          nb::arg("key").none(), nb::sig("def __contains__(self, key: object, /) -> bool"))
      .def(
          "safe_remove",
          [](const PyGraphCache& self, const GraphKey& key) {
            without_gil(self, [&](GraphCache& cache) { cache.safe_remove(key); });
          },
          nb::arg("key"),
          "Drops `key` and what is remembered against it; nothing happens if it is absent. A graph "
          "in use ends with its use.")
      .def(
          "purge",
          [](const PyGraphCache& self, std::optional<std::int64_t> n_oldest) {
            without_gil(self, [&](GraphCache& cache) { cache.purge(n_oldest); });
          },
          nb::arg("n_oldest") = nb::none(),
          "Drops the `n_oldest` least recently used graphs; all of them, and every remembered "
          "refusal, if no number is given. Raises InvalidParameterError if it is negative.")
      .def(
          "remove_engine",
          [](const PyGraphCache& self, EngineId engine) {
            without_gil(self, [&](GraphCache& cache) { cache.remove_engine(engine); });
          },
          nb::arg("engine"), "Drops every graph of the engine with this id.")
      .def(
          "refusal",
          [](const PyGraphCache& self, const GraphKey& key) -> std::optional<nb::tuple> {
            const std::optional<Refusal> refusal = self.usable().refusal(key);
            if (!refusal.has_value()) {
              return std::nullopt;
            }
            return nb::make_tuple(text_of(to_string(refusal->reason)), text_of(refusal->message));
          },
          nb::arg("key"), nb::sig("def refusal(self, key: GraphKey) -> tuple[str, str] | None"),
          "(reason, message) why `key` is not captured, if that has been found out.")
      .def(
          "stats", [](const PyGraphCache& self) { return self.usable().stats(); },
          "All counters at one moment.")
      .def("report_json", [](const PyGraphCache& self) { return to_json(self.usable().report()); })
      .def(
          "wait_idle",
          [](const PyGraphCache& self) {
            without_gil(self, [](GraphCache& cache) { cache.wait_idle(); });
          },
          "Returns when no capture is under way and what was dropped is destroyed.")
      .def(
          "__enter__", [](nb::object self) { return self; },
          nb::sig("def __enter__(self) -> TRTCudaGraphCache"))
      .def(
          "__exit__",
          [](const PyGraphCache& self, const nb::args&) {
            without_gil(self, [](GraphCache& cache) {
              cache.purge();
              cache.wait_idle();
            });
          },
          nb::sig("def __exit__(self, *exception: object) -> None"),
          "Drops every graph and waits for their ends. The cache stays usable.")
      .def("__repr__", [](const PyGraphCache& self) {
        const GraphCacheStats stats = self.usable().stats();
        return "<TRTCudaGraphCache " + std::to_string(stats.size) + " of " +
               std::to_string(stats.capacity) + " graphs, " + std::to_string(stats.bytes) +
               " bytes>";
      });
  bind_working_set(m, bound);
}

}  // namespace

std::shared_ptr<GraphCache> cache_of(const PyGraphCache* cache) {
  if (cache == nullptr) {
    return nullptr;
  }
  require_usable_process();
  return cache->cache.get();
}

void bind_graph_cache(nb::module_& m) {
  bind_key(m);
  bind_stats(m);
  bind_cache(m);
  m.def(
      "establish_cache",
      [](std::int64_t size, const std::string& backend) -> std::optional<PyGraphCache> {
        std::shared_ptr<GraphCache> cache = establish_trt_cuda_graph_cache(
            size, nullptr,
            backend == "openvino" ? CacheBackend::kOpenVino : CacheBackend::kTensorRt);
        return cache == nullptr ? std::nullopt : std::optional<PyGraphCache>(std::move(cache));
      },
      nb::arg("size"), nb::arg("backend"));
}

}  // namespace replayrt::python
