#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "doctor_advice.hpp"
#include "doctor_text.hpp"

namespace replayrt::cli {

inline constexpr std::int64_t kMiB = 1 << 20;

/// 1x3x48xW, whose replays take `ratio` of its eager time of 10 ms per 100 columns.
inline ShapeFigures line(std::int64_t width, double ratio = 0.8) {
  const Shape shape{1, 3, 48, width};
  ShapeFigures figures;
  figures.name = shape.to_string();
  figures.shapes = {shape};
  figures.eager.assign(5, 1e-4 * static_cast<double>(width));
  figures.replay.assign(5, ratio * figures.eager[0]);
  figures.capture = 0.1 + figures.eager[0];  // A price of 0.1 s.
  figures.bytes = 20 * kMiB;
  return figures;
}

inline ShapeFigures refused(std::int64_t width, Reason reason, std::string message = "because") {
  ShapeFigures figures = line(width);
  figures.replay.clear();
  figures.refusal = Refusal{reason, std::move(message)};
  return figures;
}

/// A trace with so many calls of each shape, in turn.
inline DoctorFigures trace_of(std::vector<ShapeFigures> shapes, std::vector<std::int64_t> counts) {
  DoctorFigures figures;
  figures.shapes = std::move(shapes);
  figures.has_trace = true;
  figures.dimensions = {{0, 3, "x"}};
  for (bool any = true; any;) {
    any = false;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      if (counts[i]-- > 0) {
        figures.calls.push_back(i);
        any = true;
      }
    }
  }
  return figures;
}

inline DoctorFigures untraced(std::vector<ShapeFigures> shapes) {
  DoctorFigures figures = trace_of(shapes, std::vector<std::int64_t>(shapes.size(), 1));
  figures.has_trace = false;
  return figures;
}

inline std::string words_of(const DoctorFigures& figures) {
  DoctorFacts facts;
  facts.source = figures.has_trace ? "trace.txt" : "";
  std::string text = doctor_text(facts, figures, advise(figures));
  std::istringstream lines(text);
  for (std::string one; std::getline(lines, one);) {
    EXPECT_LE(one.size(), 100U) << one;
  }
  // Where a line ends is not what these tests are about.
  std::ranges::replace(text, '\n', ' ');
  for (std::size_t at = text.find("   "); at != std::string::npos; at = text.find("   ")) {
    text.erase(at, 1);
  }
  return text;
}

}  // namespace replayrt::cli
