#pragma once

#include <string>
#include <vector>

namespace replayrt::cli {

/// Rows of text in aligned columns: the first one to the left, the others to the right.
class Table {
 public:
  explicit Table(std::vector<std::string> header) { rows_.push_back(std::move(header)); }

  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

  [[nodiscard]] std::string text() const;

  /// The header first.
  [[nodiscard]] const std::vector<std::vector<std::string>>& rows() const noexcept { return rows_; }

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace replayrt::cli
