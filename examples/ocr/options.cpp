#include "options.hpp"

#include <CLI/CLI.hpp>
#include <limits>

namespace ocr {
namespace {

constexpr int kUsageError = 2;

void describe(CLI::App& app, Options& options) {
  const auto max_int = std::numeric_limits<std::int64_t>::max();
  app.add_option("PICTURE", options.pictures, "Pictures to read")->required();
  app.add_option("--models", options.models,
                 "Folder with the model packages pp-ocrv6-det and pp-ocrv6-rec, and ppocr_cls.onnx")
      ->capture_default_str();
  app.add_option(
      "--json", options.json,
      "Write lines, boxes and statistics as JSON; - is standard output, in place of the text");
  app.add_option(
      "--save", options.save,
      "Draw boxes and text: a picture file (for one PICTURE), or a folder for NAME_ocr.png");
  app.add_option("--capacity", options.capacity,
                 "Most captured graphs to keep; 0 turns caching off")
      ->check(CLI::Range(std::int64_t{0}, max_int))
      ->capture_default_str();
  app.add_option("--max-bytes", options.max_bytes,
                 "Most bytes of captured graphs to keep; 512MB, 2GB, ... work too")
      ->transform(CLI::AsSizeValue(false))
      ->check(CLI::Range(std::uint64_t{0}, static_cast<std::uint64_t>(max_int)))
      ->capture_default_str();
  app.add_option_function<std::string>(
         "--admission",
         [&options](const std::string& text) {
           try {
             options.admission = replayrt::Admission::parse(text);
           } catch (const replayrt::Error& error) {
             throw CLI::ValidationError("--admission", error.what());
           }
         },
         "Which shapes are captured. always: every one, at once; sightings:N: at its N-th call; "
         "pays_back: once its eager calls have cost as much more than replays as a capture costs")
      ->default_str("always");
  app.add_flag("--no-cache", options.no_cache, "Run without a cache: nothing is captured");
  app.add_option("--repeat", options.repeat,
                 "Read every picture so many times; shows what a warm cache saves")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000}))
      ->capture_default_str();
  app.add_option("--inference-threads", options.inference_threads,
                 "Threads of one run, and of OpenCV; 0: as many as there are cores")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1024}))
      ->capture_default_str();
  app.add_option("--trace-out", options.trace_out,
                 "Folder for det.trace, cls.trace and rec.trace: the shapes of the first reading, "
                 "for `replayrt bench --trace`");
}

/// What CLI11's own checks cannot see.
void check_together(const Options& options) {
  if (options.saves_to_file() && options.pictures.size() != 1) {
    throw CLI::ValidationError("--save", "'" + options.save.string() +
                                             "' is one picture file, but there are " +
                                             std::to_string(options.pictures.size()) +
                                             " pictures to read; expected a folder");
  }
}

}  // namespace

ParsedOptions parse_options(int argc, char** argv) {
  ParsedOptions parsed;
  CLI::App app(
      "Reads the text in pictures: PP-OCRv6 detection, direction classifier and PP-OCRv6 "
      "recognition on\n"
      "ReplayRT, sharing one cache of captured graphs. Exit codes: 0 ok, 1 a picture or model "
      "failed, 2 usage.",
      "replayrt-ocr");
  describe(app, parsed.options);
  try {
    app.parse(argc, argv);
    check_together(parsed.options);
  } catch (const CLI::ParseError& error) {
    parsed.exit_code = app.exit(error) == 0 ? 0 : kUsageError;
  }
  return parsed;
}

}  // namespace ocr
