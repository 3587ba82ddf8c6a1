#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/package/problem_list.hpp"

namespace replayrt::models {

class JsonObject;

/// A value of a JSON file, and where it is. It may also be one that is not there. The typed reads
/// report whatever is wrong and then answer nullopt; what is only optional and not there gives
/// nullopt without a report. Refers to the document and the problems.
class JsonValue {
 public:
  [[nodiscard]] bool present() const noexcept { return value_ != nullptr; }
  [[nodiscard]] bool is_null() const noexcept;
  [[nodiscard]] bool is_object() const noexcept;
  [[nodiscard]] const std::string& key() const noexcept { return key_; }

  // As pydantic reads in lax mode.
  /// Whole numbers, also as "412", 412.0 and true.
  [[nodiscard]] std::optional<std::int64_t> integer() const;
  /// Whole numbers from `low` to `high`.
  [[nodiscard]] std::optional<std::int64_t> integer_within(std::int64_t low,
                                                           std::int64_t high) const;
  /// Finite numbers, also as "0.5" and true.
  [[nodiscard]] std::optional<double> number() const;
  /// true and false, also as 0 and 1, "yes" and "off".
  [[nodiscard]] std::optional<bool> boolean() const;

  // Exactly as they are written.
  [[nodiscard]] std::optional<std::int64_t> exact_integer() const;
  [[nodiscard]] std::optional<bool> exact_boolean() const;
  [[nodiscard]] std::optional<std::string> text() const;
  /// One of the texts, case and all.
  template <class Choice>
  [[nodiscard]] std::optional<Choice> choice(
      std::span<const std::pair<std::string_view, Choice>> choices) const {
    std::vector<std::string_view> texts;
    for (const auto& [text, value] : choices) {
      texts.push_back(text);
    }
    const std::optional<std::size_t> at = choice_at(texts);
    return at ? std::optional(choices[*at].second) : std::nullopt;
  }
  /// As `choice`; which one it is.
  [[nodiscard]] std::optional<std::size_t> choice_at(std::span<const std::string_view> texts) const;

  [[nodiscard]] std::optional<JsonObject> object() const;
  /// How many values a list has.
  [[nodiscard]] std::optional<std::size_t> list_size() const;
  /// A value of the list.
  [[nodiscard]] JsonValue at(std::size_t position) const;

  // Of a value that is there: what does not concern its type.
  void error(std::string_view message, ErrorCode code = ErrorCode::kCorruptedModel) const;
  void warn(std::string_view message) const;
  /// "412.5", "'rgb'", "null", "a list": for messages.
  [[nodiscard]] std::string found() const;

 private:
  friend class JsonObject;
  friend class JsonDocument;
  JsonValue(const nlohmann::json* value, std::string key, bool required, ProblemList& problems)
      : value_(value), key_(std::move(key)), required_(required), problems_(&problems) {}
  void expected(std::string_view what) const;

  const nlohmann::json* value_;
  std::string key_;
  bool required_;
  ProblemList* problems_;
};

/// An object of a JSON file. Remembers which keys were asked for.
class JsonObject {
 public:
  /// A read of it reports that it is missing, or that null will not do.
  JsonValue required(std::string_view key);
  /// Not there if it is null.
  JsonValue optional(std::string_view key);
  /// There if it is null, and null will not do.
  JsonValue optional_not_null(std::string_view key);
  /// Known, but without a use.
  void ignore(std::string_view key) { known_.emplace_back(key); }
  [[nodiscard]] bool contains(std::string_view key) const;
  [[nodiscard]] std::size_t size() const;

  /// Calls back with each key and value, in the order of the keys' bytes.
  void for_each(const std::function<void(const std::string&, const JsonValue&)>& each) const;

  /// Warns of every key that has not been asked for, and guesses what was meant.
  void warn_of_unknown_keys() const;

 private:
  friend class JsonValue;
  JsonObject(const nlohmann::json& value, std::string key, ProblemList& problems)
      : value_(&value), key_(std::move(key)), problems_(&problems) {}
  JsonValue find(std::string_view key, bool required, bool null_is_absent);

  const nlohmann::json* value_;
  std::string key_;
  ProblemList* problems_;
  std::vector<std::string> known_;
};

/// A JSON file that has been read.
class JsonDocument {
 public:
  static constexpr std::size_t kMostDepth = 64;
  static constexpr std::size_t kMostValues = 1'000'000;

  /// Bounds what it takes. nullopt after a report: no JSON, too deep or too much, a key twice in
  /// one object. `problems` must outlive what is returned.
  static std::optional<JsonDocument> parse(std::string_view text, ProblemList& problems);

  /// Of what another reader has made. `problems` must outlive what is returned.
  static JsonDocument of(nlohmann::json root, ProblemList& problems);

  [[nodiscard]] JsonValue root() const;

 private:
  JsonDocument(std::shared_ptr<const nlohmann::json> root, ProblemList& problems)
      : root_(std::move(root)), problems_(&problems) {}

  std::shared_ptr<const nlohmann::json> root_;
  ProblemList* problems_;
};

/// Calls `read` with the object that the text of `file` is; does not if it is none, and reports
/// that.
void read_object(std::string_view text, std::string_view file,
                 std::vector<PackageProblem>& problems,
                 const std::function<void(JsonObject& root, ProblemList& list)>& read);

}  // namespace replayrt::models
