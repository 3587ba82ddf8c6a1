// What keeps and tells a cache's working set: prewarming, files of keys, metrics.

#include <string>

#include "objects.hpp"
#include "replayrt/core/error.hpp"
#include "replayrt/saved_keys.hpp"

namespace replayrt::python {
namespace {

PrewarmMode mode_of(const std::string& text) {
  if (text == "inline" || text == "background") {
    return text == "inline" ? PrewarmMode::kInline : PrewarmMode::kBackground;
  }
  throw Error(ErrorCode::kInvalidParameter,
              "mode is '" + text + "': expected inline or background");
}

/// In the engine's order, one shape per input.
InputSignature signature_of(const Engine& engine,
                            const std::vector<std::vector<std::int64_t>>& shapes, bool on_device) {
  const std::vector<TensorSpec>& specs = engine.inputs();
  if (shapes.size() != specs.size()) {
    throw Error(ErrorCode::kModelInput, std::to_string(shapes.size()) +
                                            " shapes were given for one call: the model has " +
                                            std::to_string(specs.size()) + " inputs");
  }
  InputSignature signature;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    signature.push_back({.dtype = specs[i].dtype,
                         .shape = Shape(shapes[i]),
                         .memory = on_device ? engine.device().type : DeviceType::kCpu});
  }
  return signature;
}

PrewarmReport prewarm(const PyGraphCache& self, const PyEngine& of,
                      const std::vector<std::vector<std::vector<std::int64_t>>>& calls,
                      const std::string& mode, bool on_device) {
  const std::shared_ptr<const Engine> engine = of.usable();
  std::vector<InputSignature> signatures;
  signatures.reserve(calls.size());
  for (const auto& shapes : calls) {
    signatures.push_back(signature_of(*engine, shapes, on_device));
  }
  GraphCache& cache = self.usable();
  const PrewarmMode by = mode_of(mode);
  if (by == PrewarmMode::kBackground) {
    note_use();
  }
  const nb::gil_scoped_release release;
  return cache.prewarm(*engine, signatures, by);
}

void write_keys(const PyGraphCache& self, const std::filesystem::path& path) {
  const GraphCache& cache = self.usable();
  const nb::gil_scoped_release release;
  save_keys(cache, path);
}

PrewarmReport read_keys(const PyGraphCache& self, const std::filesystem::path& path,
                        nb::handle engines, const std::string& mode) {
  std::vector<std::shared_ptr<const Engine>> held;
  for (const nb::handle engine : engines) {
    if (!nb::isinstance<PyEngine>(engine)) {
      throw Error(ErrorCode::kInvalidParameter, "engines[" + std::to_string(held.size()) + "] is " +
                                                    nb::repr(engine).c_str() +
                                                    ": expected an Engine");
    }
    held.push_back(nb::cast<const PyEngine&>(engine).usable());
  }
  std::vector<const Engine*> given;
  given.reserve(held.size());
  for (const std::shared_ptr<const Engine>& engine : held) {
    given.push_back(engine.get());
  }
  GraphCache& cache = self.usable();
  const PrewarmMode by = mode_of(mode);
  if (by == PrewarmMode::kBackground) {
    note_use();
  }
  const nb::gil_scoped_release release;
  return load_keys(cache, path, given, by);
}

}  // namespace

void bind_working_set(nb::module_& m, nb::class_<PyGraphCache>& cache) {
  nb::class_<PrewarmReport>(m, "PrewarmReport",
                            "What became of the keys that a cache was told to prewarm.")
      .def_ro("accepted", &PrewarmReport::accepted, "Captured, or in the background: queued.")
      .def_ro("held", &PrewarmReport::held, "Held already, or under way.")
      .def_ro("refused", &PrewarmReport::refused,
              "The engine does not take it, or its capture failed: see the log.")
      .def_ro("no_room", &PrewarmReport::no_room, "Left out, as the cache is full.")
      .def_ro("unknown", &PrewarmReport::unknown, "Of an engine that was not given.")
      .def("__repr__", [](const PrewarmReport& r) {
        return "<PrewarmReport " + std::to_string(r.accepted) + " accepted, " +
               std::to_string(r.held) + " held, " + std::to_string(r.refused) + " refused, " +
               std::to_string(r.no_room) + " without room, " + std::to_string(r.unknown) +
               " of unknown engines>";
      });
  cache
      .def("prewarm_shapes", prewarm, nb::arg("engine"), nb::arg("calls"), nb::arg("mode"),
           nb::arg("on_device"),
           "What `replayrt.prewarm` calls: of every call a shape for each input, in the engine's "
           "order. Raises ModelInputError, InvalidParameterError.")
      .def("save_keys", write_keys, nb::arg("path"),
           nb::sig("def save_keys(self, path: str | os.PathLike[str]) -> None"),
           "Writes the working set, hottest first, to a file of JSON, which appears whole or not "
           "at all. Raises FileAccessError.")
      .def("load_keys", read_keys, nb::arg("path"), nb::arg("engines"),
           nb::arg("mode") = "background",
           nb::sig("def load_keys(self, path: str | os.PathLike[str], engines: "
                   "collections.abc.Iterable[Engine], mode: str = 'background') -> PrewarmReport"),
           "Captures what a file of `save_keys` lists, hottest first, for those of `engines` whose "
           "content it names: \"background\" by the cache's thread, while calls are served; "
           "\"inline\" before this returns. Raises FileAccessError, CorruptedModelPackageError for "
           "a file that is damaged; nothing has happened then.")
      .def(
          "metrics",
          [](const PyGraphCache& self, const std::string& labels) {
            const GraphCache& of = self.usable();
            const nb::gil_scoped_release release;
            return of.metrics(labels);
          },
          nb::arg("labels") = "",
          "The report in Prometheus' text format 0.0.4: totals, every engine, the 50 keys with the "
          "most calls. `labels`, as `service=\"ocr\",zone=\"b\"`, are put on every series.");
}

}  // namespace replayrt::python
