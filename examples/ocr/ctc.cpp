#include "ctc.hpp"

#include <algorithm>
#include <array>
#include <fstream>

#include "replayrt/core/error.hpp"

namespace ocr {
namespace {

/// The largest element of kChunk, written so that compilers use vector instructions.
constexpr std::size_t kLanes = 16;
constexpr std::size_t kChunk = 16 * kLanes;

float chunk_maximum(const float* values) {
  std::array<float, kLanes> best{};
  for (std::size_t i = 0; i < kChunk; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      best[lane] = best[lane] > values[i + lane] ? best[lane] : values[i + lane];
    }
  }
  return *std::max_element(best.begin(), best.end());
}

}  // namespace

CharacterSet::CharacterSet(std::vector<std::string> characters)
    : characters_(std::move(characters)) {
  characters_.insert(characters_.begin(), std::string());
  characters_.emplace_back(" ");
}

CharacterSet CharacterSet::load(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::vector<std::string> characters;
  for (std::string line; std::getline(stream, line);) {
    characters.push_back(line);
  }
  if (characters.empty()) {
    throw replayrt::Error(
        replayrt::ErrorCode::kFileAccess,
        file.string() +
            ": cannot be read, or is empty; expected one character per line, in the order "
            "of the recognition model's classes");
  }
  return CharacterSet(std::move(characters));
}

std::size_t most_likely(std::span<const float> probabilities) {
  // What exceeds one half is the largest, whatever the rest is: most steps end early, blanks at
  // once.
  constexpr float kCertain = 0.5F;
  if (!probabilities.empty() && probabilities[0] > kCertain) {
    return 0;
  }
  std::size_t best = 0;
  std::size_t i = 0;
  for (; i + kChunk <= probabilities.size(); i += kChunk) {
    const auto chunk = probabilities.subspan(i, kChunk);
    const float maximum = chunk_maximum(chunk.data());
    if (maximum > probabilities[best]) {
      best = i + static_cast<std::size_t>(std::find(chunk.begin(), chunk.end(), maximum) -
                                          chunk.begin());
      if (maximum > kCertain) {
        return best;
      }
    }
  }
  for (; i < probabilities.size(); ++i) {
    best = probabilities[i] > probabilities[best] ? i : best;
  }
  return best;
}

Reading decode_ctc(std::span<const float> probabilities, const CharacterSet& characters) {
  const std::size_t classes = characters.classes();
  Reading reading;
  std::size_t count = 0;
  std::size_t previous = 0;
  for (std::size_t step = 0; step + classes <= probabilities.size(); step += classes) {
    const auto row = probabilities.subspan(step, classes);
    const std::size_t best = most_likely(row);
    if (best != 0 && best != previous) {
      reading.text += characters[best];
      reading.confidence += row[best];
      ++count;
    }
    previous = best;
  }
  reading.confidence /= static_cast<double>(std::max<std::size_t>(count, 1));
  return reading;
}

}  // namespace ocr
