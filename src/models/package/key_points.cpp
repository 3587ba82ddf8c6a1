#include "models/package/key_points.hpp"

#include <map>

#include "models/package/json_reader.hpp"
#include "models/package/lax_values.hpp"

namespace replayrt::models {
namespace {

bool within_bounds(const JsonValue& value, std::size_t size) {
  if (size > kMostKeyPoints) {
    value.error("expected at most " + std::to_string(kMostKeyPoints) + " entries, found " +
                std::to_string(size));
  }
  return size <= kMostKeyPoints;
}

/// The names in the order of their numbers; nullopt: there is no telling how many there are.
std::optional<std::vector<std::string>> read_names(const JsonValue& value) {
  const std::optional<JsonObject> object = value.object();
  if (!object || !within_bounds(value, object->size())) {
    return std::nullopt;
  }
  bool all_read = true;
  std::map<std::int64_t, std::string> by_number;
  object->for_each([&](const std::string& key, const JsonValue& name) {
    const std::optional<std::int64_t> number = parse_lax_integer(key).value;
    if (!number || key.find('.') != std::string::npos) {
      name.error("has no number as key: expected the number of a key point");
      all_read = false;
    } else if (by_number.contains(*number)) {
      name.error("is the second name of key point " + std::to_string(*number));
      all_read = false;
    } else {
      by_number[*number] = name.text().value_or("");
    }
  });
  if (!all_read) {
    return std::nullopt;
  }
  std::vector<std::string> names;
  names.reserve(by_number.size());
  for (auto& [number, name] : by_number) {
    names.push_back(std::move(name));
  }
  if (!by_number.empty() &&
      (by_number.begin()->first != 0 ||
       by_number.rbegin()->first != static_cast<std::int64_t>(names.size()) - 1)) {
    value.warn("has gaps in its numbers: the key points are numbered anew from 0 in their order");
  }
  return names;
}

std::vector<std::pair<std::int64_t, std::int64_t>> read_edges(const JsonValue& value,
                                                              std::optional<std::size_t> points) {
  const std::optional<std::size_t> size = value.list_size();
  if (!size || !within_bounds(value, *size)) {
    return {};
  }
  const auto read_end = [&](const JsonValue& end) {
    const std::optional<std::int64_t> number = end.exact_integer();
    if (number && points && (*number < 0 || *number >= static_cast<std::int64_t>(*points))) {
      end.error("expected one of the class's " + std::to_string(*points) +
                " key points, counted from 0, found " + std::to_string(*number));
    }
    return number.value_or(0);
  };
  std::vector<std::pair<std::int64_t, std::int64_t>> edges;
  for (std::size_t i = 0; i < *size; ++i) {
    if (std::optional<JsonObject> edge = value.at(i).object()) {
      const std::int64_t from = read_end(edge->required("from"));
      const std::int64_t to = read_end(edge->required("to"));
      edge->warn_of_unknown_keys();
      edges.emplace_back(from, to);
    }
  }
  return edges;
}

}  // namespace

std::vector<KeyPointsOfClass> parse_key_points(std::string_view text,
                                               const std::vector<bool>& removed,
                                               std::vector<PackageProblem>& problems) {
  ProblemList list("keypoints_metadata.json", problems);
  const std::optional<JsonDocument> document = JsonDocument::parse(text, list);
  if (!document) {
    return {};
  }
  const JsonValue root = document->root();
  const std::optional<std::size_t> size = root.list_size();
  if (!size || !within_bounds(root, *size)) {
    return {};
  }
  if (*size == 0) {
    root.error("has no class: expected the key points of each class");
  }
  const std::size_t count = removed.empty() ? *size : removed.size();
  std::vector<KeyPointsOfClass> classes(count);
  std::vector<bool> seen(count, false);
  bool all_ids_fit = true;
  for (std::size_t i = 0; i < *size; ++i) {
    std::optional<JsonObject> entry = root.at(i).object();
    if (!entry) {
      all_ids_fit = false;
      continue;
    }
    const JsonValue id_value = entry->required("object_class_id");
    const std::optional<std::int64_t> id = id_value.exact_integer();
    KeyPointsOfClass key_points;
    const auto names = read_names(entry->required("keypoints"));
    key_points.names = names.value_or(std::vector<std::string>());
    key_points.edges =
        read_edges(entry->required("edges"), names ? std::optional(names->size()) : std::nullopt);
    entry->warn_of_unknown_keys();
    const bool fits = id && *id >= 0 && *id < static_cast<std::int64_t>(count);
    all_ids_fit = all_ids_fit && fits;
    if (!id) {
      continue;
    }
    if (!fits) {
      id_value.error("expected the id of one of " + std::to_string(count) +
                     " classes, counted from 0, found " + std::to_string(*id));
    } else if (seen[static_cast<std::size_t>(*id)]) {
      id_value.error("is " + std::to_string(*id) + " a second time: expected each class once");
    } else {
      seen[static_cast<std::size_t>(*id)] = true;
      classes[static_cast<std::size_t>(*id)] = std::move(key_points);
    }
  }
  // Else it is told already. Of as many ids as classes, none twice, each is there once.
  for (std::size_t id = 0; all_ids_fit && id < removed.size(); ++id) {
    if (!seen[id] && !removed[id]) {
      root.error("does not describe class " + std::to_string(id) +
                 ", which class_names_operations do not remove");
    }
  }
  return classes;
}

}  // namespace replayrt::models
