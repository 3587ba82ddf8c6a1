#include "models/postprocess/ctc.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace replayrt::models {
namespace {

constexpr float kLowest = -std::numeric_limits<float>::infinity();

/// The largest element of kChunk, written so that compilers use vector instructions.
constexpr std::size_t kLanes = 16;
constexpr std::size_t kChunk = 16 * kLanes;

float chunk_maximum(const float* values) {
  std::array<float, kLanes> best{};
  best.fill(kLowest);
  for (std::size_t i = 0; i < kChunk; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      best[lane] = values[i + lane] > best[lane] ? values[i + lane] : best[lane];
    }
  }
  return *std::ranges::max_element(best);
}

}  // namespace

std::size_t largest(std::span<const float> scores) {
  std::size_t best = 0;
  float maximum = kLowest;
  std::size_t i = 0;
  for (; i + kChunk <= scores.size(); i += kChunk) {
    const auto chunk = scores.subspan(i, kChunk);
    const float of_chunk = chunk_maximum(chunk.data());
    if (of_chunk > maximum) {
      maximum = of_chunk;
      best = i + static_cast<std::size_t>(std::ranges::find(chunk, maximum) - chunk.begin());
    }
  }
  for (; i < scores.size(); ++i) {
    if (scores[i] > maximum) {
      maximum = scores[i];
      best = i;
    }
  }
  return best;
}

Reading decode_ctc(std::span<const float> scores, std::span<const std::string> characters) {
  constexpr std::size_t kNothing = 0;
  const std::size_t classes = characters.size() + 2;
  Reading reading;
  std::size_t count = 0;
  std::size_t previous = kNothing;
  for (std::size_t step = 0; step + classes <= scores.size(); step += classes) {
    const auto row = scores.subspan(step, classes);
    const std::size_t best = largest(row);
    if (best != kNothing && best != previous) {
      reading.text += best <= characters.size() ? characters[best - 1] : " ";
      reading.confidence += row[best];
      ++count;
    }
    previous = best;
  }
  reading.confidence /= static_cast<double>(std::max<std::size_t>(count, 1));
  return reading;
}

}  // namespace replayrt::models
