#include "models/package/json_reader.hpp"

#include <array>
#include <limits>

#include "expect_problem.hpp"

namespace replayrt::models {
namespace {

/// What one read of a value of `text`, under the key "k", gives.
template <class Read>
auto read_value(std::string_view text, std::vector<PackageProblem>& problems, Read read) {
  ProblemList list("a.json", problems);
  const auto document = JsonDocument::parse("{\"k\": " + std::string(text) + "}", list);
  auto object = document.value().root().object();
  return read(object.value().required("k"));
}

std::optional<std::int64_t> integer(std::string_view text) {
  std::vector<PackageProblem> problems;
  const auto value =
      read_value(text, problems, [](const JsonValue& json) { return json.integer(); });
  EXPECT_EQ(problems.empty(), value.has_value()) << text;
  return value;
}
std::optional<double> number(std::string_view text) {
  std::vector<PackageProblem> problems;
  const auto value =
      read_value(text, problems, [](const JsonValue& json) { return json.number(); });
  EXPECT_EQ(problems.empty(), value.has_value()) << text;
  return value;
}
std::optional<bool> boolean(std::string_view text) {
  std::vector<PackageProblem> problems;
  const auto value =
      read_value(text, problems, [](const JsonValue& json) { return json.boolean(); });
  EXPECT_EQ(problems.empty(), value.has_value()) << text;
  return value;
}
std::optional<std::int64_t> exact_integer(std::string_view text) {
  std::vector<PackageProblem> problems;
  const auto value =
      read_value(text, problems, [](const JsonValue& json) { return json.exact_integer(); });
  EXPECT_EQ(problems.empty(), value.has_value()) << text;
  return value;
}

// As pydantic 2.14 in lax mode.
TEST(PackageJsonReaderTest, IntegersAreLax) {
  EXPECT_EQ(integer("412"), 412);
  EXPECT_EQ(integer("\"412\""), 412);
  EXPECT_EQ(integer("412.0"), 412);
  EXPECT_EQ(integer("1e3"), 1000);
  EXPECT_EQ(integer("-0.0"), 0);
  EXPECT_EQ(integer("true"), 1);
  EXPECT_EQ(integer("false"), 0);
  EXPECT_EQ(integer("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
  for (const char* text :
       {"412.5", "null", "[]", "{}", "\"\"", "\"4.5\"", "1e300", "9.3e18", "9223372036854775808",
        "18446744073709551615", "1180591620717411303424", "\"9223372036854775808\""}) {
    EXPECT_EQ(integer(text), std::nullopt) << text;
  }
}

TEST(PackageJsonReaderTest, NumbersAreLax) {
  EXPECT_EQ(number("0.5"), 0.5);
  EXPECT_EQ(number("3"), 3);
  EXPECT_EQ(number("\"0.5\""), 0.5);
  EXPECT_EQ(number("true"), 1);
  EXPECT_EQ(number("1180591620717411303424"), 1180591620717411303424.0);
  for (const char* text : {"null", "[]", "{}", "\"\"", "\"true\"", "\"nan\"", "\"inf\""}) {
    EXPECT_EQ(number(text), std::nullopt) << text;
  }
}

TEST(PackageJsonReaderTest, BooleansAreLax) {
  for (const char* text : {"true", "1", "1.0", "\"yes\"", "\"On\"", "\"1\""}) {
    EXPECT_EQ(boolean(text), true) << text;
  }
  for (const char* text : {"false", "0", "0.0", "-0.0", "\"no\"", "\"OFF\"", "\"0\""}) {
    EXPECT_EQ(boolean(text), false) << text;
  }
  for (const char* text : {"2", "-1", "0.5", "null", "[]", "\"\"", "\" true\"", "\"1.0\""}) {
    EXPECT_EQ(boolean(text), std::nullopt) << text;
  }
}

TEST(PackageJsonReaderTest, ExactReadsConvertNothing) {
  EXPECT_EQ(exact_integer("7"), 7);
  EXPECT_EQ(exact_integer("-7"), -7);
  for (const char* text : {"1.0", "1.5", "true", "\"7\"", "null", "18446744073709551615"}) {
    EXPECT_EQ(exact_integer(text), std::nullopt) << text;
  }
}

TEST(PackageJsonReaderTest, MessagesSayWhatWasExpectedAndFound) {
  const auto message = [](std::string_view text, auto read) {
    std::vector<PackageProblem> problems;
    read_value(text, problems, read);
    EXPECT_EQ(problems.size(), 1U);
    return problems.empty() ? "" : problems[0].text();
  };
  const auto as_integer = [](const JsonValue& json) { return json.integer(); };
  EXPECT_EQ(message("412.5", as_integer), "a.json: k: expected a whole number, found 412.5");
  EXPECT_EQ(message("\"a\\nb\"", as_integer),
            "a.json: k: expected a whole number, found 'a\\x0ab'");
  EXPECT_EQ(message("null", as_integer), "a.json: k: expected a whole number, found null");
  EXPECT_EQ(message("9.3e18", as_integer),
            "a.json: k: expected a whole number that fits 64 bits, found 9.3e+18");
  EXPECT_EQ(message("[]", as_integer), "a.json: k: expected a whole number, found a list");
  EXPECT_EQ(message("{}", [](const JsonValue& json) { return json.number(); }),
            "a.json: k: expected a number, found an object");
  EXPECT_EQ(message("7", [](const JsonValue& json) { return json.text(); }),
            "a.json: k: expected a text, found 7");
  EXPECT_EQ(message("7", [](const JsonValue& json) { return json.object().has_value(); }),
            "a.json: k: expected an object, found 7");
  EXPECT_EQ(message("7", [](const JsonValue& json) { return json.list_size(); }),
            "a.json: k: expected a list, found 7");
  EXPECT_EQ(message("7", [](const JsonValue& json) { return json.integer_within(0, 5); }),
            "a.json: k: expected a whole number from 0 to 5, found 7");
  constexpr std::array<std::string_view, 3> kTexts = {"a", "b", "c"};
  EXPECT_EQ(message("\"A\"", [&](const JsonValue& json) { return json.choice_at(kTexts); }),
            "a.json: k: expected 'a', 'b' or 'c', found 'A'");
}

TEST(PackageJsonReaderTest, WhatIsNotThereIsAnErrorOnlyWhereItIsRequired) {
  std::vector<PackageProblem> problems;
  ProblemList list("a.json", problems);
  const auto document = JsonDocument::parse(R"({"null": null})", list);
  auto object = document.value().root().object();
  EXPECT_EQ(object->optional("absent").integer(), std::nullopt);
  EXPECT_EQ(object->optional("null").integer(), std::nullopt);
  EXPECT_EQ(object->optional_not_null("absent").integer(), std::nullopt);
  expect_none(problems);
  EXPECT_EQ(object->required("absent").integer(), std::nullopt);
  EXPECT_EQ(object->required("null").integer(), std::nullopt);
  EXPECT_EQ(object->optional_not_null("null").integer(), std::nullopt);
  EXPECT_EQ(texts_of(problems),
            (std::vector<std::string>{"E a.json: absent: is missing: expected a whole number",
                                      "E a.json: null: expected a whole number, found null",
                                      "E a.json: null: expected a whole number, found null"}));
}

TEST(PackageJsonReaderTest, KeysAreDottedPaths) {
  std::vector<PackageProblem> problems;
  ProblemList list("a.json", problems);
  const auto document = JsonDocument::parse(R"({"a": {"b": [1, {"c": 2}]}})", list);
  auto root = document.value().root().object();
  auto a = root->required("a").object();
  auto element = a->required("b").at(1).object();
  EXPECT_EQ(element->required("c").key(), "a.b[1].c");
  EXPECT_EQ(element->required("d").key(), "a.b[1].d");
}

TEST(PackageJsonReaderTest, KeysInMessagesAreShortAndPrintable) {
  std::vector<PackageProblem> problems;
  ProblemList list("a.json", problems);
  const std::string key(100'000, 'k');
  const auto document = JsonDocument::parse("{\"" + key + "\": 1, \"a\\nb\": 1}", list);
  document.value().root().object()->warn_of_unknown_keys();
  ASSERT_EQ(problems.size(), 2U);
  EXPECT_EQ(problems[0].key, "a\\x0ab");
  EXPECT_EQ(problems[1].key, std::string(64, 'k') + "…");
}

TEST(PackageJsonReaderTest, UnknownKeysAreTold) {
  std::vector<PackageProblem> problems;
  ProblemList list("a.json", problems);
  const auto document = JsonDocument::parse(R"({"static_crop": 1, "x": 2, "known": 3})", list);
  auto root = document.value().root().object();
  root->ignore("known");
  static_cast<void>(root->optional("static-crop"));
  root->warn_of_unknown_keys();
  EXPECT_EQ(texts_of(problems),
            (std::vector<std::string>{
                "W a.json: static_crop: is not known and ignored: did you mean 'static-crop'?",
                "W a.json: x: is not known and ignored"}));
}

}  // namespace
}  // namespace replayrt::models
