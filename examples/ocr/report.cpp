#include "report.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iomanip>
#include <nlohmann/json.hpp>
#include <numeric>
#include <ostream>

namespace ocr {
namespace {

using nlohmann::ordered_json;

double milliseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

double mebibytes(std::int64_t bytes) {
  return static_cast<double>(bytes) / (1024.0 * 1024.0);
}

std::int64_t resident_bytes() {
  std::ifstream stream("/proc/self/statm");
  std::int64_t total = 0;
  std::int64_t resident = 0;
  stream >> total >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

std::int64_t peak_resident_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return std::int64_t{usage.ru_maxrss} * 1024;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

ordered_json lines_json(std::span<const TextLine> lines) {
  ordered_json array = ordered_json::array();
  for (const TextLine& line : lines) {
    ordered_json box = ordered_json::array();
    for (const cv::Point2f& corner : line.box) {
      box.push_back({corner.x, corner.y});
    }
    array.push_back({{"text", line.text}, {"confidence", line.confidence}, {"box", box}});
  }
  return array;
}

ordered_json picture_json(const PictureReport& picture) {
  if (!picture.ok()) {
    return {{"file", picture.file.string()}, {"error", picture.error}};
  }
  return {{"file", picture.file.string()},
          {"width", picture.size.width},
          {"height", picture.size.height},
          {"milliseconds", picture.milliseconds},
          {"lines", lines_json(picture.lines)}};
}

ordered_json cache_json(const replayrt::GraphCacheStats& cache) {
  return {{"capacity", cache.capacity},
          {"max_bytes", cache.max_bytes},
          {"size", cache.size},
          {"bytes", cache.bytes},
          {"peak_bytes", cache.peak_bytes},
          {"shared_bytes", cache.shared_bytes},
          {"hits", cache.hits},
          {"misses", cache.misses},
          {"captures", cache.captures},
          {"capture_failures", cache.capture_failures},
          {"evictions", cache.evictions},
          {"capture_ms_total", milliseconds(cache.capture_time_total)},
          {"capture_ms_median", milliseconds(cache.capture_time_median)}};
}

void print_times(std::ostream& out, std::span<const PictureReport> pictures) {
  double first = 0.0;
  double later = 0.0;
  std::size_t readings = 0;
  for (const PictureReport& picture : pictures) {
    if (picture.ok()) {
      first += picture.milliseconds.front();
      readings = picture.milliseconds.size();
    }
    if (picture.ok() && readings > 1) {
      later += median({picture.milliseconds.begin() + 1, picture.milliseconds.end()});
    }
  }
  out << "time        first reading " << first << " ms";
  if (readings > 1) {
    out << ", later ones " << later << " ms (sum over the pictures of the median of "
        << readings - 1 << ")";
  }
  out << '\n';
}

/// "over_budget 3, no_cache 1"
std::string reasons_text(const std::map<replayrt::Reason, std::uint64_t>& reasons) {
  std::string text;
  for (const auto& [reason, count] : reasons) {
    text += text.empty() ? "" : ", ";
    text += std::string(replayrt::to_string(reason)) + " " + std::to_string(count);
  }
  return text;
}

ordered_json reasons_json(const std::map<replayrt::Reason, std::uint64_t>& reasons) {
  ordered_json object = ordered_json::object();
  for (const auto& [reason, count] : reasons) {
    object[std::string(replayrt::to_string(reason))] = count;
  }
  return object;
}

void print_cache(std::ostream& out, const Summary& summary) {
  const replayrt::GraphCacheStats& cache = summary.cache;
  if (!summary.has_cache) {
    out << "cache       none\n";
    return;
  }
  out << "captures    " << cache.captures << " in " << milliseconds(cache.capture_time_total)
      << " ms (median " << milliseconds(cache.capture_time_median) << " ms), "
      << cache.capture_failures << " refused or failed, " << cache.evictions << " evicted\n"
      << "cache       " << cache.size << " graphs of at most " << cache.capacity << ", "
      << mebibytes(cache.bytes) << " MiB of at most ";
  if (cache.max_bytes == replayrt::GraphCacheOptions::kUnbounded) {
    out << "any size\n";
  } else {
    out << mebibytes(cache.max_bytes) << " MiB\n";
  }
}

}  // namespace

Summary summarize(const OcrPipeline& pipeline, const replayrt::GraphCache* cache) {
  Summary summary;
  summary.models = {{"det", pipeline.detection().counts()},
                    {"cls", pipeline.direction().counts()},
                    {"rec", pipeline.recognition().counts()}};
  if (cache != nullptr) {
    summary.has_cache = true;
    summary.cache = cache->stats();
  }
  summary.memory_bytes = resident_bytes();
  summary.peak_memory_bytes = peak_resident_bytes();
  return summary;
}

void print_picture(std::ostream& out, const PictureReport& picture) {
  out << picture.file.string() << ": " << picture.size.width << " x " << picture.size.height << ", "
      << picture.lines.size() << (picture.lines.size() == 1 ? " line\n" : " lines\n");
  out << std::fixed << std::setprecision(3);
  for (const TextLine& line : picture.lines) {
    out << "  " << line.confidence << "  [" << std::setprecision(0);
    for (std::size_t i = 0; i < line.box.size(); ++i) {
      out << (i == 0 ? "" : " ") << line.box[i].x << ',' << line.box[i].y;
    }
    out << std::setprecision(3) << "]  " << line.text << '\n';
  }
}

void print_summary(std::ostream& out, std::span<const PictureReport> pictures,
                   const Summary& summary) {
  out << std::fixed << std::setprecision(1)
      << "\nmodel    calls    eager captured replayed        ms\n";
  CallCounts total;
  const auto print_row = [&](const std::string& name, const CallCounts& counts) {
    out << std::left << std::setw(5) << name << std::right << std::setw(9) << counts.calls()
        << std::setw(9) << counts.eager << std::setw(9) << counts.captured << std::setw(9)
        << counts.replayed << std::setw(10) << milliseconds(counts.time) << '\n';
  };
  for (const Summary::Model& model : summary.models) {
    print_row(model.name, model.counts);
    total.eager += model.counts.eager;
    total.captured += model.counts.captured;
    total.replayed += model.counts.replayed;
    for (const auto& [reason, count] : model.counts.eager_reasons) {
      total.eager_reasons[reason] += count;
    }
    total.time += model.counts.time;
  }
  print_row("all", total);
  if (total.eager > 0) {
    out << "eager       " << reasons_text(total.eager_reasons) << '\n';
  }
  print_times(out, pictures);
  print_cache(out, summary);
  out << "memory      " << mebibytes(summary.memory_bytes) << " MiB, at most "
      << mebibytes(summary.peak_memory_bytes) << " MiB\n";
}

std::string to_json(std::span<const PictureReport> pictures, const Summary& summary) {
  ordered_json document;
  document["pictures"] = ordered_json::array();
  for (const PictureReport& picture : pictures) {
    document["pictures"].push_back(picture_json(picture));
  }
  for (const auto& [name, counts] : summary.models) {
    document["models"][name] = {{"calls", counts.calls()},
                                {"eager", counts.eager},
                                {"eager_reasons", reasons_json(counts.eager_reasons)},
                                {"captured", counts.captured},
                                {"replayed", counts.replayed},
                                {"milliseconds", milliseconds(counts.time)}};
  }
  document["cache"] = summary.has_cache ? cache_json(summary.cache) : ordered_json();
  document["memory"] = {{"bytes", summary.memory_bytes}, {"peak_bytes", summary.peak_memory_bytes}};
  // File names need not be UTF-8.
  return document.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::string to_trace(std::span<const replayrt::Shape> shapes) {
  std::string trace;
  for (const replayrt::Shape& shape : shapes) {
    trace += shape.to_string() + "\n";
  }
  return trace;
}

}  // namespace ocr
