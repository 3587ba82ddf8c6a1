#include "models/postprocess/decode.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

namespace replayrt::models {
namespace {

constexpr std::size_t kSides = 4;
constexpr float kNothing = -std::numeric_limits<float>::infinity();

/// The best of `count` scores that lie `step` apart; -1 if one of them is NaN, as no score is the
/// largest then.
struct Best {
  std::int32_t class_id = -1;
  float score = kNothing;
};

Best best_of(const float* scores, std::size_t count, std::size_t step) {
  Best best;
  for (std::size_t i = 0; i < count; ++i) {
    const float score = scores[i * step];
    if (std::isnan(score)) {
      return {};
    }
    if (score > best.score || i == 0) {
      best = {static_cast<std::int32_t>(i), score};
    }
  }
  return best;
}

void keep(std::vector<Candidate>& boxes, Candidate box, std::int32_t class_id, float confidence,
          std::size_t row) {
  box.class_id = class_id;
  box.confidence = confidence;
  box.row = static_cast<std::int64_t>(row);
  if (has_sides(box)) {
    boxes.push_back(box);
  }
}

void suppress(std::vector<Candidate>& boxes, const DetectionSettings& settings) {
  suppress(boxes, settings.iou_threshold, settings.class_agnostic, settings.max_detections);
}

/// The best scores of rows `first` to `first + length`, class after class: the whole block stays in
/// the cache, and the compiler makes vector instructions of the inner loop.
template <std::size_t Block>
void best_scores(const float* scores, std::size_t classes, std::size_t rows, std::size_t first,
                 std::size_t length, std::array<float, Block>& best) {
  std::fill_n(best.begin(), length, kNothing);
  for (std::size_t c = 0; c < classes; ++c) {
    const float* const row = scores + c * rows + first;
    for (std::size_t i = 0; i < length; ++i) {
      best[i] = row[i] > best[i] ? row[i] : best[i];
    }
  }
}

/// What is said of `others` numbers in a row.
std::string plus(std::int64_t others) {
  return others > 0 ? " + " + std::to_string(others) : "";
}

/// Whether a row passes whose best class is `best`.
bool passes(const Best& best, float objectness, const Threshold& threshold, Objectness meaning) {
  switch (meaning) {
    case Objectness::kIsClass:
      return threshold.passes(best.score, std::int64_t{best.class_id} - 1, false);
    case Objectness::kSelectsAndIsClass:
      return (best.class_id == 0 && threshold.is_per_class()) ||
             threshold.passes(objectness, std::int64_t{best.class_id} - 1, false);
    default:
      return threshold.passes(objectness, best.class_id, false);
  }
}

}  // namespace

std::vector<Candidate> decode_channels_first(const HeadOutput& output, std::size_t image,
                                             const DetectionSettings& settings,
                                             std::int64_t others) {
  output.require(3, output.shape().rank() == 3 && output.shape()[1] > std::int64_t{kSides} + others,
                 "images x (4 + classes" + plus(others) + ") x rows");
  const auto classes = static_cast<std::size_t>(output.shape()[1] - others) - kSides;
  const auto rows = static_cast<std::size_t>(output.shape()[2]);
  const float* const values = output.of_image(image).data();
  const float* const scores = values + kSides * rows;
  const float least = settings.threshold.least();
  constexpr std::size_t kBlock = 512;
  std::array<float, kBlock> best;
  std::vector<Candidate> boxes;
  for (std::size_t first = 0; first < rows; first += kBlock) {
    const std::size_t length = std::min(kBlock, rows - first);
    best_scores(scores, classes, rows, first, length, best);
    for (std::size_t i = 0; i < length; ++i) {
      if (!(best[i] > least)) {
        continue;
      }
      const std::size_t row = first + i;
      const Best found = best_of(scores + row, classes, rows);
      if (settings.threshold.passes(found.score, found.class_id, false)) {
        keep(boxes,
             from_center(values[row], values[rows + row], values[2 * rows + row],
                         values[3 * rows + row]),
             found.class_id, found.score, row);
      }
    }
  }
  suppress(boxes, settings);
  return boxes;
}

std::vector<Candidate> decode_objectness(const HeadOutput& output, std::size_t image,
                                         const DetectionSettings& settings, std::int64_t others,
                                         Objectness objectness) {
  constexpr std::size_t kBefore = kSides + 1;
  output.require(3,
                 output.shape().rank() == 3 && output.shape()[2] > std::int64_t{kBefore} + others,
                 "images x rows x (5 + classes" + plus(others) + ")");
  const auto rows = static_cast<std::size_t>(output.shape()[1]);
  const auto columns = static_cast<std::size_t>(output.shape()[2]);
  const std::size_t scores = columns - kBefore - static_cast<std::size_t>(others);
  const float* const values = output.of_image(image).data();
  const float least = settings.threshold.least();
  std::vector<Candidate> boxes;
  for (std::size_t row = 0; row < rows; ++row) {
    const float* const at = values + row * columns;
    if (objectness == Objectness::kSelects && !(at[kSides] > least)) {
      continue;
    }
    const Best found = objectness == Objectness::kSelects ? best_of(at + kBefore, scores, 1)
                                                          : best_of(at + kSides, scores + 1, 1);
    if (found.class_id >= 0 && passes(found, at[kSides], settings.threshold, objectness)) {
      keep(boxes, from_center(at[0], at[1], at[2], at[3]), found.class_id, found.score, row);
    }
  }
  suppress(boxes, settings);
  return boxes;
}

std::vector<Candidate> decode_boxes_and_scores(const HeadOutput& boxes, const HeadOutput& scores,
                                               std::size_t image,
                                               const DetectionSettings& settings) {
  boxes.require(3, boxes.shape().rank() == 3 && boxes.shape()[2] == std::int64_t{kSides},
                "images x rows x 4");
  scores.require(3,
                 scores.shape().rank() == 3 && scores.shape()[1] == boxes.shape()[1] &&
                     scores.shape()[0] == boxes.shape()[0] && scores.shape()[2] > 0,
                 "images x rows x classes, of as many images and rows as output '" + boxes.name() +
                     "', " + boxes.shape().to_string());
  const auto rows = static_cast<std::size_t>(boxes.shape()[1]);
  const auto classes = static_cast<std::size_t>(scores.shape()[2]);
  const float* const sides = boxes.of_image(image).data();
  const float* const values = scores.of_image(image).data();
  std::vector<Candidate> found;
  for (std::size_t row = 0; row < rows; ++row) {
    const Best best = best_of(values + row * classes, classes, 1);
    if (best.class_id >= 0 && settings.threshold.passes(best.score, best.class_id, false)) {
      const float* const at = sides + row * kSides;
      keep(found, {.left = at[0], .top = at[1], .right = at[2], .bottom = at[3]}, best.class_id,
           best.score, row);
    }
  }
  suppress(found, settings);
  return found;
}

std::vector<Candidate> decode_priors(const HeadOutput& offsets, const HeadOutput& scores,
                                     const HeadOutput& priors, std::size_t image, ImageSize canvas,
                                     const DetectionSettings& settings) {
  constexpr float kMove = 0.1F;
  constexpr float kStretch = 0.2F;
  offsets.require(3, offsets.shape().rank() == 3 && offsets.shape()[2] == std::int64_t{kSides},
                  "images x rows x 4");
  scores.require(3,
                 scores.shape().rank() == 3 && scores.shape()[1] == offsets.shape()[1] &&
                     scores.shape()[0] == offsets.shape()[0] && scores.shape()[2] > 1,
                 "images x rows x (1 + classes), of as many images and rows as output '" +
                     offsets.name() + "', " + offsets.shape().to_string());
  priors.require(2, priors.shape() == Shape{offsets.shape()[1], std::int64_t{kSides}},
                 "rows x 4, of as many rows as output '" + offsets.name() + "', " +
                     offsets.shape().to_string());
  const auto rows = static_cast<std::size_t>(offsets.shape()[1]);
  const auto columns = static_cast<std::size_t>(scores.shape()[2]);
  const float* const moves = offsets.of_image(image).data();
  const float* const values = scores.of_image(image).data();
  const float* const all_priors = priors.values().data();
  std::vector<Candidate> found;
  for (std::size_t row = 0; row < rows; ++row) {
    const Best best = best_of(values + row * columns + 1, columns - 1, 1);
    if (best.class_id < 0 || !settings.threshold.passes(best.score, best.class_id, false)) {
      continue;
    }
    const float* const move = moves + row * kSides;
    const float* const prior = all_priors + row * kSides;
    const Candidate box = from_center(
        prior[0] + move[0] * kMove * prior[2], prior[1] + move[1] * kMove * prior[3],
        prior[2] * std::exp(move[2] * kStretch), prior[3] * std::exp(move[3] * kStretch));
    keep(found, on_canvas(box, canvas), best.class_id, best.score, row);
  }
  suppress(found, settings);
  return found;
}

std::vector<Candidate> decode_final_rows(const HeadOutput& output, std::size_t image,
                                         const Threshold& threshold, AtThreshold at_threshold,
                                         std::int64_t max_detections, std::int64_t others) {
  const std::size_t columns = kSides + 2 + static_cast<std::size_t>(others);
  output.require(
      3, output.shape().rank() == 3 && output.shape()[2] == static_cast<std::int64_t>(columns),
      "images x rows x " + std::to_string(columns));
  const auto rows = static_cast<std::size_t>(output.shape()[1]);
  const float* const values = output.of_image(image).data();
  const auto most = static_cast<std::uint64_t>(max_detections);
  std::vector<Candidate> boxes;
  for (std::size_t row = 0; row < rows && boxes.size() < most; ++row) {
    const float* const at = values + row * columns;
    const float confidence = at[kSides];
    const float class_number = at[kSides + 1];
    // Written so that NaN fails; a class is a whole number that an i32 holds.
    if (!(class_number >= 0 && class_number < 2147483648.0F)) {
      continue;
    }
    const auto class_id = static_cast<std::int32_t>(class_number);
    if (threshold.passes(confidence, class_id, at_threshold == AtThreshold::kPasses)) {
      keep(boxes, {.left = at[0], .top = at[1], .right = at[2], .bottom = at[3]}, class_id,
           confidence, row);
    }
  }
  return boxes;
}

std::vector<Candidate> decode_queries(const HeadOutput& boxes, const HeadOutput& logits,
                                      std::size_t image, ImageSize canvas, const ClassMap& classes,
                                      const DetectionSettings& settings) {
  boxes.require(3, boxes.shape().rank() == 3 && boxes.shape()[2] == std::int64_t{kSides},
                "images x queries x 4");
  logits.require(3,
                 logits.shape().rank() == 3 && logits.shape()[1] == boxes.shape()[1] &&
                     logits.shape()[0] == boxes.shape()[0],
                 "images x queries x classes, of as many images and queries as output '" +
                     boxes.name() + "', " + boxes.shape().to_string());
  const auto queries = static_cast<std::size_t>(boxes.shape()[1]);
  const auto columns = static_cast<std::size_t>(logits.shape()[2]);
  const float* const sides = boxes.of_image(image).data();
  struct Score {
    float value;
    std::size_t position;
  };
  std::vector<Score> scores;
  const std::span<const float> values = logits.of_image(image);
  scores.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float score = 1.0F / (1.0F + std::exp(-values[i]));
    if (!std::isnan(score)) {
      scores.push_back({score, i});
    }
  }
  const std::size_t count = std::min(queries, scores.size());
  const auto end = scores.begin() + static_cast<std::ptrdiff_t>(count);
  std::partial_sort(scores.begin(), end, scores.end(), [](const Score& a, const Score& b) {
    return a.value != b.value ? a.value > b.value : a.position < b.position;
  });
  scores.resize(count);
  std::vector<Candidate> found;
  for (const Score& score : scores) {
    if (static_cast<std::int64_t>(found.size()) >= settings.max_detections) {
      break;
    }
    const std::size_t column = score.position % columns;
    const std::int32_t class_id = column < classes.size() ? classes[column] : -1;
    if (class_id < 0 || !settings.threshold.passes(score.value, class_id, false)) {
      continue;
    }
    const std::size_t query = score.position / columns;
    const float* const at = sides + query * kSides;
    keep(found, on_canvas(from_center(at[0], at[1], at[2], at[3]), canvas), class_id, score.value,
         query);
  }
  return found;
}

}  // namespace replayrt::models
