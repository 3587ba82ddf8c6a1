#include "models/package/json_reader.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "models/package/lax_values.hpp"
#include "models/package/text.hpp"

namespace replayrt::models {
namespace {

using nlohmann::json;

constexpr std::size_t kMostKeyBytes = 64;
constexpr std::size_t kMostPathBytes = 512;
constexpr double kTwoTo63 = 9223372036854775808.0;

/// Keys come from the file: the path of one must be neither long nor more than a line.
std::string child(const std::string& parent, std::string_view key) {
  if (parent.size() > kMostPathBytes) {
    return parent;
  }
  std::string name = one_line(key.substr(0, kMostKeyBytes));
  name.append(key.size() > kMostKeyBytes ? "…" : "");
  return parent.empty() ? name : parent + "." + name;
}

/// A whole number as JSON writes it, if 64 bits hold it.
std::optional<std::int64_t> whole(const json& value) {
  if (value.is_number_unsigned() &&
      value.get<std::uint64_t>() >
          static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return std::nullopt;
  }
  return value.is_number_integer() ? std::optional(value.get<std::int64_t>()) : std::nullopt;
}

}  // namespace

bool JsonValue::is_null() const noexcept {
  return present() && value_->is_null();
}

bool JsonValue::is_object() const noexcept {
  return present() && value_->is_object();
}

std::string JsonValue::found() const {
  if (value_->is_string()) {
    return in_quotes(value_->get_ref<const std::string&>());
  }
  if (value_->is_object()) {
    return "an object";
  }
  return value_->is_array() ? "a list" : value_->dump();
}

void JsonValue::error(std::string_view message, ErrorCode code) const {
  problems_->error(key_, message, code);
}

void JsonValue::warn(std::string_view message) const {
  problems_->warn(key_, message);
}

void JsonValue::expected(std::string_view what) const {
  if (present()) {
    error("expected " + std::string(what) + ", found " + found());
  } else if (required_) {
    error("is missing: expected " + std::string(what));
  }
}

std::optional<std::int64_t> JsonValue::integer() const {
  constexpr std::string_view kExpected = "a whole number";
  constexpr std::string_view kTooLarge = "a whole number that fits 64 bits";
  if (!present()) {
    expected(kExpected);
    return std::nullopt;
  }
  if (value_->is_boolean()) {
    return value_->get<bool>() ? 1 : 0;
  }
  bool fits = true;
  std::optional<std::int64_t> result;
  if (value_->is_number_integer()) {
    result = whole(*value_);
    fits = result.has_value();
  } else if (value_->is_number_float()) {
    const double number = value_->get<double>();
    if (std::trunc(number) == number) {
      fits = number >= -kTwoTo63 && number < kTwoTo63;
      result = fits ? std::optional(static_cast<std::int64_t>(number)) : std::nullopt;
    }
  } else if (value_->is_string()) {
    const LaxInteger parsed = parse_lax_integer(value_->get_ref<const std::string&>());
    result = parsed.value;
    fits = parsed.fits;
  }
  if (!result) {
    expected(fits ? kExpected : kTooLarge);
  }
  return result;
}

std::optional<std::int64_t> JsonValue::integer_within(std::int64_t low, std::int64_t high) const {
  const std::optional<std::int64_t> result = integer();
  if (result && (*result < low || *result > high)) {
    expected(high == std::numeric_limits<std::int64_t>::max()
                 ? "a whole number of at least " + std::to_string(low)
                 : "a whole number from " + std::to_string(low) + " to " + std::to_string(high));
    return std::nullopt;
  }
  return result;
}

std::optional<double> JsonValue::number() const {
  std::optional<double> result;
  if (present() && value_->is_number()) {
    result = value_->get<double>();
  } else if (present() && value_->is_boolean()) {
    result = value_->get<bool>() ? 1.0 : 0.0;
  } else if (present() && value_->is_string()) {
    result = parse_lax_number(value_->get_ref<const std::string&>());
  }
  if (!result) {
    expected("a number");
  }
  return result;
}

std::optional<bool> JsonValue::boolean() const {
  std::optional<bool> result;
  if (present() && value_->is_boolean()) {
    result = value_->get<bool>();
  } else if (present() && value_->is_number()) {
    const double number = value_->get<double>();
    result = number == 1 ? std::optional(true) : number == 0 ? std::optional(false) : std::nullopt;
  } else if (present() && value_->is_string()) {
    result = parse_lax_boolean(value_->get_ref<const std::string&>());
  }
  if (!result) {
    expected("true or false");
  }
  return result;
}

std::optional<std::int64_t> JsonValue::exact_integer() const {
  std::optional<std::int64_t> result;
  if (present() && value_->is_number_integer()) {
    result = whole(*value_);
    if (!result) {
      expected("a whole number that fits 64 bits");
      return std::nullopt;
    }
  }
  if (!result) {
    expected("a whole number");
  }
  return result;
}

std::optional<bool> JsonValue::exact_boolean() const {
  if (present() && value_->is_boolean()) {
    return value_->get<bool>();
  }
  expected("true or false");
  return std::nullopt;
}

std::optional<std::string> JsonValue::text() const {
  if (present() && value_->is_string()) {
    return value_->get<std::string>();
  }
  expected("a text");
  return std::nullopt;
}

std::optional<std::size_t> JsonValue::choice_at(std::span<const std::string_view> texts) const {
  if (present() && value_->is_string()) {
    const auto at = std::ranges::find(texts, value_->get_ref<const std::string&>());
    if (at != texts.end()) {
      return static_cast<std::size_t>(at - texts.begin());
    }
  }
  std::string list;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    list.append(i == 0 ? "" : i + 1 == texts.size() ? " or " : ", ").append(in_quotes(texts[i]));
  }
  expected(list);
  return std::nullopt;
}

std::optional<JsonObject> JsonValue::object() const {
  if (present() && value_->is_object()) {
    return JsonObject(*value_, key_, *problems_);
  }
  expected("an object");
  return std::nullopt;
}

std::optional<std::size_t> JsonValue::list_size() const {
  if (present() && value_->is_array()) {
    return value_->size();
  }
  expected("a list");
  return std::nullopt;
}

JsonValue JsonValue::at(std::size_t position) const {
  return {&value_->at(position), key_ + "[" + std::to_string(position) + "]", true, *problems_};
}

JsonValue JsonObject::find(std::string_view key, bool required, bool null_is_absent) {
  known_.emplace_back(key);
  const auto found = value_->find(key);
  const json* value = found == value_->end() ? nullptr : &*found;
  if (value != nullptr && null_is_absent && value->is_null()) {
    value = nullptr;
  }
  return {value, child(key_, key), required, *problems_};
}

JsonValue JsonObject::required(std::string_view key) {
  return find(key, true, false);
}

JsonValue JsonObject::optional(std::string_view key) {
  return find(key, false, true);
}

JsonValue JsonObject::optional_not_null(std::string_view key) {
  return find(key, false, false);
}

bool JsonObject::contains(std::string_view key) const {
  return value_->contains(key);
}

std::size_t JsonObject::size() const {
  return value_->size();
}

void JsonObject::for_each(
    const std::function<void(const std::string&, const JsonValue&)>& each) const {
  for (const auto& [key, value] : value_->items()) {
    each(key, {&value, child(key_, key), true, *problems_});
  }
}

void JsonObject::warn_of_unknown_keys() const {
  for_each([this](const std::string& key, const JsonValue& value) {
    if (std::ranges::find(known_, key) != known_.end()) {
      return;
    }
    const std::optional<std::string> meant = similar_text(key, known_);
    value.warn("is not known and ignored" +
               (meant ? ": did you mean " + in_quotes(*meant) + "?" : std::string()));
  });
}

}  // namespace replayrt::models
