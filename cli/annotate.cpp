#include "annotate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <map>
#include <opencv2/imgproc.hpp>
#include <string_view>
#include <utility>
#include <vector>

namespace replayrt::cli {
namespace {

constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX;
constexpr double kMaskOpacity = 0.45;
constexpr std::size_t kMostNamedSegments = 8;
constexpr float kLeastKeyPointConfidence = 0.0F;  // Points that were not found have this one.

cv::Scalar scalar_of(const std::array<std::uint8_t, 3>& bgr) {
  return {static_cast<double>(bgr[0]), static_cast<double>(bgr[1]), static_cast<double>(bgr[2])};
}

/// Black on light colours, white on dark ones.
cv::Scalar ink_on(const std::array<std::uint8_t, 3>& bgr) {
  constexpr double kMiddle = 140;
  const double luminance = 0.114 * bgr[0] + 0.587 * bgr[1] + 0.299 * bgr[2];
  return luminance > kMiddle ? cv::Scalar::all(0) : cv::Scalar::all(255);
}

/// OpenCV's letters are ASCII: of everything else one question mark per character.
std::string ascii_of(std::string_view text) {
  std::string ascii;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      ascii += byte < 0x20 || byte == 0x7f ? ' ' : c;
    } else if (byte >= 0xc0) {  // The first byte of a character.
      ascii += '?';
    }
  }
  return ascii;
}

std::string class_text(const Legend& legend, std::int64_t class_id) {
  const auto index = static_cast<std::size_t>(class_id);
  return class_id >= 0 && index < legend.class_names.size() ? ascii_of(legend.class_names[index])
                                                            : fmt::format("class {}", class_id);
}

/// Draws on one picture, at the size that suits it.
class Pen {
 public:
  Pen(cv::Mat& page, const Legend& legend) : page_(page), legend_(legend) {
    const double side = std::sqrt(static_cast<double>(page.rows) * page.cols);
    line_ = std::max(1, static_cast<int>(std::lround(side / 320)));
    letter_scale_ = std::clamp(side / 1100, 0.35, 4.0);
    letter_line_ = std::max(1, static_cast<int>(std::lround(letter_scale_ * 1.6)));
  }

  void boxes(const Detections& found) {
    for (std::size_t i = 0; i < found.size(); ++i) {
      const cv::Scalar color = scalar_of(class_color(found.class_id[i]));
      if (i < found.polygon.size()) {
        outline(found.polygon[i], color);
        continue;
      }
      const auto& [left, top, right, bottom] = found.xyxy[i];
      cv::rectangle(page_, cv::Point(left, top), cv::Point(right, bottom), color, line_);
    }
    // After all boxes, so that none crosses a label.
    for (std::size_t i = 0; i < found.size(); ++i) {
      const std::string text =
          fmt::format("{} {:.2f}", class_text(legend_, found.class_id[i]), found.confidence[i]);
      label(text, {found.xyxy[i][0], found.xyxy[i][1]}, class_color(found.class_id[i]));
    }
  }

  void masks(const InstanceDetections& found) {
    for (std::size_t i = 0; i < found.mask.size(); ++i) {
      tint(on_page(found.mask[i]), [&](std::size_t) { return class_color(found.class_id[i]); });
    }
  }

  void key_points(const KeyPointDetections& found) {
    for (std::size_t i = 0; i < found.key_points.size(); ++i) {
      const std::vector<KeyPoint>& points = found.key_points[i];
      const cv::Scalar color = scalar_of(class_color(found.class_id[i]));
      const auto class_id = static_cast<std::size_t>(found.class_id[i]);
      if (class_id < legend_.key_points.size()) {
        for (const auto& [from, to] : legend_.key_points[class_id].edges) {
          connect(points, from, to, color);
        }
      }
      for (const KeyPoint& point : points) {
        if (point.confidence > kLeastKeyPointConfidence) {
          cv::circle(page_, {point.x, point.y}, line_ * 2, cv::Scalar::all(255), cv::FILLED,
                     cv::LINE_AA);
          cv::circle(page_, {point.x, point.y}, line_ * 2, color, line_, cv::LINE_AA);
        }
      }
    }
  }

  void segments(const SemanticSegmentationResult& found) {
    if (found.size != ImageSize{page_.rows, page_.cols}) {
      return;
    }
    std::map<std::int64_t, std::size_t> pixels;
    std::vector<std::uint8_t> set(found.segmentation_map.size());
    for (std::size_t pixel = 0; pixel < set.size(); ++pixel) {
      const std::int64_t id = found.segmentation_map[pixel];
      set[pixel] = id != legend_.background ? 1 : 0;
      pixels[id] += set[pixel];
    }
    tint(set, [&](std::size_t pixel) { return class_color(found.segmentation_map[pixel]); });
    std::vector<std::pair<std::size_t, std::int64_t>> largest;
    largest.reserve(pixels.size());
    for (const auto& [id, count] : pixels) {
      largest.emplace_back(count, id);
    }
    std::ranges::sort(largest, std::greater<>());
    largest.resize(std::min(largest.size(), kMostNamedSegments));
    for (const auto& [count, id] : largest) {
      if (count > 0) {
        const double percent = 100.0 * static_cast<double>(count) / static_cast<double>(set.size());
        headline(fmt::format("{} {:.1f} %", class_text(legend_, id), percent), class_color(id));
      }
    }
  }

  void depth(const DepthMap& found) {
    if (found.size != ImageSize{page_.rows, page_.cols}) {
      return;
    }
    const auto is_known = [](float value) { return std::isfinite(value) && value != 0; };
    float least = std::numeric_limits<float>::max();
    float most = std::numeric_limits<float>::lowest();
    for (const float value : found.depth) {
      least = is_known(value) ? std::min(least, value) : least;
      most = is_known(value) ? std::max(most, value) : most;
    }
    const float scale = most > least ? 255.0F / (most - least) : 0.0F;
    cv::Mat levels(page_.size(), CV_8UC1, cv::Scalar(0));
    cv::Mat known(page_.size(), CV_8UC1, cv::Scalar(0));
    for (std::size_t pixel = 0; pixel < found.depth.size(); ++pixel) {
      if (is_known(found.depth[pixel])) {
        levels.data[pixel] =
            static_cast<std::uint8_t>(std::min(255.0F, (found.depth[pixel] - least) * scale));
        known.data[pixel] = 1;
      }
    }
    cv::Mat colors;
    cv::applyColorMap(levels, colors, cv::COLORMAP_TURBO);
    colors.copyTo(page_, known);
  }

  /// Lines of text in the upper left corner, each in a field of its colour.
  void headline(const std::string& text, const std::array<std::uint8_t, 3>& color) {
    const cv::Rect field = label(text, {0, headline_bottom_ + 1}, color, /*below=*/true);
    headline_bottom_ = field.y + field.height - 1;
  }

 private:
  /// A mask may be of a lower resolution than the picture. None if it has no pixels.
  [[nodiscard]] std::vector<std::uint8_t> on_page(const RleMask& mask) const {
    std::vector<std::uint8_t> pixels = mask.decode();
    if (pixels.empty() || mask.size == ImageSize{page_.rows, page_.cols}) {
      return pixels;
    }
    const cv::Mat given(static_cast<int>(mask.size.height), static_cast<int>(mask.size.width),
                        CV_8UC1, pixels.data());
    std::vector<std::uint8_t> resized(page_.total());
    cv::Mat whole(page_.rows, page_.cols, CV_8UC1, resized.data());
    cv::resize(given, whole, whole.size(), 0, 0, cv::INTER_NEAREST);
    return resized;
  }

  /// Blends the pixels that are set with `color_of(pixel)`.
  template <class ColorOf>
  void tint(const std::vector<std::uint8_t>& set, const ColorOf& color_of) {
    for (std::size_t pixel = 0; pixel < set.size(); ++pixel) {
      if (set[pixel] == 0) {
        continue;
      }
      const std::array<std::uint8_t, 3> color = color_of(pixel);
      std::uint8_t* at = page_.data + 3 * pixel;
      for (std::size_t c = 0; c < 3; ++c) {
        at[c] = static_cast<std::uint8_t>(
            std::lround((1 - kMaskOpacity) * at[c] + kMaskOpacity * color[c]));
      }
    }
  }

  void outline(const std::array<std::array<std::int32_t, 2>, 4>& corners, const cv::Scalar& color) {
    std::vector<cv::Point> points;
    points.reserve(corners.size());
    for (const auto& [x, y] : corners) {
      points.emplace_back(x, y);
    }
    cv::polylines(page_, points, true, color, line_, cv::LINE_AA);
  }

  void connect(const std::vector<KeyPoint>& points, std::int64_t from, std::int64_t to,
               const cv::Scalar& color) {
    const auto count = static_cast<std::int64_t>(points.size());
    if (from < 0 || to < 0 || from >= count || to >= count) {
      return;
    }
    const KeyPoint& a = points[static_cast<std::size_t>(from)];
    const KeyPoint& b = points[static_cast<std::size_t>(to)];
    if (std::min(a.confidence, b.confidence) > kLeastKeyPointConfidence) {
      cv::line(page_, {a.x, a.y}, {b.x, b.y}, color, line_, cv::LINE_AA);
    }
  }

  /// Text in a field of its own, above the corner of a box or, if there is no room, below it;
  /// always within the picture as far as it fits.
  cv::Rect label(const std::string& text, cv::Point corner,
                 const std::array<std::uint8_t, 3>& color, bool below = false) {
    int descent = 0;
    const cv::Size letters = cv::getTextSize(text, kFont, letter_scale_, letter_line_, &descent);
    const int margin = letter_line_ + 1;
    const cv::Size field(letters.width + 2 * margin, letters.height + descent + 2 * margin);
    const int x = std::max(0, std::min(corner.x, page_.cols - field.width));
    const bool has_room = !below && corner.y >= field.height;
    const int y = has_room ? corner.y - field.height : std::max(0, corner.y);
    const cv::Rect rectangle({x, y}, field);
    cv::rectangle(page_, rectangle, scalar_of(color), cv::FILLED);
    cv::putText(page_, text, {x + margin, y + margin + letters.height}, kFont, letter_scale_,
                ink_on(color), letter_line_, cv::LINE_AA);
    return rectangle;
  }

  cv::Mat& page_;
  const Legend& legend_;
  int line_ = 1;
  double letter_scale_ = 1;
  int letter_line_ = 1;
  int headline_bottom_ = -1;
};

/// Which drawing belongs to which prediction.
struct Draw {
  Pen& pen;
  const Legend& legend;

  void operator()(const Detections& found) const { pen.boxes(found); }
  void operator()(const InstanceDetections& found) const {
    pen.masks(found);
    pen.boxes(found);
  }
  void operator()(const KeyPointDetections& found) const {
    pen.key_points(found);
    pen.boxes(found);
  }
  void operator()(const ClassificationPrediction& found) const {
    one_class(found.class_id, found.confidence);
  }
  void operator()(const MultiLabelClassificationPrediction& found) const {
    for (const std::int64_t class_id : found.class_ids) {
      one_class(class_id, found.confidence);
    }
  }
  void operator()(const SemanticSegmentationResult& found) const { pen.segments(found); }
  void operator()(const DepthMap& found) const { pen.depth(found); }
  void operator()(const TextResult& found) const {
    pen.headline(ascii_of(found.text), {255, 255, 255});
  }

  void one_class(std::int64_t class_id, const std::vector<float>& confidence) const {
    const auto index = static_cast<std::size_t>(class_id);
    std::string text = class_text(legend, class_id);
    if (class_id >= 0 && index < confidence.size()) {
      text += fmt::format(" {:.2f}", confidence[index]);
    }
    pen.headline(text, class_color(class_id));
  }
};

}  // namespace

std::array<std::uint8_t, 3> class_color(std::int64_t class_id) noexcept {
  // Steps of the golden ratio: neighbours lie far apart, and no hue comes twice.
  constexpr double kStep = 0.618033988749895;
  const double turn = static_cast<double>(class_id) * kStep;
  const double hue = (turn - std::floor(turn)) * 6;
  // Three rings of brightness tell hues apart that are near each other.
  constexpr std::array<double, 3> kValues = {1.0, 0.75, 0.9};
  constexpr std::array<double, 3> kSaturations = {0.8, 0.9, 0.5};
  const auto ring = static_cast<std::size_t>(((class_id % 3) + 3) % 3);
  const double value = kValues[ring];
  const auto channel = [&](double at) {
    const double k = std::fmod(at + hue, 6.0);
    const double ramp = std::clamp(std::min(k, 4 - k), 0.0, 1.0);
    return static_cast<std::uint8_t>(std::lround(255 * value * (1 - kSaturations[ring] * ramp)));
  };
  return {channel(1), channel(3), channel(5)};
}

cv::Mat annotated(const Image& picture, const Prediction& prediction, const Legend& legend) {
  const ImageSize size = picture.size();
  cv::Mat page(static_cast<int>(size.height), static_cast<int>(size.width), CV_8UC3);
  std::memcpy(page.data, picture.pixels().data(), page.total() * page.elemSize());
  Pen pen(page, legend);
  std::visit(Draw{pen, legend}, prediction);
  return page;
}

}  // namespace replayrt::cli
