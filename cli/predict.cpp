#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "annotate.hpp"
#include "coco.hpp"
#include "command.hpp"
#include "error.hpp"
#include "files.hpp"
#include "flags.hpp"
#include "frames.hpp"
#include "json_lines.hpp"
#include "map_folder.hpp"
#include "picture_folder.hpp"
#include "predict_params.hpp"
#include "progress.hpp"
#include "replayrt/auto_model.hpp"
#include "replayrt/core/log.hpp"
#include "text.hpp"

namespace replayrt::cli {
namespace {

constexpr std::int64_t kDefaultCapacity = 8;
constexpr std::int64_t kMostPerBatch = 4096;

constexpr const char* kPredictFooter =
    R"(PACKAGE is a folder with a model and how it is used (`replayrt inspect PACKAGE` tells all of it).
IMAGE is a picture, a folder (its pictures, by name) or a video (frames are called clip.mp4#0, ...).
Results are lines of JSON, one per picture in their order.

Parameters (--param NAME=VALUE; what is not given is as the model's family has it):
)";

constexpr const char* kExamples =
    R"(
Examples:
  replayrt predict package/ street.jpg
  replayrt predict package/ pictures/ --json found.jsonl --save drawn/
  replayrt predict package/ pictures/ --json found.jsonl --coco found.json
  replayrt predict package/ clip.mp4 --batch 4 --param confidence=0.5 --param max_detections=20)";

struct PredictCommand {
  std::filesystem::path package;
  std::vector<std::filesystem::path> images;
  std::filesystem::path json;
  std::filesystem::path save;
  std::filesystem::path maps;
  std::filesystem::path coco;
  PredictParams params;
  LoadOptions load;
  CacheFlags cache;
  std::int64_t batch = 1;
  bool reference_compatible = false;
  bool keep_going = false;
};

/// Runs `call`; an option that the library refuses is a wrong command line.
template <class Call>
auto with_usage_errors(const Call& call) {
  try {
    return call();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kInvalidParameter) {
      throw UsageError(error.what());
    }
    throw;
  }
}

Model load_model(const PredictCommand& options, const std::shared_ptr<GraphCache>& cache) {
  AutoModelOptions model_options;
  model_options.backend = options.load.backend;
  model_options.device = options.load.device;
  model_options.precision = options.load.precision;
  model_options.inference_threads = options.load.inference_threads;
  model_options.cuda_graph_cache = cache;
  model_options.reference_compatible = options.reference_compatible;
  return with_usage_errors(
      [&] { return AutoModel::from_pretrained(options.package, model_options); });
}

/// Unlike in `run`, the backend says which graphs are worth their capture.
std::shared_ptr<GraphCache> make_cache(const CacheFlags& flags) {
  GraphCacheOptions options;
  options.capacity = flags.capacity.value_or(kDefaultCapacity);
  options.max_bytes = flags.max_bytes;
  return std::make_shared<GraphCache>(options);
}

void log_model(const PredictCommand& options, const Model& model) {
  const Engine& engine = model.engine();
  log(LogLevel::kInfo, fmt::format("{}: {}, {} on {}, precision {}, threads {}",
                                   options.package.string(), to_string(model.task()),
                                   backend_text(engine.backend_name()), engine.device().to_string(),
                                   precision_text(engine, {options.package, options.load}),
                                   options.load.inference_threads == 0
                                       ? "as many as cores"
                                       : fmt::format("{}", options.load.inference_threads)));
}

void log_cache(const GraphCacheStats& stats) {
  const std::string limit = stats.max_bytes == GraphCacheOptions::kUnbounded
                                ? "no limit"
                                : byte_size_text(stats.max_bytes);
  log(LogLevel::kInfo,
      fmt::format("graph cache: {} calls: {} eager, {} captured, {} replayed; holds {} of {} "
                  "graphs, {} ({})",
                  stats.calls, stats.eager, stats.captured, stats.replayed, stats.size,
                  stats.capacity, byte_size_text(stats.bytes), limit));
}

/// Spaced as `to_json` does.
std::string error_line(const NamedPicture& picture) {
  const auto quoted = [](const std::string& text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  };
  return fmt::format("{{\"image\": {}, \"error\": {}}}", quoted(picture.name),
                     quoted(picture.error->what()));
}

/// Takes pictures through the model and its answers to where they are wanted.
class Predictor {
 public:
  Predictor(const PredictCommand& options, const Model& model, PictureSource& source)
      : options_(options),
        model_(model),
        source_(source),
        folder_(options.save),
        maps_(options.maps, model.class_names().size()) {}

  /// Throws what the first bad picture is; with --keep-going such a picture becomes a line that
  /// says why.
  /// `coco` is given what is found, too, unless it is null.
  void run(JsonLines& lines, CocoWriter* coco) {
    coco_ = coco;
    if (!options_.save.empty()) {
      folder_.make();
    }
    if (!options_.maps.empty()) {
      maps_.make();
    }
    std::optional<ProgressBar> bar;
    while (read_batch()) {
      if (!bar && source_.expected_pictures() > 1) {
        expected_ = source_.expected_pictures();
        bar.emplace("predicting", expected_);
      }
      predict_batch();
      for (std::size_t i = 0; i < batch_.size(); ++i) {
        put(batch_[i], predictions_[i], lines);
        if (bar && done_ < expected_) {  // A video's header may promise too few frames.
          ++done_;
          bar->advance();
        }
      }
    }
  }

  [[nodiscard]] std::int64_t pictures() const noexcept { return pictures_; }
  [[nodiscard]] std::int64_t failures() const noexcept { return failures_; }

 private:
  /// Fills batch_ with what comes next: as many good pictures as make a batch, and the bad ones
  /// between them. False at the end.
  bool read_batch() {
    batch_.clear();
    std::int64_t good = 0;
    while (options_.batch == 0 || good < options_.batch) {
      std::optional<NamedPicture> picture = source_.next();
      if (!picture) {
        break;
      }
      if (picture->error && !options_.keep_going) {
        throw Error(*picture->error);
      }
      good += picture->error ? 0 : 1;
      batch_.push_back(*std::move(picture));
    }
    return !batch_.empty();
  }

  /// Fills predictions_, one for each picture of batch_; none for a bad one.
  void predict_batch() {
    predictions_.assign(batch_.size(), std::nullopt);
    std::vector<std::size_t> good;
    for (std::size_t i = 0; i < batch_.size(); ++i) {
      if (!batch_[i].error) {
        good.push_back(i);
      }
    }
    if (good.empty()) {
      return;
    }
    try {
      predict(good);
    } catch (const Error& error) {
      if (!options_.keep_going || error.code() != ErrorCode::kModelInput) {
        throw;
      }
      for (const std::size_t index : good) {  // One by one: only the ones at fault are to fail.
        predict_alone(index);
      }
    }
  }

  void predict(const std::vector<std::size_t>& indices) {
    std::vector<ImageView> views;
    views.reserve(indices.size());
    for (const std::size_t index : indices) {
      views.push_back(batch_[index].image.view());
    }
    std::vector<Prediction> found =
        with_usage_errors([&] { return model_.predict(views, options_.params.options); });
    for (std::size_t i = 0; i < indices.size(); ++i) {
      predictions_[indices[i]] = std::move(found[i]);
    }
  }

  void predict_alone(std::size_t index) {
    try {
      predict({index});
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kModelInput) {
        throw;
      }
      batch_[index].error = error;
    }
  }

  void put(const NamedPicture& picture, const std::optional<Prediction>& prediction,
           JsonLines& lines) {
    ++pictures_;
    if (!prediction) {
      ++failures_;
      lines.write(error_line(picture));
      return;
    }
    const std::vector<std::string>& names = model_.class_names();
    if (!options_.save.empty()) {
      folder_.save(picture,
                   annotated(picture.image, *prediction,
                             {names, model_.key_points(), model_.package().background_class}));
    }
    const std::string map = options_.maps.empty() ? "" : maps_.save(picture, *prediction);
    lines.write(to_json(*prediction, {picture.name, picture.image.size(), names, map}));
    if (coco_ != nullptr) {
      coco_->add(picture.name, picture.image.size(), *prediction);
    }
  }

  const PredictCommand& options_;
  const Model& model_;
  PictureSource& source_;
  PictureFolder folder_;
  MapFolder maps_;
  CocoWriter* coco_ = nullptr;
  std::vector<NamedPicture> batch_;
  std::vector<std::optional<Prediction>> predictions_;
  std::int64_t expected_ = 0;  // What the bar counts to.
  std::int64_t done_ = 0;
  std::int64_t pictures_ = 0;
  std::int64_t failures_ = 0;
};

/// A drawing and a map may have the same name.
void require_folders_of_their_own(const PredictCommand& options) {
  const auto whole = [](const std::filesystem::path& path) {
    return std::filesystem::weakly_canonical(std::filesystem::absolute(path) / "");
  };
  if (!options.save.empty() && whole(options.save) == whole(options.maps)) {
    throw UsageError("--maps: is the folder of --save, expected another one");
  }
}

/// Throws UsageError or Error(kFileAccess) unless --coco names a file of its own, and what will be
/// found fits in it.
void require_coco(const PredictCommand& options) {
  if (options.coco.empty()) {
    return;
  }
  if (options.coco == "-") {
    throw UsageError("--coco: expected the name of a file, got '-'");
  }
  if (options.params.options.masks_resolution_factor.value_or(1) < 1) {
    throw UsageError(
        "--coco: its masks have the size of the pictures, which "
        "--param masks_resolution_factor below 1 does not give");
  }
  require_writable(options.coco);
  if (options.coco.lexically_normal() == options.json.lexically_normal()) {
    throw UsageError("--coco: expected another file than that of --json");
  }
}

void run(const PredictCommand& options) {
  // All that can be wrong is told before the model is loaded.
  PictureSource source(options.images);
  if (options.batch == 0 && source.has_video()) {
    throw UsageError("--batch: expected a whole number of at least 1 with a video, got '0'");
  }
  if (!options.json.empty() && options.json != "-") {
    require_writable(options.json);
  }
  require_coco(options);
  if (!options.save.empty()) {
    PictureFolder(options.save).require_usable(source.files());
  }
  if (!options.maps.empty()) {
    MapFolder(options.maps, 0).require_usable(source.files());
    require_folders_of_their_own(options);
  }
  const std::shared_ptr<GraphCache> cache = make_cache(options.cache);
  const Model model = load_model(options, cache);
  if (!options.maps.empty() && !gives_maps(model.task())) {
    throw UsageError(fmt::format("--maps: does not apply to {}", to_string(model.task())));
  }
  if (!options.coco.empty()) {
    require_coco_task(model.task());
  }
  log_model(options, model);

  Predictor predictor(options, model, source);
  with_json_lines(options.json, [&](JsonLines& lines) {
    if (options.coco.empty()) {
      predictor.run(lines, nullptr);
      return;
    }
    with_json_lines(options.coco, [&](JsonLines& file) {
      CocoWriter coco(file, model.class_names(), model.key_points());
      predictor.run(lines, &coco);
      coco.finish();
    });
  });
  log_cache(cache->stats());
  if (predictor.failures() > 0) {
    throw Error(ErrorCode::kModelInput, fmt::format("{} of {} pictures failed, see their \"error\"",
                                                    predictor.failures(), predictor.pictures()));
  }
}

}  // namespace

Command add_predict(CLI::App& program) {
  CLI::App* app = program.add_subcommand(
      "predict", "Run a model package on pictures, folders of pictures and videos");
  app->footer(kPredictFooter + params_help() + kExamples);
  const auto options = std::make_shared<PredictCommand>();
  app->add_option("PACKAGE", options->package, "The folder of the model package")
      ->required()
      ->type_name("");
  app->add_option("IMAGE", options->images, "Pictures, folders of pictures, videos")
      ->required()
      ->type_name("");
  app->add_option("--json", options->json,
                  "Write the lines of JSON to this file; - is standard output (default: -)")
      ->type_name("FILE");
  app->add_option("--save", options->save,
                  "Save the pictures with what was found drawn on them in this folder")
      ->type_name("DIR");
  app->add_option("--maps", options->maps,
                  "Write segmentations (PNG, the class of each pixel) and depths (.npy) in this "
                  "folder; the lines of JSON name the files")
      ->type_name("DIR");
  app->add_option("--coco", options->coco,
                  "Write what was found in all pictures to this file as one dataset of COCO's "
                  "format, which pycocotools loads")
      ->type_name("FILE");
  app->add_option_function<std::vector<std::string>>(
         "--param",
         [options](const std::vector<std::string>& texts) {
           options->params = {};
           for (const std::string& text : texts) {
             parse_param(text, options->params);
           }
         },
         "A parameter of the model, see below; may be given more than once")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  add_number(*app, "--batch", options->batch, 0, kMostPerBatch,
             "Pictures that are run as one batch; 0: all of them (default: 1)");
  add_engine_flags(*app, options->load);
  add_cache_flags(*app, options->cache, fmt::format("{}", kDefaultCapacity));
  app->add_flag("--reference-compatible", options->reference_compatible,
                "Answer as the Python reference does where ReplayRT deliberately does not");
  app->add_flag("--keep-going", options->keep_going,
                "Go on after a picture that cannot be read: its line says why, the exit code is 1");
  return {app, [options] { run(*options); }};
}

}  // namespace replayrt::cli
