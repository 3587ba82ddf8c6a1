#include "auto/saved_keys_text.hpp"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "core/signature.hpp"
#include "replayrt/core/error.hpp"

namespace replayrt::detail {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kFormat = "replayrt-keys";
constexpr std::uint64_t kVersion = 1;
constexpr std::size_t kMostElements = 10'000;  ///< Of every list; of keys, above all.
constexpr std::size_t kMostMembers = 16;       ///< Of every object.
constexpr std::size_t kMostText = 256;         ///< Bytes of every text; messages may tell them.
constexpr std::size_t kMostLevels = 6;         ///< The numbers of a shape lie that deep.
constexpr std::size_t kMostDigits = 128;

bool is_hash(std::string_view text) {
  return !text.empty() && text.size() <= kMostDigits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string_view name_of(DeviceType memory) {
  return memory == DeviceType::kCpu ? "cpu" : "cuda";
}

std::string shape_text(const Shape& shape) {
  std::string text;
  for (const std::int64_t dim : shape.dims()) {
    text.append(text.empty() ? "" : ", ").append(std::to_string(dim));
  }
  return "[" + text + "]";
}

std::string inputs_text(const InputSignature& inputs) {
  std::string text;
  for (const TensorSignature& input : inputs) {
    text.append(text.empty() ? "" : ", ").append("{\"dtype\": \"").append(to_string(input.dtype));
    text.append("\", \"shape\": ").append(shape_text(input.shape)).append(", \"memory\": \"");
    text.append(name_of(input.memory)).append("\"}");
  }
  return "[" + text + "]";
}

void require_writable(const SavedKey& key) {
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorCode::kInvalidParameter,
                "the key '" + to_string(key.inputs) + "' cannot be saved: " + why);
  };
  if (!is_hash(key.engine_hash)) {
    refuse("its engine hash is '" + key.engine_hash + "', expected hexadecimal digits");
  }
  if (key.inputs.empty() || key.inputs.size() > kMostElements) {
    refuse("it has " + std::to_string(key.inputs.size()) + " inputs");
  }
  if (has_address(key.inputs)) {
    refuse("it has an address, which means nothing in another process");
  }
  if (key.device.index < 0 || (key.device.type == DeviceType::kCpu && key.device.index != 0)) {
    refuse("it has device number " + std::to_string(key.device.index));
  }
  if (key.worth.count() < 0) {
    refuse("its worth is negative");
  }
}

[[noreturn]] void refuse(const std::string& place, const std::string& why) {
  throw Error(ErrorCode::kCorruptedModel, place + " " + why);
}

/// Looks at a text before it is parsed: nothing deeper, longer or ambiguous gets into memory.
class Watcher final : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return begin_value(); }
  bool boolean(bool /*value*/) override { return begin_value(); }
  bool number_integer(std::int64_t /*value*/) override { return begin_value(); }
  bool number_unsigned(std::uint64_t /*value*/) override { return begin_value(); }
  bool number_float(double /*value*/, const std::string& /*text*/) override {
    return begin_value();
  }
  bool string(std::string& value) override {
    begin_value();
    require_short(value);
    return true;
  }
  bool binary(Json::binary_t& /*value*/) override { return begin_value(); }
  bool start_object(std::size_t /*members*/) override { return begin_level(false); }
  bool start_array(std::size_t /*elements*/) override { return begin_level(true); }
  bool end_object() override { return end_level(); }
  bool end_array() override { return end_level(); }
  bool key(std::string& name) override {
    require_short(name);
    levels_.back().name = name;
    if (!levels_.back().names.insert(name).second) {
      refuse(place(), "is there twice");
    }
    if (levels_.back().names.size() > kMostMembers) {
      refuse(place(), "is one member more than the " + std::to_string(kMostMembers) +
                          " that an object may have");
    }
    return true;
  }
  bool parse_error(std::size_t /*at*/, const std::string& /*token*/,
                   const Json::exception& error) override {
    refuse("the text", std::string("is no JSON: ") + error.what());
  }

 private:
  struct Level {
    bool is_list = false;
    std::size_t count = 0;  ///< Of a list: elements begun.
    std::string name{};     ///< Of an object: the member that is read.
    std::set<std::string, std::less<>> names{};
  };

  bool begin_value() {
    if (levels_.size() > kMostLevels) {
      refuse(place(), "lies deeper than anything that is known");
    }
    if (!levels_.empty() && levels_.back().is_list && ++levels_.back().count > kMostElements) {
      levels_.pop_back();
      refuse(place(), "has more than " + std::to_string(kMostElements) + " elements");
    }
    return true;
  }
  void require_short(const std::string& text) const {
    if (text.size() > kMostText) {
      refuse(place(), "has a text of more than " + std::to_string(kMostText) + " bytes");
    }
  }
  bool begin_level(bool is_list) {
    begin_value();
    levels_.push_back({.is_list = is_list});
    return true;
  }
  bool end_level() {
    levels_.pop_back();
    return true;
  }

  [[nodiscard]] std::string place() const {
    std::string text;
    for (const Level& level : levels_) {
      if (level.is_list && level.count > 0) {
        text.append("[").append(std::to_string(level.count - 1)).append("]");
      } else if (!level.is_list) {
        text.append(text.empty() ? "" : ".").append(level.name);
      }
    }
    return text.empty() ? "the text" : text;
  }

  std::vector<Level> levels_;
};

/// One value and where it lies.
class Value {
 public:
  Value(const Json& json, std::string place) : json_(&json), place_(std::move(place)) {}

  void require_member(std::string_view name) const {
    if (!json_->is_object()) {
      fail("is " + what() + ", expected an object");
    }
    if (!json_->contains(name)) {
      fail("has no member '" + std::string(name) + "'");
    }
  }
  /// All these, and no others.
  void require_members(std::initializer_list<std::string_view> names) const {
    for (const std::string_view name : names) {
      require_member(name);
    }
    for (const auto& [name, value] : json_->items()) {
      if (std::ranges::find(names, name) == names.end()) {
        fail("has the unknown member '" + name + "'");
      }
    }
  }
  [[nodiscard]] Value member(const char* name) const {
    return {json_->at(name), place_ == "the text" ? name : place_ + "." + name};
  }

  [[nodiscard]] std::vector<Value> list() const {
    if (!json_->is_array()) {
      fail("is " + what() + ", expected a list");
    }
    std::vector<Value> values;
    values.reserve(json_->size());
    for (const Json& value : *json_) {
      values.emplace_back(value, place_ + "[" + std::to_string(values.size()) + "]");
    }
    return values;
  }

  [[nodiscard]] const std::string& text() const {
    if (!json_->is_string()) {
      fail("is " + what() + ", expected text");
    }
    return json_->get_ref<const std::string&>();
  }

  [[nodiscard]] std::uint64_t number(std::uint64_t most) const {
    if (!json_->is_number_unsigned() || json_->get<std::uint64_t>() > most) {
      fail("is " + what() + ", expected a whole number from 0 to " + std::to_string(most));
    }
    return json_->get<std::uint64_t>();
  }

  [[noreturn]] void fail(const std::string& why) const { refuse(place_, why); }

  /// What `read` makes of it; its Error tells the place, too.
  template <class Read>
  auto as(Read read) const {
    try {
      return read();
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kCorruptedModel) {
        throw;  // It does already.
      }
      fail(std::string("is wrong: ") + error.what());
    }
  }

 private:
  [[nodiscard]] std::string what() const {
    if (json_->is_number()) {
      return json_->dump();
    }
    return json_->is_string() ? "text" : std::string("of type ") + json_->type_name();
  }

  const Json* json_;
  std::string place_;
};

constexpr auto kMostSigned = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

Shape read_shape(const Value& value) {
  std::vector<std::int64_t> dims;
  for (const Value& dim : value.list()) {
    dims.push_back(static_cast<std::int64_t>(dim.number(kMostSigned)));
  }
  return value.as([&] { return Shape(std::span<const std::int64_t>(dims)); });
}

TensorSignature read_input(const Value& value) {
  value.require_members({"dtype", "shape", "memory"});
  const Value dtype = value.member("dtype");
  const Value memory = value.member("memory");
  if (memory.text() != "cpu" && memory.text() != "cuda") {
    memory.fail("is '" + memory.text() + "', expected cpu or cuda");
  }
  TensorSignature input;
  input.dtype = dtype.as([&] { return dtype_from_string(dtype.text()); });
  input.shape = read_shape(value.member("shape"));
  input.memory = memory.text() == "cpu" ? DeviceType::kCpu : DeviceType::kCuda;
  return input;
}

SavedKey read_key(const Value& value) {
  value.require_members({"engine", "device", "inputs", "calls", "worth_ns"});
  SavedKey key;
  const Value engine = value.member("engine");
  if (!is_hash(engine.text())) {
    engine.fail("is no hash, expected 1 to 128 lower case hexadecimal digits");
  }
  key.engine_hash = engine.text();
  const Value device = value.member("device");
  key.device = device.as([&] { return Device::parse(device.text()); });
  const Value inputs = value.member("inputs");
  for (const Value& input : inputs.list()) {
    key.inputs.push_back(read_input(input));
  }
  if (key.inputs.empty()) {
    inputs.fail("is empty");
  }
  key.calls = value.member("calls").number(std::numeric_limits<std::uint64_t>::max());
  key.worth = std::chrono::nanoseconds(
      static_cast<std::int64_t>(value.member("worth_ns").number(kMostSigned)));
  return key;
}

std::vector<SavedKey> read_file(const Value& file) {
  // First: another version may have other members.
  file.require_member("format");
  file.require_member("version");
  if (file.member("format").text() != kFormat) {
    file.member("format").fail("is not '" + std::string(kFormat) + "'");
  }
  const Value version = file.member("version");
  if (version.number(kMostSigned) != kVersion) {
    version.fail("is not one that is known, expected " + std::to_string(kVersion));
  }
  file.require_members({"format", "version", "keys"});
  std::vector<SavedKey> keys;
  for (const Value& key : file.member("keys").list()) {
    keys.push_back(read_key(key));
  }
  return keys;
}

}  // namespace

std::string saved_keys_text(std::span<const SavedKey> keys) {
  if (keys.size() > kMostElements) {
    throw Error(ErrorCode::kInvalidParameter, std::to_string(keys.size()) + " keys: expected " +
                                                  std::to_string(kMostElements) + " at most");
  }
  std::string lines;
  for (const SavedKey& key : keys) {
    require_writable(key);
    lines.append(lines.empty() ? "\n" : ",\n").append("  {\"engine\": \"").append(key.engine_hash);
    lines.append("\", \"device\": \"").append(key.device.to_string()).append("\", \"inputs\": ");
    lines.append(inputs_text(key.inputs)).append(", \"calls\": ").append(std::to_string(key.calls));
    lines.append(", \"worth_ns\": ").append(std::to_string(key.worth.count())).append("}");
  }
  return "{\"format\": \"" + std::string(kFormat) + "\", \"version\": " + std::to_string(kVersion) +
         ", \"keys\": [" + lines + (lines.empty() ? "]}\n" : "\n]}\n");
}

std::vector<SavedKey> parse_saved_keys(std::string_view text, const std::string& name) {
  try {
    if (const std::size_t at = text.find('\0'); at != std::string_view::npos) {
      refuse("the text",
             "has a zero at byte " + std::to_string(at));  // The parser would end there.
    }
    Watcher watcher;
    Json::sax_parse(text.begin(), text.end(), &watcher);
    return read_file({Json::parse(text.begin(), text.end()), "the text"});
  } catch (const Error& error) {
    throw Error(ErrorCode::kCorruptedModel, "key file '" + name + "': " + error.what());
  }
}

}  // namespace replayrt::detail
