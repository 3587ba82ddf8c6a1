// The report of a cache in Prometheus' text format 0.0.4. Names as its conventions want them:
// seconds and bytes, counters that end in _total.

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "replayrt/core/error.hpp"
#include "replayrt/core/graph_cache_options.hpp"
#include "replayrt/core/graph_cache_stats.hpp"

namespace replayrt {
namespace {

constexpr std::size_t kMostKeys = 50;

/// A label value, as the format writes it.
std::string escaped(std::string_view text) {
  std::string made;
  for (const char c : text) {
    if (c == '\n') {
      made += "\\n";
    } else {
      made.append(c == '\\' || c == '"' ? 1 : 0, '\\').append(1, c);
    }
  }
  return made;
}

std::string label(std::string_view name, std::string_view value) {
  return std::string(name) + "=\"" + escaped(value) + "\"";
}

bool is_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

/// Reads labels in the format's own notation.
class LabelReader {
 public:
  explicit LabelReader(std::string_view text) : text_(text) {}

  /// The same labels, checked; each name once.
  std::string read() {
    std::string made;
    std::vector<std::string_view> names;
    while (at_ < text_.size()) {
      const std::string_view name = read_name();
      if (std::ranges::find(names, name) != names.end()) {
        refuse("has the label '" + std::string(name) + "' twice");
      }
      names.push_back(name);
      expect('=');
      made.append(made.empty() ? "" : ",").append(label(name, read_value()));
      if (at_ < text_.size()) {
        expect(',');
        if (at_ == text_.size()) {
          refuse("ends with a comma");
        }
      }
    }
    return made;
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    throw Error(ErrorCode::kInvalidParameter,
                "labels '" + std::string(text_) + "': " + why +
                    "; expected name=\"value\" with commas between, where \\, \" and line breaks "
                    "are written \\\\, \\\" and \\n");
  }

  void expect(char wanted) {
    if (at_ == text_.size() || text_[at_] != wanted) {
      refuse("no '" + std::string(1, wanted) + "' at character " + std::to_string(at_ + 1));
    }
    ++at_;
  }

  std::string_view read_name() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && (is_letter(text_[at_]) || (at_ > begin && is_digit(text_[at_])))) {
      ++at_;
    }
    const std::string_view name = text_.substr(begin, at_ - begin);
    if (name.empty()) {
      refuse("no name at character " + std::to_string(begin + 1));
    }
    if (name.starts_with("__") || name == "route" || name == "engine" || name == "key") {
      refuse("the name '" + std::string(name) + "' is taken");
    }
    return name;
  }

  std::string read_value() {
    expect('"');
    std::string value;
    for (; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      char c = text_[at_];
      if (c == '\n') {
        refuse("a line break in a value");
      }
      if (c == '\\') {
        ++at_;
        c = at_ < text_.size() ? text_[at_] : '\0';
        if (c != '\\' && c != '"' && c != 'n') {
          refuse("an unknown escape at character " + std::to_string(at_));
        }
        c = c == 'n' ? '\n' : c;
      }
      value += c;
    }
    expect('"');
    return value;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::string number(double value) {
  std::array<char, 64> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  return {digits.data(), end.ptr};
}
std::string number(std::integral auto value) {
  return std::to_string(value);
}
std::string number(std::chrono::nanoseconds time) {
  return number(std::chrono::duration<double>(time).count());
}

/// Metrics one after the other, each with its help, its type and its series.
class Writer {
 public:
  explicit Writer(std::string constant_labels) : constant_(std::move(constant_labels)) {}

  /// `name` without the prefix that all have; a counter's ends in _total.
  void metric(std::string_view name, std::string_view help) {
    name_ = "replayrt_graph_cache_" + std::string(name);
    text_.append("# HELP ").append(name_).append(" ").append(help).append("\n# TYPE ");
    text_.append(name_).append(name.ends_with("_total") ? " counter\n" : " gauge\n");
  }

  void series(const std::string& labels, const std::string& value) {
    const bool both = !constant_.empty() && !labels.empty();
    const std::string all = constant_ + (both ? "," : "") + labels;
    text_.append(name_).append(all.empty() ? "" : "{" + all + "}");
    text_.append(" ").append(value).append("\n");
  }

  template <class Value>
  void single(std::string_view name, std::string_view help, const Value& value) {
    metric(name, help);
    series({}, number(value));
  }

  void routes(const std::string& labels, std::uint64_t eager, std::uint64_t captured,
              std::uint64_t replayed) {
    const std::string separated = labels + (labels.empty() ? "" : ",");
    series(separated + label("route", "eager"), number(eager));
    series(separated + label("route", "captured"), number(captured));
    series(separated + label("route", "replayed"), number(replayed));
  }

  /// One series for each of `items`, whose labels `labels_of` gives.
  template <class Items, class Labels, class Value>
  void each(std::string_view name, std::string_view help, const Items& items, Labels labels_of,
            Value value_of) {
    if (items.empty()) {
      return;
    }
    metric(name, help);
    for (const auto& item : items) {
      series(labels_of(item), number(value_of(item)));
    }
  }

  std::string take() { return std::move(text_); }

 private:
  const std::string constant_;
  std::string name_;
  std::string text_;
};

void write_totals(const GraphCacheStats& all, Writer& out) {
  out.metric("calls_total", "Calls by the route that served them.");
  out.routes({}, all.eager, all.captured, all.replayed);
  out.single("hits_total", "Calls whose graph was there, free or not.", all.hits);
  out.single("misses_total", "Calls whose graph was not there.", all.misses);
  out.single("captures_total", "Graphs made, kept or not.", all.captures);
  out.single("capture_seconds_total", "Time that captures took.", all.capture_time_total);
  out.single("capture_failures_total", "Captures that failed or were not kept.",
             all.capture_failures);
  out.single("mismatches_total", "Graphs refused as they answered otherwise than eager runs.",
             all.mismatches);
  out.single("input_elements_total", "Elements of the inputs of all calls, padding included.",
             all.input_elements);
  out.single("padding_elements_total", "Of these, added for batch limits or buckets.",
             all.padding_elements);
  out.single("prewarmed_total", "Graphs made before a call asked for them.", all.prewarmed);
  out.single("evictions_total", "Graphs pushed out by a bound.", all.evictions);
  out.single("futile_evictions_total", "Evicted graphs that had not earned their capture.",
             all.futile_evictions);
  out.single("removals_total", "Graphs taken out on request or with their engine.", all.removals);
  out.single("thrash_warnings_total", "Times that too many evictions were futile.",
             all.thrash_warnings);
  out.single("keys", "Keys held.", all.size);
  out.single("capacity", "Most keys held.", all.capacity);
  out.single("bytes", "Bytes of the graphs held.", all.bytes);
  const bool bounded = all.max_bytes != GraphCacheOptions::kUnbounded;
  out.metric("max_bytes", "Most bytes of graphs held.");
  out.series({}, bounded ? number(all.max_bytes) : "+Inf");
  out.single("peak_bytes", "Most bytes of graphs that were held at once.", all.peak_bytes);
  out.single("shared_bytes", "Bytes that engines hold once for all their graphs.",
             all.shared_bytes);
  out.single("queued_captures", "Captures that wait for the background thread.",
             all.queued_captures);
  out.single("time_saved_seconds", "Time saved by replays over eager runs, less what they lost.",
             all.time_saved);
}

void write_engines(const std::vector<EngineStats>& engines, Writer& out) {
  if (engines.empty()) {
    return;
  }
  const auto name = [](const EngineStats& engine) {
    return label("engine", std::to_string(engine.engine));
  };
  out.metric("engine_calls_total", "Calls of an engine by the route that served them.");
  for (const EngineStats& engine : engines) {
    out.routes(name(engine), engine.eager, engine.captured, engine.replayed);
  }
  out.each("engine_captures_total", "Graphs made of an engine, kept or not.", engines, name,
           [](const EngineStats& engine) { return engine.captures; });
  out.each("engine_capture_seconds_total", "Time that captures of an engine took.", engines, name,
           [](const EngineStats& engine) { return engine.capture_time_total; });
  out.each("engine_bytes", "Bytes of an engine's graphs.", engines, name,
           [](const EngineStats& engine) { return engine.bytes; });
  out.each("engine_shared_bytes", "Bytes that an engine holds once for all its graphs.", engines,
           name, [](const EngineStats& engine) { return engine.shared_bytes; });
  out.each("engine_time_saved_seconds", "Time saved by an engine's replays.", engines, name,
           [](const EngineStats& engine) { return engine.time_saved; });
}

/// Those with the most calls; of equals the ones used last.
std::vector<const KeyStats*> top_keys(const std::vector<KeyStats>& keys) {
  std::vector<const KeyStats*> top;
  for (auto key = keys.rbegin(); key != keys.rend(); ++key) {
    top.push_back(&*key);
  }
  std::ranges::stable_sort(top, std::ranges::greater(), &KeyStats::calls);
  top.resize(std::min(top.size(), kMostKeys));
  return top;
}

void write_keys(const std::vector<KeyStats>& all, Writer& out) {
  const std::vector<const KeyStats*> keys = top_keys(all);
  if (keys.empty()) {
    return;
  }
  const auto name = [](const KeyStats* key) {
    return label("engine", std::to_string(key->key.engine())) + "," +
           label("key", to_string(key->key.inputs()));
  };
  out.metric("key_calls_total", "Calls of one of the most used keys by route.");
  for (const KeyStats* key : keys) {
    out.routes(name(key), key->eager, key->calls - key->eager - key->replayed, key->replayed);
  }
  out.each("key_bytes", "Bytes of the graphs of one of the most used keys.", keys, name,
           [](const KeyStats* key) { return key->bytes; });
  out.each("key_capture_seconds", "Time that the last capture of a key took.", keys, name,
           [](const KeyStats* key) { return key->capture_time; });
  out.each("key_time_saved_seconds", "Time saved by the replays of a key's last graph.", keys, name,
           [](const KeyStats* key) { return key->time_saved; });
}

}  // namespace

std::string to_prometheus(const GraphCacheReport& report, std::string_view labels) {
  Writer out(LabelReader(labels).read());
  write_totals(report.totals, out);
  write_engines(report.engines, out);
  write_keys(report.keys, out);
  return out.take();
}

}  // namespace replayrt
