#include <algorithm>
#include <chrono>
#include <exception>
#include <iostream>
#include <map>
#include <memory>
#include <vector>

#include "draw.hpp"
#include "files.hpp"
#include "ocr_pipeline.hpp"
#include "options.hpp"
#include "report.hpp"

namespace {

namespace fs = std::filesystem;
using ocr::OcrPipeline;
using ocr::Options;
using ocr::PictureReport;

std::shared_ptr<replayrt::TRTCudaGraphCache> make_cache(const Options& options) {
  if (options.no_cache) {
    return nullptr;
  }
  replayrt::GraphCacheOptions cache;
  cache.capacity = options.capacity;
  cache.max_bytes = static_cast<std::int64_t>(options.max_bytes);
  cache.admission = options.admission;
  return std::make_shared<replayrt::TRTCudaGraphCache>(cache);
}

/// Reads a picture once more; an error ends up in the report.
void read_into(PictureReport& report, OcrPipeline& pipeline) {
  try {
    const cv::Mat picture = ocr::read_picture(report.file);
    const auto start = std::chrono::steady_clock::now();
    report.lines = pipeline.read(picture);
    const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - start;
    report.milliseconds.push_back(time.count());
    report.size = picture.size();
  } catch (const replayrt::Error& error) {
    report.error = error.what();
    // What the pipeline says about a picture does not know its name.
    if (report.error.find(report.file.string()) == std::string::npos) {
      report.error = report.file.string() + ": " + report.error;
    }
    std::cerr << "replayrt-ocr: " << report.error << '\n';
  }
}

/// Folder entries are NAME_ocr.png; of equal names from different folders the later ones are
/// numbered.
void save_drawings(const Options& options, const std::vector<PictureReport>& reports) {
  if (!options.saves_to_file()) {
    ocr::make_folder(options.save);
  }
  std::map<std::string, int> seen;
  for (const PictureReport& report : reports) {
    if (!report.ok()) {
      continue;
    }
    const cv::Mat drawing = ocr::draw_lines(ocr::read_picture(report.file), report.lines);
    std::string name = report.file.stem().string();
    if (const int count = ++seen[name]; count > 1) {
      name += "_" + std::to_string(count);
    }
    ocr::write_picture(options.saves_to_file() ? options.save : options.save / (name + "_ocr.png"),
                       drawing);
  }
}

void write_traces(const fs::path& folder, const OcrPipeline& pipeline) {
  ocr::make_folder(folder);
  ocr::write_file(folder / "det.trace", ocr::to_trace(pipeline.detection().shapes()));
  ocr::write_file(folder / "cls.trace", ocr::to_trace(pipeline.direction().shapes()));
  ocr::write_file(folder / "rec.trace", ocr::to_trace(pipeline.recognition().shapes()));
}

int run(const Options& options) {
  if (options.inference_threads > 0) {
    cv::setNumThreads(static_cast<int>(options.inference_threads));
  }
  const auto cache = make_cache(options);
  OcrPipeline pipeline(options.models,
                       {.cache = cache, .inference_threads = options.inference_threads});
  std::vector<PictureReport> reports;
  for (const fs::path& file : options.pictures) {
    PictureReport& report = reports.emplace_back();
    report.file = file;
    read_into(report, pipeline);
  }
  const auto failed =
      std::count_if(reports.begin(), reports.end(), [](const PictureReport& r) { return !r.ok(); });
  const bool any_read = failed < static_cast<std::ptrdiff_t>(reports.size());
  if (any_read && !options.trace_out.empty()) {
    write_traces(options.trace_out, pipeline);
  }
  for (std::int64_t round = 1; round < options.repeat; ++round) {
    for (PictureReport& report : reports) {
      if (report.ok()) {
        read_into(report, pipeline);
      }
    }
  }
  if (!any_read) {
    return 1;
  }

  const ocr::Summary summary = ocr::summarize(pipeline, cache.get());
  if (options.json != "-") {
    for (const PictureReport& report : reports) {
      if (report.ok()) {
        ocr::print_picture(std::cout, report);
      }
    }
    ocr::print_summary(std::cout, reports, summary);
  }
  if (!options.save.empty()) {
    save_drawings(options, reports);
  }
  if (options.json == "-") {
    std::cout << ocr::to_json(reports, summary);
  } else if (!options.json.empty()) {
    ocr::write_file(options.json, ocr::to_json(reports, summary));
  }
  return failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const ocr::ParsedOptions parsed = ocr::parse_options(argc, argv);
  if (parsed.exit_code) {
    return *parsed.exit_code;
  }
  try {
    return run(parsed.options);
  } catch (const std::exception& error) {
    std::cerr << "replayrt-ocr: " << error.what() << '\n';
    return 1;
  }
}
