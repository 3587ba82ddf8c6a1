#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/package/problem_list.hpp"

namespace replayrt::models {

/// The files of one package. Follows no link out of its folder, waits for no pipe or device, and
/// remembers what it has read, so that one content is both used and checked. Not thread-safe.
class PackageFiles {
 public:
  /// Throws Error(kFileAccess) if `folder` is no folder that can be listed.
  explicit PackageFiles(const std::filesystem::path& folder);

  /// Whether the folder has an entry of this name, of whatever kind.
  [[nodiscard]] bool has(const std::string& name) const;

  /// The names of the folder's entries, sorted; those beyond 20 as "and N more".
  [[nodiscard]] std::string list() const;

  /// The content of a file of at most `most_bytes`, valid as long as this object. Reports why there
  /// is none; that there is no such file only if `required`.
  std::optional<std::string_view> read(const std::string& name, std::size_t most_bytes,
                                       bool required, std::vector<PackageProblem>& problems);

  /// The path of a file that can be opened for reading. Reports why there is none, unless there is
  /// no such file.
  [[nodiscard]] std::optional<std::filesystem::path> find(
      const std::string& name, std::vector<PackageProblem>& problems) const;

  /// The MD5 of a file that is no link and does not change meanwhile. What is wrong is said in
  /// `why`, which is otherwise left alone.
  [[nodiscard]] std::optional<std::string> md5(const std::string& name, std::string& why) const;

 private:
  std::filesystem::path folder_;
  std::filesystem::path canonical_folder_;
  std::map<std::string, std::string> contents_;
};

}  // namespace replayrt::models
