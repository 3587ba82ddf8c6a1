#include "models/package/package_identities.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <set>

#include "models/package/text.hpp"

namespace replayrt::models {
namespace {

constexpr std::array<std::string_view, 6> kArtifactKeys = {"file_handle", "md5_hash",    "unhashed",
                                                           "sha256_hash", "source_hash", "storage"};
constexpr std::array<std::string_view, 6> kDependencyKeys = {"name",
                                                             "target_path",
                                                             "cache_model_id",
                                                             "canonical_model_id",
                                                             "model_package_id",
                                                             "package_manifest_hash"};

bool is_hex(const std::string& text, std::size_t length) {
  return text.size() == length && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

bool is_reserved_on_windows(std::string_view name) {
  const std::string stem = lower_case(name.substr(0, name.find('.')));
  if (stem == "con" || stem == "prn" || stem == "aux" || stem == "nul") {
    return true;
  }
  return stem.size() == 4 && (stem.starts_with("com") || stem.starts_with("lpt")) &&
         stem[3] >= '1' && stem[3] <= '9';
}

/// A name that every file system takes and that is no lock's.
bool is_portable_name(std::string_view name) {
  const bool characters_fit = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
  const bool is_lock = name.starts_with('.') && lower_case(name).ends_with(".lock");
  return !name.empty() && name.size() <= 255 && characters_fit && !name.ends_with('.') &&
         !is_reserved_on_windows(name) && !is_lock;
}

std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> segments;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    segments.emplace_back(path.substr(at, end - at));
    at = end + 1;
  }
  return segments;
}

/// The paths of a package's files: none is another's folder, none differs only in case.
class Paths {
 public:
  /// What is wrong with a further path; empty: nothing.
  std::string add(const std::string& path) {
    if (!std::ranges::all_of(segments_of(path), is_portable_name)) {
      return "expected a path of portable names within the package";
    }
    const std::string lower = lower_case(path);
    const std::string first = segments_of(lower).front();
    if (first == "model_config.json" || first == "model_dependencies" || first == "dependencies") {
      return "is a name that the package's own files have";
    }
    std::string prefix;
    std::size_t at = 0;
    for (const std::string& segment : segments_of(path)) {
      prefix.append(prefix.empty() ? "" : "/").append(segment);
      at = prefix.size();
      const std::string lower_prefix = lower.substr(0, at);
      const auto [known, is_new] = spelling_.emplace(lower_prefix, prefix);
      if (!is_new && known->second != prefix) {
        return "differs from " + in_quotes(known->second) + " only in case";
      }
      if (files_.contains(lower_prefix)) {
        return at == path.size() ? "is there twice" : "lies within a file of the list";
      }
    }
    const auto next = files_.lower_bound(lower + "/");
    if (next != files_.end() && next->starts_with(lower + "/")) {
      return "is the folder of another file of the list";
    }
    files_.insert(lower);
    return "";
  }

 private:
  std::map<std::string, std::string> spelling_;
  std::set<std::string> files_;
};

/// The object if it has these keys, all and no others.
std::optional<JsonObject> with_keys(const JsonValue& value,
                                    std::span<const std::string_view> keys) {
  std::optional<JsonObject> object = value.object();
  if (!object) {
    return std::nullopt;
  }
  const bool all =
      std::ranges::all_of(keys, [&](std::string_view key) { return object->contains(key); });
  if (!all || object->size() != keys.size()) {
    value.error("expected exactly the keys " +
                join(std::vector<std::string>(keys.begin(), keys.end()), ", "));
    return std::nullopt;
  }
  return object;
}

/// A hash, or null, as it must be.
void check_hash(const JsonValue& value, std::size_t length, bool wanted) {
  if (!wanted) {
    if (!value.is_null()) {
      value.error("expected null, found " + value.found());
    }
    return;
  }
  const std::optional<std::string> text = value.text();
  if (text && !is_hex(*text, length)) {
    value.error("expected " + std::to_string(length) + " lower case hexadecimal digits, found " +
                value.found());
  }
}

void check_artifact(JsonObject& object) {
  const JsonValue md5 = object.required("md5_hash");
  const std::optional<bool> unhashed = object.required("unhashed").exact_boolean();
  const JsonValue sha256 = object.required("sha256_hash");
  const JsonValue source = object.required("source_hash");
  constexpr std::array<std::string_view, 2> kStorages = {"package_file", "shared_blob"};
  const JsonValue storage = object.required("storage");
  const std::optional<std::size_t> place = storage.choice_at(kStorages);
  if (!unhashed) {
    return;
  }
  check_hash(md5, 32, !*unhashed);
  check_hash(sha256, 64, *unhashed);
  check_hash(source, 64, *unhashed);
  if (*unhashed && place == 1U) {
    storage.error("expected 'package_file': what has no hash lies in the package");
  }
}

/// Texts that must rise, without regard to case before with it.
class Order {
 public:
  [[nodiscard]] bool follows(const std::string& text) {
    const auto key = std::pair(lower_case(text), text);
    const bool rises = last_ <= key;
    last_ = key;
    return rises;
  }

 private:
  std::pair<std::string, std::string> last_;
};

}  // namespace

void check_package_artifacts(const JsonValue& value) {
  if (!value.present()) {
    return;
  }
  const std::optional<std::size_t> size = value.list_size();
  Paths paths;
  Order order;
  for (std::size_t i = 0; i < size.value_or(0); ++i) {
    std::optional<JsonObject> object = with_keys(value.at(i), kArtifactKeys);
    if (!object) {
      continue;
    }
    const JsonValue handle = object->required("file_handle");
    if (const std::optional<std::string> text = handle.text()) {
      if (const std::string wrong = paths.add(*text); !wrong.empty()) {
        handle.error(wrong + ", found " + handle.found());
      } else if (!order.follows(*text)) {
        handle.error("is out of order: expected the list to be sorted, found " + handle.found());
      }
    }
    check_artifact(*object);
  }
}

void check_dependency_package_paths(const JsonValue& value) {
  if (!value.present()) {
    return;
  }
  const std::optional<std::size_t> size = value.list_size();
  std::set<std::string> names;
  Order order;
  for (std::size_t i = 0; i < size.value_or(0); ++i) {
    std::optional<JsonObject> object = with_keys(value.at(i), kDependencyKeys);
    if (!object) {
      continue;
    }
    const JsonValue name = object->required("name");
    if (const std::optional<std::string> text = name.text()) {
      if (!is_portable_name(*text)) {
        name.error("expected a portable name, found " + name.found());
      } else if (!names.insert(lower_case(*text)).second) {
        name.error("is there twice, or differs only in case: " + name.found());
      } else if (!order.follows(*text)) {
        name.error("is out of order: expected the list to be sorted, found " + name.found());
      }
    }
    const JsonValue target = object->required("target_path");
    const std::optional<std::string> path = target.text();
    if (path && (!path->starts_with('/') || path->find('\0') != std::string::npos ||
                 std::filesystem::path(*path).lexically_normal().string() != *path ||
                 (path->size() > 1 && path->ends_with('/')))) {
      target.error("expected an absolute path without '.' and '..', found " + target.found());
    }
    for (const std::string_view key :
         {"cache_model_id", "canonical_model_id", "model_package_id"}) {
      const JsonValue id = object->required(key);
      const std::optional<std::string> text = id.text();
      if (text && strip(*text, Whitespace::kPython).empty()) {
        id.error("expected a text that is not empty");
      }
    }
    check_hash(object->required("package_manifest_hash"), 64, true);
  }
}

}  // namespace replayrt::models
