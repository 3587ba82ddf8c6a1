#include "draw.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ocr {
namespace {

constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX;
const cv::Scalar kInk(30, 30, 30);

/// Small pictures are enlarged, so that text has the pixels that it needs.
int enlargement(cv::Size size) {
  constexpr int kGoodWidth = 800;
  return std::clamp(kGoodWidth / std::max(size.width, 1), 1, 3);
}

cv::Scalar colour_of(std::size_t index) {
  static const std::array<cv::Scalar, 6> kColours{
      cv::Scalar(60, 60, 220),  cv::Scalar(40, 150, 40),  cv::Scalar(220, 90, 30),
      cv::Scalar(180, 40, 160), cv::Scalar(20, 130, 220), cv::Scalar(150, 130, 20)};
  return kColours[index % kColours.size()];
}

std::string_view look_alike(std::string_view character) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kTable{{
      {"‘", "'"},
      {"’", "'"},
      {"“", "\""},
      {"”", "\""},
      {"–", "-"},
      {"—", "-"},
      {"…", "..."},
      {"，", ","},
      {"：", ":"},
      {"　", " "},
  }};
  const auto* found = std::find_if(kTable.begin(), kTable.end(),
                                   [&](const auto& entry) { return entry.first == character; });
  return found == kTable.end() ? "?" : found->second;
}

std::size_t utf8_length(unsigned char first) {
  if (first < 0xC0) {
    return 1;
  }
  return first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

std::string to_ascii(std::string_view text) {
  std::string ascii;
  while (!text.empty()) {
    const std::size_t length =
        std::min(utf8_length(static_cast<unsigned char>(text.front())), text.size());
    ascii += length == 1 ? text.substr(0, 1) : look_alike(text.substr(0, length));
    text.remove_prefix(length);
  }
  return ascii;
}

double side(cv::Point a, cv::Point b) {
  return std::hypot(b.x - a.x, b.y - a.y);
}

/// As large as fits into the box.
void draw_text(cv::Mat& page, const std::vector<cv::Point>& box, const std::string& text) {
  constexpr double kFill =
      0.62;  // Of the height of the box: below the baseline there are descenders.
  int baseline = 0;
  const cv::Size unit = cv::getTextSize(text, kFont, 1.0, 1, &baseline);
  const double width = std::max(side(box[0], box[1]), side(box[1], box[2]));
  const double height = std::min(side(box[0], box[3]), side(box[0], box[1]));
  const double scale =
      std::min(kFill * height / std::max(unit.height, 1), width / std::max(unit.width, 1));
  const int thickness = std::max(1, static_cast<int>(scale * 1.6));
  const cv::Rect around = cv::boundingRect(box);
  const int text_height = static_cast<int>(unit.height * scale);
  const int base = (box[0].y + box[1].y + box[2].y + box[3].y) / 4 + text_height / 2;
  cv::putText(page, text, cv::Point(around.x + 1, base), kFont, scale, kInk, thickness,
              cv::LINE_AA);
}

}  // namespace

cv::Mat draw_lines(const cv::Mat& bgr, std::span<const TextLine> lines) {
  const int factor = enlargement(bgr.size());
  cv::Mat left;
  cv::resize(bgr, left, cv::Size(), factor, factor, cv::INTER_CUBIC);
  cv::Mat right(left.size(), left.type(), cv::Scalar::all(255));
  cv::Mat tint = left.clone();
  std::vector<std::vector<cv::Point>> boxes;
  for (const TextLine& line : lines) {
    std::vector<cv::Point>& box = boxes.emplace_back();
    for (const cv::Point2f& corner : line.box) {
      box.emplace_back(cv::Point(corner * static_cast<float>(factor)));
    }
    cv::fillPoly(tint, box, colour_of(boxes.size()));
  }
  constexpr double kTint = 0.25;
  cv::addWeighted(tint, kTint, left, 1.0 - kTint, 0.0, left);
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    cv::polylines(left, boxes[i], true, colour_of(i + 1), 2, cv::LINE_AA);
    cv::polylines(right, boxes[i], true, colour_of(i + 1), 1, cv::LINE_AA);
    draw_text(right, boxes[i], to_ascii(lines[i].text));
  }
  cv::Mat both;
  cv::hconcat(left, right, both);
  return both;
}

}  // namespace ocr
