#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "replayrt/models/model_package.hpp"

namespace replayrt::models {

/// Adds what is wrong with one file to a package's problems. Of each severity a file may report so
/// many; one more problem then stands for the rest, so that whether there are errors stays true.
class ProblemList {
 public:
  static constexpr std::size_t kMostOfOneSeverity = 50;

  /// `problems` must outlive it.
  ProblemList(std::string_view file, std::vector<PackageProblem>& problems)
      : file_(file), problems_(problems) {}

  void error(std::string_view key, std::string_view message,
             ErrorCode code = ErrorCode::kCorruptedModel);
  void warn(std::string_view key, std::string_view message);

  [[nodiscard]] std::size_t errors() const noexcept { return errors_; }

 private:
  void add(PackageProblem::Severity severity, std::size_t count, PackageProblem problem);

  std::string file_;
  std::vector<PackageProblem>& problems_;
  std::size_t errors_ = 0;
  std::size_t warnings_ = 0;
};

}  // namespace replayrt::models
