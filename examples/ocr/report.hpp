#pragma once

#include <filesystem>
#include <iosfwd>
#include <memory>
#include <opencv2/core.hpp>
#include <span>
#include <string>
#include <vector>

#include "ocr_pipeline.hpp"
#include "text_line.hpp"

namespace ocr {

/// What came of one picture.
struct PictureReport {
  std::filesystem::path file;
  std::string error;  ///< Empty if the picture was read.
  cv::Size size;
  std::vector<TextLine> lines;
  std::vector<double> milliseconds;  ///< One per reading.

  [[nodiscard]] bool ok() const { return error.empty(); }
};

/// How the calls were served, and what the cache and the process hold.
struct Summary {
  struct Model {
    std::string name;
    CallCounts counts;
  };
  std::vector<Model> models;
  bool has_cache = false;
  replayrt::GraphCacheStats cache;
  std::int64_t memory_bytes = 0;       ///< Of the whole process, now.
  std::int64_t peak_memory_bytes = 0;  ///< The most that it ever was.
};

Summary summarize(const OcrPipeline& pipeline, const replayrt::GraphCache* cache);

/// One line of text per line: confidence, box, text.
void print_picture(std::ostream& out, const PictureReport& picture);
void print_summary(std::ostream& out, std::span<const PictureReport> pictures,
                   const Summary& summary);

/// All of it, as one JSON document.
std::string to_json(std::span<const PictureReport> pictures, const Summary& summary);

/// The shapes as `replayrt bench --trace` reads them: one per line.
std::string to_trace(std::span<const replayrt::Shape> shapes);

}  // namespace ocr
