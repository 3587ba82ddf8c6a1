#include "models/package/trt_config.hpp"

#include "models/package/json_reader.hpp"
#include "models/package/text.hpp"

namespace replayrt::models {
namespace {

void check_dynamic(const JsonValue& min, const JsonValue& opt, const JsonValue& max,
                   const TrtConfig& config, ProblemList& problems) {
  std::vector<std::string> missing;
  for (const JsonValue* value : {&min, &opt, &max}) {
    if (!value->present()) {
      missing.push_back(value->key());
    }
  }
  if (!missing.empty()) {
    const std::string last = missing.back();
    missing.pop_back();
    problems.error("",
                   join(missing, ", ") + (missing.empty() ? "" : " and ") + last +
                       (missing.empty() ? " is" : " are") +
                       " missing: expected all three dynamic batch sizes, or static_batch_size");
    return;
  }
  const auto& [ignored, low, wanted, high] = config;
  if (!low || !wanted || !high) {
    return;  // Of a wrong type, which has been said.
  }
  if (*low < 1) {
    min.error("expected at least 1, found " + std::to_string(*low));
  }
  if (*wanted < *low || *wanted > *high) {
    opt.error("expected a batch size from dynamic_batch_size_min " + std::to_string(*low) +
              " to dynamic_batch_size_max " + std::to_string(*high) + ", found " +
              std::to_string(*wanted));
  }
  if (*high < *low) {
    max.error("expected at least dynamic_batch_size_min " + std::to_string(*low) + ", found " +
              std::to_string(*high));
  }
}

}  // namespace

TrtConfig parse_trt_config(std::string_view text, std::vector<PackageProblem>& problems) {
  TrtConfig config;
  read_object(text, "trt_config.json", problems, [&](JsonObject& root, ProblemList& list) {
    const JsonValue fixed = root.optional("static_batch_size");
    const JsonValue min = root.optional("dynamic_batch_size_min");
    const JsonValue opt = root.optional("dynamic_batch_size_opt");
    const JsonValue max = root.optional("dynamic_batch_size_max");
    config.static_batch_size = fixed.exact_integer();
    config.dynamic_batch_size_min = min.exact_integer();
    config.dynamic_batch_size_opt = opt.exact_integer();
    config.dynamic_batch_size_max = max.exact_integer();
    if (!fixed.present()) {
      check_dynamic(min, opt, max, config, list);
    } else {
      if (config.static_batch_size && *config.static_batch_size < 1) {
        fixed.error("expected at least 1, found " + std::to_string(*config.static_batch_size));
      }
      if (min.present() || opt.present() || max.present()) {
        fixed.warn("is given, and so the dynamic batch sizes are ignored");
      }
    }
    root.warn_of_unknown_keys();
  });
  return config;
}

}  // namespace replayrt::models
