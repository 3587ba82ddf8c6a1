#include <nlohmann/json.hpp>
#include <set>

#include "models/package/json_reader.hpp"
#include "models/package/text.hpp"

namespace replayrt::models {
namespace {

using nlohmann::json;

/// Looks through a text before anything is built of it.
class Inspection : public nlohmann::json_sax<json> {
 public:
  explicit Inspection(ProblemList& problems) : problems_(problems) {}

  bool null() override { return count(); }
  bool boolean(bool) override { return count(); }
  bool number_integer(number_integer_t) override { return count(); }
  bool number_unsigned(number_unsigned_t) override { return count(); }
  bool number_float(number_float_t, const string_t&) override { return count(); }
  bool string(string_t&) override { return count(); }
  bool binary(binary_t&) override { return count(); }
  bool start_object(std::size_t) override { return open(); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(); }
  bool end_array() override { return close(); }

  bool key(string_t& key) override {
    if (!keys_.back().insert(key).second) {
      problems_.error("", "has the key " + in_quotes(key) + " twice in one object");
    }
    return true;
  }

  bool parse_error(std::size_t, const std::string&, const json::exception& exception) override {
    // "[json.exception.parse_error.101] parse error at line 1, column 5: …"
    std::string_view what = exception.what();
    const std::size_t name = what.find("] ");
    what.remove_prefix(name == std::string_view::npos ? 0 : name + 2);
    problems_.error("", "is not valid JSON: " + one_line(what.substr(0, 300)));
    return false;
  }

 private:
  bool count() {
    if (++values_ > JsonDocument::kMostValues) {
      problems_.error("", "has more than " + std::to_string(JsonDocument::kMostValues) +
                              " values: expected a smaller file");
      return false;
    }
    return true;
  }
  bool open() {
    keys_.emplace_back();
    if (keys_.size() > JsonDocument::kMostDepth) {
      problems_.error("", "is nested deeper than " + std::to_string(JsonDocument::kMostDepth) +
                              " levels: expected a flatter file");
      return false;
    }
    return count();
  }
  bool close() {
    keys_.pop_back();
    return true;
  }

  ProblemList& problems_;
  std::vector<std::set<std::string>> keys_;  // Of the objects around; empty ones for the lists.
  std::size_t values_ = 0;
};

}  // namespace

std::optional<JsonDocument> JsonDocument::parse(std::string_view text, ProblemList& problems) {
  const std::size_t errors = problems.errors();
  if (text.starts_with("\xEF\xBB\xBF")) {
    problems.warn("", "begins with a byte order mark, which is ignored");
    text.remove_prefix(3);
  }
  Inspection inspection(problems);
  if (!json::sax_parse(text, &inspection) || problems.errors() > errors) {
    return std::nullopt;
  }
  return JsonDocument(std::make_shared<const json>(json::parse(text)), problems);
}

JsonDocument JsonDocument::of(json root, ProblemList& problems) {
  return {std::make_shared<const json>(std::move(root)), problems};
}

JsonValue JsonDocument::root() const {
  return {root_.get(), "", true, *problems_};
}

void read_object(std::string_view text, std::string_view file,
                 std::vector<PackageProblem>& problems,
                 const std::function<void(JsonObject& root, ProblemList& list)>& read) {
  ProblemList list(file, problems);
  const std::optional<JsonDocument> document = JsonDocument::parse(text, list);
  if (!document) {
    return;
  }
  if (std::optional<JsonObject> root = document->root().object()) {
    read(*root, list);
  }
}

}  // namespace replayrt::models
