#include "models/package/class_names.hpp"

#include <algorithm>

#include "models/package/problem_list.hpp"
#include "models/package/text.hpp"

namespace replayrt::models {
namespace {

constexpr const char* kFile = "class_names.txt";

}  // namespace

std::vector<std::string> parse_class_names(std::string_view text,
                                           std::vector<PackageProblem>& problems) {
  ProblemList list(kFile, problems);
  if (const std::optional<std::size_t> at = first_invalid_utf8(text)) {
    list.error("", "is not valid UTF-8 at byte " + std::to_string(*at));
    return {};
  }
  if (text.starts_with("\xEF\xBB\xBF")) {
    list.warn("", "begins with a byte order mark, which is not taken into the first name");
    text.remove_prefix(3);
  }
  if (text.find('\0') != std::string_view::npos) {
    list.warn("", "has bytes of value 0 in its names: is it a text file?");
  }
  std::vector<std::string> names;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    const std::string_view name = strip(text.substr(0, end), Whitespace::kPython);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (name.empty()) {
      continue;
    }
    if (names.size() == kMostClassNames) {
      list.error("", "has more than " + std::to_string(kMostClassNames) + " names");
      return {};
    }
    names.emplace_back(name);
  }
  if (names.empty()) {
    list.error("", "has no name: expected one class name per line");
  }
  return names;
}

std::optional<std::int64_t> find_background(std::span<const std::string> names,
                                            std::vector<PackageProblem>& problems) {
  ProblemList list(kFile, problems);
  const auto found = std::ranges::find_if(
      names, [](const std::string& name) { return lower_case(name) == "background"; });
  if (found == names.end()) {
    list.error("",
               "has no name background: semantic segmentation needs one for the pixels that are "
               "nothing else");
    return std::nullopt;
  }
  if (names.size() < 2) {
    list.error("", "has the name background only: semantic segmentation needs one more class");
  }
  return found - names.begin();
}

}  // namespace replayrt::models
