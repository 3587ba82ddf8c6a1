#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "replayrt/replayrt.hpp"

namespace ocr {

/// What the command line of `replayrt-ocr` says.
struct Options {
  std::vector<std::filesystem::path> pictures;
  std::filesystem::path models = "build/data/packages";  ///< Where `make setup` puts them.
  std::string json;                                      ///< "-" is standard output; empty: none.
  std::filesystem::path save;
  std::filesystem::path trace_out;
  std::int64_t capacity = 128;
  /// Leaves room for the models, their eager executors and one large picture within 4 GiB.
  std::uint64_t max_bytes = std::uint64_t{2} << 30;
  /// Every reading captures what it lacks, so that the second one shows what a warm cache saves.
  replayrt::Admission admission = replayrt::Admission::always();
  bool no_cache = false;
  std::int64_t repeat = 1;
  std::int64_t inference_threads = 0;

  /// Whether `save` names the one picture to write, rather than a folder.
  [[nodiscard]] bool saves_to_file() const { return save.has_extension(); }
};

/// Reads the command line. If there is nothing left to do (help, an error) the exit code comes back
/// instead of options, and what there is to say has been printed.
struct ParsedOptions {
  Options options;
  std::optional<int> exit_code;
};
ParsedOptions parse_options(int argc, char** argv);

}  // namespace ocr
