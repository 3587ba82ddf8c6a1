#include "models/package/problem_list.hpp"

#include <utility>

namespace replayrt::models {

void ProblemList::error(std::string_view key, std::string_view message, ErrorCode code) {
  ++errors_;
  add(PackageProblem::Severity::kError, errors_,
      {PackageProblem::Severity::kError, code, file_, std::string(key), std::string(message)});
}

void ProblemList::warn(std::string_view key, std::string_view message) {
  ++warnings_;
  add(PackageProblem::Severity::kWarning, warnings_,
      {PackageProblem::Severity::kWarning, ErrorCode::kCorruptedModel, file_, std::string(key),
       std::string(message)});
}

void ProblemList::add(PackageProblem::Severity severity, std::size_t count,
                      PackageProblem problem) {
  if (count <= kMostOfOneSeverity) {
    problems_.push_back(std::move(problem));
  } else if (count == kMostOfOneSeverity + 1) {
    const bool is_error = severity == PackageProblem::Severity::kError;
    problems_.push_back({severity, ErrorCode::kCorruptedModel, file_, "",
                         std::string("has more ") + (is_error ? "errors" : "warnings") +
                             " of which no more are listed"});
  }
}

}  // namespace replayrt::models
