// The report of a cache as JSON. Written here rather than with a library: the core links threads
// only.

#include <array>
#include <charconv>
#include <concepts>
#include <string>
#include <string_view>

#include "replayrt/core/graph_cache_stats.hpp"

namespace replayrt {
namespace {

std::string quoted(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string made = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      made += '\\';
      made += c;
    } else if (byte < 0x20) {
      made += "\\u00";
      made += kHex[byte >> 4U];
      made += kHex[byte & 15U];
    } else {
      made += c;
    }
  }
  return made += '"';
}

/// One JSON object, member by member.
class Object {
 public:
  Object& add(std::string_view name, std::integral auto value) {
    return raw(name, std::to_string(value));
  }
  Object& add(std::string_view name, bool value) { return raw(name, value ? "true" : "false"); }
  Object& add(std::string_view name, std::string_view text) { return raw(name, quoted(text)); }
  /// In milliseconds; whatever the locale, with a point.
  Object& add(std::string_view name, std::chrono::nanoseconds time) {
    std::array<char, 32> digits{};
    const double milliseconds = std::chrono::duration<double, std::milli>(time).count();
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), milliseconds,
                                   std::chars_format::fixed, 6);
    return raw(name, std::string_view(digits.data(), end.ptr));
  }
  Object& raw(std::string_view name, std::string_view json) {
    text_ += text_.empty() ? "{" : ", ";
    text_.append(quoted(name)).append(": ").append(json);
    return *this;
  }
  [[nodiscard]] std::string text() const { return text_.empty() ? "{}" : text_ + "}"; }

 private:
  std::string text_;
};

template <class Items, class Write>
std::string list_of(const Items& items, Write write) {
  std::string made = "[";
  for (const auto& item : items) {
    made.append(made.size() == 1 ? "" : ", ").append(write(item));
  }
  return made += ']';
}

std::string json_of(const GraphCacheStats& totals) {
  return Object()
      .add("calls", totals.calls)
      .add("eager", totals.eager)
      .add("captured", totals.captured)
      .add("replayed", totals.replayed)
      .add("hits", totals.hits)
      .add("misses", totals.misses)
      .add("captures", totals.captures)
      .add("capture_failures", totals.capture_failures)
      .add("mismatches", totals.mismatches)
      .add("evictions", totals.evictions)
      .add("futile_evictions", totals.futile_evictions)
      .add("thrash_warnings", totals.thrash_warnings)
      .add("removals", totals.removals)
      .add("input_elements", totals.input_elements)
      .add("padding_elements", totals.padding_elements)
      .add("prewarmed", totals.prewarmed)
      .add("capacity", totals.capacity)
      .add("max_bytes", totals.max_bytes)
      .add("size", totals.size)
      .add("bytes", totals.bytes)
      .add("peak_bytes", totals.peak_bytes)
      .add("shared_bytes", totals.shared_bytes)
      .add("queued_captures", totals.queued_captures)
      .add("capture_time_total_ms", totals.capture_time_total)
      .add("capture_time_median_ms", totals.capture_time_median)
      .add("time_saved_ms", totals.time_saved)
      .text();
}

std::string json_of(const EngineStats& engine) {
  return Object()
      .add("engine", engine.engine)
      .add("calls", engine.calls)
      .add("eager", engine.eager)
      .add("captured", engine.captured)
      .add("replayed", engine.replayed)
      .add("captures", engine.captures)
      .add("input_elements", engine.input_elements)
      .add("padding_elements", engine.padding_elements)
      .add("bytes", engine.bytes)
      .add("shared_bytes", engine.shared_bytes)
      .add("capture_time_total_ms", engine.capture_time_total)
      .add("time_saved_ms", engine.time_saved)
      .text();
}

std::string json_of(const KeyStats& key) {
  Object object;
  object.add("key", key.key.to_string())
      .add("held", key.held)
      .add("calls", key.calls)
      .add("eager", key.eager)
      .add("replayed", key.replayed)
      .add("captures", key.captures)
      .add("bytes", key.bytes)
      .add("instances", key.instances)
      .add("mean_eager_time_ms", key.mean_eager_time)
      .add("mean_replay_time_ms", key.mean_replay_time)
      .add("capture_time_ms", key.capture_time)
      .add("time_saved_ms", key.time_saved);
  object.raw("refusal", key.refusal.has_value()
                            ? Object()
                                  .add("reason", to_string(key.refusal->reason))
                                  .add("message", std::string_view(key.refusal->message))
                                  .text()
                            : "null");
  return object.text();
}

}  // namespace

std::string to_json(const GraphCacheReport& report) {
  return Object()
      .raw("totals", json_of(report.totals))
      .raw("engines", list_of(report.engines, [](const EngineStats& e) { return json_of(e); }))
      .raw("keys", list_of(report.keys, [](const KeyStats& k) { return json_of(k); }))
      .text();
}

}  // namespace replayrt
