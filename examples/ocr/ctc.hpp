#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace ocr {

/// The characters of a recognition model: class 0 is "nothing" (blank), the last class a space.
class CharacterSet {
 public:
  explicit CharacterSet(std::vector<std::string> characters);

  /// Reads a UTF-8 file with one character per line. Throws replayrt::Error(kFileAccess) that names
  /// it.
  static CharacterSet load(const std::filesystem::path& file);

  [[nodiscard]] std::size_t classes() const { return characters_.size(); }
  [[nodiscard]] const std::string& operator[](std::size_t index) const {
    return characters_[index];
  }

 private:
  std::vector<std::string> characters_;
};

/// Text as the model reads it.
struct Reading {
  std::string text;
  double confidence = 0.0;  ///< Mean probability of the characters; 0 if there are none.
};

/// Decodes one line: `probabilities` holds, for each step from left to right, one probability per
/// class; they sum to 1. Repeats and blanks are dropped.
Reading decode_ctc(std::span<const float> probabilities, const CharacterSet& characters);

/// Position of the largest of `probabilities`, which are not negative and sum to 1.
std::size_t most_likely(std::span<const float> probabilities);

}  // namespace ocr
