#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "replayrt/core/error.hpp"
#include "replayrt/models/model_package.hpp"

namespace replayrt::models {

using Severity = PackageProblem::Severity;

/// "E inference_config.json: network_input: …", "W …"
inline std::vector<std::string> texts_of(const std::vector<PackageProblem>& problems) {
  std::vector<std::string> texts;
  for (const PackageProblem& problem : problems) {
    texts.push_back((problem.severity == Severity::kError ? "E " : "W ") + problem.text());
  }
  return texts;
}

inline std::string listed(const std::vector<PackageProblem>& problems) {
  std::string list = "\nthe problems are:";
  for (const std::string& text : texts_of(problems)) {
    list.append("\n  ").append(text);
  }
  return list;
}

/// Expects that there is exactly this one problem, whose message contains `part`.
inline void expect_only(const std::vector<PackageProblem>& problems, Severity severity,
                        std::string_view key, std::string_view part,
                        ErrorCode code = ErrorCode::kCorruptedModel) {
  ASSERT_EQ(problems.size(), 1U) << "for " << key << ": " << part << listed(problems);
  EXPECT_EQ(problems[0].severity, severity) << listed(problems);
  EXPECT_EQ(problems[0].code, code) << listed(problems);
  EXPECT_EQ(problems[0].key, key);
  EXPECT_NE(problems[0].message.find(part), std::string::npos)
      << "'" << part << "' is not in: " << problems[0].message;
}

inline void expect_none(const std::vector<PackageProblem>& problems) {
  EXPECT_TRUE(problems.empty()) << listed(problems);
}

}  // namespace replayrt::models
