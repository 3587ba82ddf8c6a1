#include "models/package/yaml_document.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "models/package/text.hpp"

namespace replayrt::models {
namespace {

using nlohmann::json;

constexpr std::size_t kMostValues = 200'000;  // The lists of characters have 20,000.
constexpr std::size_t kMostBytes = std::size_t{8} << 20;

/// Ends the reading.
struct Refusal {
  std::string message;
};

/// What a value takes, written out.
struct Cost {
  std::size_t values = 0;
  std::size_t bytes = 0;
};

/// Builds a value of yaml-cpp's events, which are looked at one by one: a tree of nodes would stand
/// before anything could be counted.
class Builder : public YAML::EventHandler {
 public:
  [[nodiscard]] bool has_document() const noexcept { return documents_ > 0; }
  [[nodiscard]] json take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& /*mark*/) override {
    if (++documents_ > 1) {
      throw Refusal{"has more than one document: expected one"};
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& /*mark*/, YAML::anchor_t anchor) override {
    spend({.values = 1, .bytes = 0});
    add(nullptr, anchor, {.values = 1, .bytes = 0});
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    require_tag(mark, tag);
    const Cost cost{.values = 1, .bytes = value.size()};
    spend(cost);
    add(value, anchor, cost);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      throw Refusal{"has an alias of a value that it is itself part of" + at(mark)};
    }
    const auto& [value, cost] = found->second;
    spend(cost);
    add(value, YAML::NullAnchor, cost);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, anchor, json::array());
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, anchor, json::object());
  }
  void OnMapEnd() override { close(); }

 private:
  /// A mapping or a sequence that is not complete yet.
  struct Open {
    json value;
    YAML::anchor_t anchor;
    Cost before;  ///< What had been spent when it began.
    std::optional<std::string> key{};
  };

  static std::string at(const YAML::Mark& mark) {
    return " in line " + std::to_string(mark.line + 1);
  }

  static void require_tag(const YAML::Mark& mark, const std::string& tag) {
    constexpr std::array<std::string_view, 10> kKnown = {"",
                                                         "?",
                                                         "!",
                                                         "tag:yaml.org,2002:str",
                                                         "tag:yaml.org,2002:int",
                                                         "tag:yaml.org,2002:float",
                                                         "tag:yaml.org,2002:bool",
                                                         "tag:yaml.org,2002:null",
                                                         "tag:yaml.org,2002:seq",
                                                         "tag:yaml.org,2002:map"};
    if (std::ranges::find(kKnown, tag) == kKnown.end()) {
      throw Refusal{"has the tag " + in_quotes(tag) + at(mark) + ": expected plain values"};
    }
  }

  void spend(const Cost& cost) {
    spent_.values += cost.values;
    spent_.bytes += cost.bytes;
    if (spent_.values > kMostValues || spent_.bytes > kMostBytes) {
      throw Refusal{"has more than " + std::to_string(kMostValues) + " values or " +
                    std::to_string(kMostBytes) +
                    " bytes of text, aliases written out: expected a smaller file"};
    }
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, json value) {
    require_tag(mark, tag);
    require_key_is_text(value);
    if (open_.size() == JsonDocument::kMostDepth) {
      throw Refusal{"is nested deeper than " + std::to_string(JsonDocument::kMostDepth) +
                    " levels: expected a flatter file"};
    }
    const Cost before = spent_;
    spend({.values = 1, .bytes = 0});
    open_.push_back({.value = std::move(value), .anchor = anchor, .before = before});
  }

  void close() {
    Open closed = std::move(open_.back());
    open_.pop_back();
    add(std::move(closed.value), closed.anchor,
        {.values = spent_.values - closed.before.values,
         .bytes = spent_.bytes - closed.before.bytes});
  }

  void require_key_is_text(const json& value) const {
    if (!open_.empty() && open_.back().value.is_object() && !open_.back().key &&
        !value.is_string()) {
      throw Refusal{"has a mapping whose key is no text: expected texts"};
    }
  }

  void add(json value, YAML::anchor_t anchor, const Cost& cost) {
    if (anchor != YAML::NullAnchor) {
      spend(cost);  // Kept once more.
      anchors_[anchor] = {value, cost};
    }
    require_key_is_text(value);
    if (open_.empty()) {
      root_ = std::move(value);
      return;
    }
    Open& parent = open_.back();
    if (parent.value.is_array()) {
      parent.value.push_back(std::move(value));
    } else if (!parent.key) {
      parent.key = value.get<std::string>();
      if (*parent.key == "<<") {
        throw Refusal{"has a merge key ('<<'): expected the values themselves"};
      }
      if (parent.value.contains(*parent.key)) {
        throw Refusal{"has the key " + in_quotes(*parent.key) + " twice in one mapping"};
      }
    } else {
      parent.value[*parent.key] = std::move(value);
      parent.key.reset();
    }
  }

  json root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, std::pair<json, Cost>> anchors_;
  Cost spent_;
  std::size_t documents_ = 0;
};

std::optional<std::string> unreadable(std::string_view text) {
  if (const std::optional<std::size_t> at = first_invalid_utf8(text)) {
    return "is not valid UTF-8 at byte " + std::to_string(*at);
  }
  // yaml-cpp would take such a text for UTF-16 or UTF-32.
  if (text.find('\0') != std::string_view::npos) {
    return "has bytes of value 0: is it a text file?";
  }
  return std::nullopt;
}

/// What is wrong with `text`; `root` otherwise.
std::optional<std::string> read_into(json& root, std::string_view text) {
  constexpr std::size_t kMostMessageBytes = 300;
  if (std::optional<std::string> why = unreadable(text)) {
    return why;
  }
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    Builder builder;
    while (parser.HandleNextDocument(builder)) {
    }
    if (!builder.has_document()) {
      return "is empty";
    }
    root = builder.take();
    return std::nullopt;
  } catch (const Refusal& refusal) {
    return refusal.message;
  } catch (const YAML::Exception& exception) {
    return "is not valid YAML: " + one_line(exception.msg.substr(0, kMostMessageBytes)) +
           " (line " + std::to_string(exception.mark.line + 1) + ", column " +
           std::to_string(exception.mark.column + 1) + ")";
  }
}

}  // namespace

std::optional<JsonDocument> parse_yaml(std::string_view text, ProblemList& problems) {
  json root;
  if (const std::optional<std::string> why = read_into(root, text)) {
    problems.error("", *why);
    return std::nullopt;
  }
  return JsonDocument::of(std::move(root), problems);
}

}  // namespace replayrt::models
