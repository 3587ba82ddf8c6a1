#include "annotate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <functional>
#include <iterator>
#include <map>
#include <numeric>
#include <opencv2/imgproc.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "label_places.hpp"
#include "tint.hpp"

namespace replayrt::cli {
namespace {

constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX;
constexpr double kLeastLetterScale = 0.35;
constexpr std::size_t kMostNamedSegments = 8;
constexpr float kLeastKeyPointConfidence = 0.0F;  // Points that were not found have this one.

using Color = std::array<std::uint8_t, 3>;
using Edges = std::vector<std::vector<cv::Point>>;

cv::Scalar scalar_of(const Color& bgr) {
  return {static_cast<double>(bgr[0]), static_cast<double>(bgr[1]), static_cast<double>(bgr[2])};
}

/// Black or white, whichever has more contrast by WCAG 2 (W3C, "relative luminance").
cv::Scalar ink_on(const Color& bgr) {
  const auto linear = [](std::uint8_t channel) {
    const double part = channel / 255.0;
    return part <= 0.03928 ? part / 12.92 : std::pow((part + 0.055) / 1.055, 2.4);
  };
  const double luminance =
      0.0722 * linear(bgr[0]) + 0.7152 * linear(bgr[1]) + 0.2126 * linear(bgr[2]);
  constexpr double kEqualContrast = 0.179;  // (1.05 / (x + 0.05)) == ((x + 0.05) / 0.05).
  return cv::Scalar::all(luminance > kEqualContrast ? 0 : 255);
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

/// By how much a picture is enlarged: at least `width` by `height`, but no side beyond what it may
/// be.
int enlargement(const cv::Mat& picture, int width, int height) {
  constexpr int kMostSide = 4096;
  const auto times = [](int wanted, int side) { return (wanted + side - 1) / side; };
  const int most = std::max(1, kMostSide / std::max(picture.cols, picture.rows));
  return std::clamp(std::max(times(width, picture.cols), times(height, picture.rows)), 1, most);
}

/// Positions, the most confident first.
std::vector<std::size_t> by_confidence(const Detections& found) {
  std::vector<std::size_t> order(found.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto confidence = [&](std::size_t i) {
    return std::isnan(found.confidence[i]) ? -1.0F : found.confidence[i];
  };
  std::ranges::stable_sort(order, std::ranges::greater{}, confidence);
  return order;
}

/// Draws on one picture, at the size that suits it.
class Pen {
 public:
  Pen(cv::Mat& page, const Legend& legend) : page_(page), legend_(legend) { suit(); }

  /// Pixels come first: they are those of the picture itself.
  void masks(const InstanceDetections& found) {
    std::vector<std::size_t> order = by_confidence(found);
    std::ranges::reverse(order);
    for (const std::size_t i : order) {
      const Color color = class_color(found.class_id[i]);
      edges_.emplace_back(tint_mask(page_, found.mask[i], color), color);
    }
  }

  /// Then the picture is made large enough for letters.
  void enlarge(int width = kLeastWidth) {
    zoom_ = enlargement(page_, width, kLeastHeight);
    if (zoom_ > 1) {
      cv::Mat larger;
      cv::resize(page_, larger, {}, zoom_, zoom_, cv::INTER_NEAREST);
      page_ = larger;
      suit();
    }
  }

  void boxes(const Detections& found) {
    for (const auto& [edges, color] : edges_) {
      outline(edges, color, cv::LINE_8);
    }
    for (std::size_t i = 0; i < found.size(); ++i) {
      const Color color = class_color(found.class_id[i]);
      if (i < found.polygon.size()) {
        std::vector<cv::Point> corners;
        for (const auto& [x, y] : found.polygon[i]) {
          corners.emplace_back(x, y);
        }
        outline({corners}, color, cv::LINE_AA);
        continue;
      }
      const cv::Rect box = box_of(found, i);
      cv::rectangle(page_, box.tl(), box.br(), scalar_of(color), line_);
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
          const cv::Point at = middle_of({point.x, point.y});
          const int radius = 2 * line_ + 1;
          cv::circle(page_, at, radius, cv::Scalar::all(255), cv::FILLED, cv::LINE_AA);
          cv::circle(page_, at, radius, color, line_, cv::LINE_AA);
        }
      }
    }
  }

  /// After all lines, so that none crosses a label.
  void labels(const Detections& found) {
    LabelPlaces places(page_.size());
    const bool are_regions = !found.polygon.empty();
    for (std::size_t i = 0; are_regions && i < found.size(); ++i) {
      places.take(box_of(found, i));  // Its text is to be read.
    }
    std::vector<Label> placed;
    std::vector<Label> crowded;
    for (const std::size_t i : by_confidence(found)) {
      const std::string name = are_regions ? "" : class_text(legend_, found.class_id[i]) + " ";
      Label label{
          fmt::format("{}{:.2f}", name, found.confidence[i]), class_color(found.class_id[i]), {}};
      const cv::Size field = field_of(label.text, letter_scale_);
      const cv::Rect box = box_of(found, i);
      const auto corners = are_regions ? beside(box, field) : around(box, field);
      const auto place = places.find(field, corners);
      label.place = place.value_or(places.on_page(field, corners.front()));
      (place ? placed : crowded).push_back(std::move(label));
    }
    for (std::size_t i = are_regions ? 0 : crowded.size(); i > 0; --i) {
      write(crowded[i - 1]);
    }
    std::ranges::for_each(placed, [&](const Label& label) { write(label); });
  }

  void segments(const SemanticSegmentationResult& found) {
    std::map<std::int64_t, std::size_t> pixels;
    for (const std::int64_t id : found.segmentation_map) {
      pixels[id] += id != legend_.background ? 1 : 0;
    }
    std::vector<std::pair<std::size_t, std::int64_t>> largest;
    largest.reserve(pixels.size());
    for (const auto& [id, count] : pixels) {
      largest.emplace_back(count, id);
    }
    std::ranges::sort(largest, std::greater<>());
    largest.resize(std::min(largest.size(), kMostNamedSegments));
    const auto all = static_cast<double>(found.segmentation_map.size());
    for (const auto& [count, id] : largest) {
      if (count > 0) {
        const double percent = 100.0 * static_cast<double>(count) / all;
        headline(fmt::format("{} {:.1f} %", class_text(legend_, id), percent), class_color(id));
      }
    }
  }

  /// Lines of text in the upper left corner, each in a field of its colour.
  void headline(const std::string& text, const Color& color) {
    const cv::Rect field({0, headline_bottom_}, field_of(text, letter_scale_));
    write({text, color, field});
    headline_bottom_ = field.br().y;
  }

  /// A line of text in a white band above the picture, as wide as fits.
  void caption(const std::string& text) {
    enlarge(std::max(kLeastWidth, field_of(text, kLeastLetterScale).width));
    while (letter_scale_ > kLeastLetterScale && field_of(text, letter_scale_).width > page_.cols) {
      letter_scale_ = std::max(kLeastLetterScale, letter_scale_ * 0.9);
    }
    const int band = field_of(text, letter_scale_).height;
    cv::copyMakeBorder(page_, page_, band, 0, 0, 0, cv::BORDER_CONSTANT, cv::Scalar::all(255));
    headline(text, {255, 255, 255});
  }

 private:
  struct Label {
    std::string text;
    Color color;
    cv::Rect place;
  };

  // So that a short name and its confidence fit.
  static constexpr int kLeastWidth = 96;
  static constexpr int kLeastHeight = 48;

  void suit() {
    const double side = std::sqrt(static_cast<double>(page_.rows) * page_.cols);
    line_ = std::max(1, static_cast<int>(std::lround(side / 320)));
    letter_scale_ = std::clamp(side / 1100, kLeastLetterScale, 4.0);
  }

  [[nodiscard]] static int letter_line(double scale) {
    return std::max(1, static_cast<int>(std::lround(scale * 1.6)));
  }

  /// The middle of a pixel of the picture; what is far outside of it stays outside.
  [[nodiscard]] cv::Point middle_of(cv::Point pixel) const {
    constexpr std::int64_t kFar = 1 << 28;
    const auto on_page = [&](std::int64_t at) {
      return static_cast<int>(std::clamp(at * zoom_ + zoom_ / 2, -kFar, kFar));
    };
    return {on_page(pixel.x), on_page(pixel.y)};
  }

  /// Its corners are pixels of the page; the line around it lies on the page, too.
  [[nodiscard]] cv::Rect box_of(const Detections& found, std::size_t index) const {
    const auto on_page = [&](std::int64_t side, int end) {
      const int inset = std::min(line_ / 2, (end - 1) / 2);
      return static_cast<int>(std::clamp<std::int64_t>(side, inset, end - 1 - inset));
    };
    const std::int64_t last = zoom_ - 1;
    const auto& [left, top, right, bottom] = found.xyxy[index];
    return {cv::Point(on_page(std::int64_t{left} * zoom_, page_.cols),
                      on_page(std::int64_t{top} * zoom_, page_.rows)),
            cv::Point(on_page(std::int64_t{right} * zoom_ + last, page_.cols),
                      on_page(std::int64_t{bottom} * zoom_ + last, page_.rows))};
  }

  void outline(const Edges& edges, const Color& color, cv::LineTypes type) {
    for (const std::vector<cv::Point>& edge : edges) {
      std::vector<cv::Point> points;
      std::ranges::transform(edge, std::back_inserter(points),
                             [&](const cv::Point& pixel) { return middle_of(pixel); });
      cv::polylines(page_, points, true, scalar_of(color), line_, type);
    }
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
      cv::line(page_, middle_of({a.x, a.y}), middle_of({b.x, b.y}), color, line_, cv::LINE_AA);
    }
  }

  [[nodiscard]] static cv::Size field_of(const std::string& text, double scale) {
    int descent = 0;
    const cv::Size letters = cv::getTextSize(text, kFont, scale, letter_line(scale), &descent);
    const int margin = letter_line(scale) + 1;
    return {letters.width + 2 * margin, letters.height + descent + 2 * margin};
  }

  /// Above a box or, if there is no room, within it; else at its other corners.
  [[nodiscard]] static std::vector<cv::Point> around(const cv::Rect& box, cv::Size field) {
    const int left = box.x;
    const int right = box.br().x + 1 - field.width;
    const int above = box.y >= field.height ? box.y - field.height : box.y;
    const int bottom = box.br().y + 1;
    return {{left, above},   {left, box.y},
            {right, above},  {right, box.y},
            {left, bottom},  {left, bottom - field.height},
            {right, bottom}, {right, bottom - field.height}};
  }

  /// At an end of a line of text, or between it and the next.
  [[nodiscard]] static std::vector<cv::Point> beside(const cv::Rect& box, cv::Size field) {
    const int middle = box.y + (box.height - field.height) / 2;
    return {{box.br().x + 2, middle},
            {box.x - field.width - 1, middle},
            {box.x, box.y - field.height},
            {box.br().x - field.width, box.y - field.height},
            {box.x, box.br().y + 1}};
  }

  void write(const Label& label) {
    const int line = letter_line(letter_scale_);
    const int margin = line + 1;
    int descent = 0;
    const cv::Size letters = cv::getTextSize(label.text, kFont, letter_scale_, line, &descent);
    cv::rectangle(page_, label.place, scalar_of(label.color), cv::FILLED);
    cv::putText(page_, label.text, label.place.tl() + cv::Point(margin, margin + letters.height),
                kFont, letter_scale_, ink_on(label.color), line, cv::LINE_AA);
  }

  cv::Mat& page_;
  const Legend& legend_;
  std::vector<std::pair<Edges, Color>> edges_;  ///< Of masks, in pixels of the picture.
  int zoom_ = 1;
  int line_ = 1;
  double letter_scale_ = 1;
  int headline_bottom_ = 0;
};

/// Which drawing belongs to which prediction.
struct Draw {
  cv::Mat& page;
  const Legend& legend;
  Pen pen{page, legend};

  void operator()(const Detections& found) {
    pen.enlarge();
    pen.boxes(found);
    pen.labels(found);
  }
  void operator()(const InstanceDetections& found) {
    pen.masks(found);
    (*this)(static_cast<const Detections&>(found));
  }
  void operator()(const KeyPointDetections& found) {
    pen.enlarge();
    pen.boxes(found);
    pen.key_points(found);
    pen.labels(found);
  }
  void operator()(const ClassificationPrediction& found) {
    pen.enlarge();
    one_class(found.class_id, found.confidence);
  }
  void operator()(const MultiLabelClassificationPrediction& found) {
    pen.enlarge();
    for (const std::int64_t class_id : found.class_ids) {
      one_class(class_id, found.confidence);
    }
  }
  void operator()(const SemanticSegmentationResult& found) {
    if (found.size == ImageSize{page.rows, page.cols}) {
      tint_segments(page, found, legend.background);
      pen.enlarge();
      pen.segments(found);
    }
  }
  void operator()(const DepthMap& found) const { color_depth(page, found); }
  void operator()(const TextResult& found) {
    pen.caption(fmt::format("{} {:.2f}", ascii_of(found.text), found.confidence));
  }

  void one_class(std::int64_t class_id, const std::vector<float>& confidence) {
    const auto index = static_cast<std::size_t>(class_id);
    std::string text = class_text(legend, class_id);
    if (class_id >= 0 && index < confidence.size()) {
      text += fmt::format(" {:.2f}", confidence[index]);
    }
    pen.headline(text, class_color(class_id));
  }
};

}  // namespace

cv::Mat annotated(const Image& picture, const Prediction& prediction, const Legend& legend) {
  const ImageSize size = picture.size();
  cv::Mat page(static_cast<int>(size.height), static_cast<int>(size.width), CV_8UC3);
  std::memcpy(page.data, picture.pixels().data(), page.total() * page.elemSize());
  std::visit(Draw{page, legend}, prediction);
  return page;
}

}  // namespace replayrt::cli
