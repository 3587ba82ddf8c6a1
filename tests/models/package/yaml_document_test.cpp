#include "models/package/yaml_document.hpp"

#include <nlohmann/json.hpp>

#include "expect_problem.hpp"

namespace replayrt::models {
namespace {

/// The problem of a text that is refused; "" if it is none.
std::string refusal_of(std::string_view text) {
  std::vector<PackageProblem> problems;
  ProblemList list("f.yml", problems);
  const bool read = parse_yaml(text, list).has_value();
  EXPECT_EQ(read, problems.empty()) << listed(problems);
  EXPECT_LE(problems.size(), 1U);
  return problems.empty() ? "" : problems[0].message;
}

void expect_refused(std::string_view text, const std::string& why) {
  const std::string refusal = refusal_of(text);
  EXPECT_NE(refusal.find(why), std::string::npos) << text << "\n" << refusal;
}

class Document {
 public:
  explicit Document(std::string_view text) : document_(parse_yaml(text, list_)) {}
  [[nodiscard]] JsonObject object() const { return document_.value().root().object().value(); }

 private:
  std::vector<PackageProblem> problems_;
  ProblemList list_{"f.yml", problems_};
  std::optional<JsonDocument> document_;
};

TEST(YamlDocumentTest, ScalarsAreTextsAsWritten) {
  const Document document(
      "a: 007\nb: '0.50'\nc: ~\nd: [x, \"y\\u00e9\", null, yes]\ne: {f: 1./255.}\n");
  JsonObject root = document.object();
  EXPECT_EQ(root.required("a").text(), "007");
  EXPECT_EQ(root.required("b").number(), 0.5);
  EXPECT_FALSE(root.optional("c").present());
  const JsonValue list = root.required("d");
  ASSERT_EQ(list.list_size(), 4U);
  EXPECT_EQ(list.at(1).text(), "yé");
  EXPECT_TRUE(list.at(2).is_null());
  EXPECT_EQ(list.at(3).boolean(), true);
  EXPECT_EQ(root.required("e").object()->required("f").text(), "1./255.");
}

TEST(YamlDocumentTest, AliasesAreWrittenOut) {
  const Document document("a: &x [1, 2]\nb: *x\nc: &y {d: *x}\ne: *y\n");
  JsonObject root = document.object();
  EXPECT_EQ(root.required("b").list_size(), 2U);
  EXPECT_EQ(root.required("e").object()->required("d").at(1).integer(), 2);
}

TEST(YamlDocumentTest, WhatIsNoYamlIsRefused) {
  expect_refused("", "is empty");
  expect_refused("a: [1, 2", "is not valid YAML: ");
  expect_refused("a: b: c", "line 1");
  expect_refused("a: *nothing", "is not valid YAML");
  expect_refused("a: \"\\q\"", "is not valid YAML");
  expect_refused("a: \xff", "is not valid UTF-8 at byte 3");
  expect_refused(std::string_view("a\0:", 3), "bytes of value 0");
  expect_refused("a: 1\n---\nb: 2\n", "more than one document");
  expect_refused("a: &x [*x]", "an alias of a value that it is itself part of in line 1");
}

TEST(YamlDocumentTest, WhatTheReadersDoNotKnowIsRefused) {
  expect_refused("[1]: 2", "key is no text");
  expect_refused("~: 2", "key is no text");
  expect_refused("&x [a]: 1\n", "key is no text");
  expect_refused("a: 1\na: 2\n", "has the key 'a' twice");
  expect_refused("b: &x {c: 1}\na:\n  <<: *x\n", "merge key");
  expect_refused("a: !!python/object:os.system x", "has the tag");
  expect_refused("a: !mine [x]", "has the tag '!mine' in line 1");
  EXPECT_EQ(refusal_of("a: !!str 1\nb: !!float 2"), "");
}

TEST(YamlDocumentTest, SizeAndDepthAreBounded) {
  const std::string deep = std::string(65, '[') + std::string(65, ']');
  expect_refused(deep, "deeper than 64 levels");
  EXPECT_EQ(refusal_of(std::string(64, '[') + std::string(64, ']')), "");
  expect_refused(std::string(100'000, '['), "");
  std::string wide = "[";
  for (int i = 0; i < 200'000; ++i) {
    wide += "1,";
  }
  expect_refused(wide + "]", "more than 200000 values");
}

/// Ten times ten times … of a list, and of a text.
TEST(YamlDocumentTest, AliasBombsAreRefused) {
  std::string lists = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  std::string texts = "a0: &a0 " + std::string(10'000, 'x') + "\n";
  for (int level = 1; level < 20; ++level) {
    const std::string name = "a" + std::to_string(level);
    const std::string alias = "*a" + std::to_string(level - 1);
    std::string line = name + ": &" + name + " [";
    for (int i = 0; i < 10; ++i) {
      line += alias + ", ";
    }
    lists += line + "]\n";
    texts += line + "]\n";
  }
  expect_refused(lists, "aliases written out");
  expect_refused(texts, "aliases written out");
}

}  // namespace
}  // namespace replayrt::models
