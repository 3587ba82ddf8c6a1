#include "replayrt/core/engine.hpp"

#include <string>
#include <utility>

#include "objects.hpp"
#include "replayrt/core/error.hpp"
#include "replayrt/load_engine.hpp"
#include "tensors.hpp"

namespace replayrt::python {
namespace {

/// -1 where a dimension may vary; None where even the rank is open.
std::optional<nb::tuple> shape_of(const TensorSpec& spec) {
  if (!spec.dims.has_value()) {
    return std::nullopt;
  }
  nb::list dims;
  for (const DimensionRange& range : *spec.dims) {
    dims.append(range.is_dynamic() ? std::int64_t{-1} : range.min);
  }
  return nb::tuple(dims);
}

std::optional<nb::list> ranges_of(const TensorSpec& spec) {
  if (!spec.dims.has_value()) {
    return std::nullopt;
  }
  nb::list ranges;
  for (const DimensionRange& range : *spec.dims) {
    const bool bounded = range.max != DimensionRange::kUnbounded;
    ranges.append(
        nb::make_tuple(range.min, bounded ? nb::object(nb::int_(range.max)) : nb::none()));
  }
  return ranges;
}

void bind_spec(nb::module_& m) {
  nb::class_<TensorSpec>(m, "TensorSpec", "What an engine says of one input or output.")
      .def_ro("name", &TensorSpec::name)
      .def_prop_ro(
          "dtype", [](const TensorSpec& spec) { return std::string(to_string(spec.dtype)); },
          "\"f32\", \"i64\", \"bool\", …")
      .def_prop_ro(
          "shape", shape_of, nb::sig("def shape(self) -> tuple[int, ...] | None"),
          "-1 for a dimension that may vary; None where even the rank shows only in a run.")
      .def_prop_ro("ranges", ranges_of,
                   nb::sig("def ranges(self) -> list[tuple[int, int | None]] | None"),
                   "(least, most) of every dimension; None for no bound.")
      .def("__repr__", [](const TensorSpec& spec) {
        return "<TensorSpec '" + spec.name + "' " + std::string(to_string(spec.dtype)) + " " +
               spec.shape_text() + ">";
      });
}

/// Python's `Stream`: a cudaStream_t.
struct Stream {
  Owned<void> stream;

  [[nodiscard]] std::uintptr_t address() const {
    return reinterpret_cast<std::uintptr_t>(stream.get().get());
  }
};

// Name, scale, mean, standard deviation of GraphEdits::ImageInput.
using ImageInput = std::tuple<std::string, double, std::vector<double>, std::vector<double>>;

PyEngine load(const std::filesystem::path& path, const std::string& backend,
              const std::string& device, const std::string& precision,
              std::int64_t inference_threads,
              const std::vector<std::pair<std::string, std::int64_t>>& argmax,
              const std::vector<ImageInput>& image_inputs, bool engine_host_code_allowed,
              std::int64_t activation_slots) {
  require_usable_process();
  LoadOptions options;
  options.backend = backend;
  options.device = device;
  options.precision = precision_from_string(precision);
  options.inference_threads = inference_threads;
  for (const auto& [output, axis] : argmax) {
    options.edits.argmax.push_back({output, axis});
  }
  for (const auto& [input, scale, mean, deviation] : image_inputs) {
    options.edits.image_inputs.push_back({input, scale, mean, deviation});
  }
  options.tensorrt.engine_host_code_allowed = engine_host_code_allowed;
  options.tensorrt.activation_slots = activation_slots;
  note_use();
  const nb::gil_scoped_release release;
  return PyEngine(std::make_shared<const Engine>(load_engine(path, options)));
}

GraphKey key_for(const PyEngine& self, nb::handle inputs, const std::string& binding) {
  const std::shared_ptr<const Engine> engine = self.usable();
  const Arguments arguments = arguments_for(*engine, inputs, nullptr);
  engine->validate(arguments.views);
  return engine->key_for(arguments.views, input_binding_of(binding));
}

void bind_engine_class(nb::module_& m) {
  const auto of = [](auto member) {
    return [member](const PyEngine& self) { return ((*self.usable()).*member)(); };
  };
  nb::class_<PyEngine>(m, "Engine",
                       "A model loaded for one device. Every member may be called from any thread "
                       "at any time, and as many calls as you like run at once. `close`, or the "
                       "end of the last reference, drops its graphs from every cache.",
                       nb::is_weak_referenceable())
      .def_prop_ro("id", of(&Engine::id), "Unique in the process, never reused.")
      .def_prop_ro(
          "backend",
          [](const PyEngine& self) { return std::string(self.usable()->backend_name()); },
          "\"openvino\" or \"tensorrt\"")
      .def_prop_ro(
          "device", [](const PyEngine& self) { return self.usable()->device().to_string(); },
          "\"cpu\" or \"cuda:N\"")
      .def_prop_ro("inputs", of(&Engine::inputs), "In the engine's order.")
      .def_prop_ro("outputs", of(&Engine::outputs), "In the engine's order.")
      .def("key_for", key_for, nb::arg("inputs").none(), nb::arg("input_binding") = "copied",
           nb::sig("def key_for(self, inputs: object, input_binding: str = 'copied') -> GraphKey"),
           "The key under which a cache files a graph for these inputs. Raises ModelInputError.")
      .def(
          "content_hash",
          [](const PyEngine& self) {
            const std::shared_ptr<const Engine> engine = self.usable();
            const nb::gil_scoped_release release;
            return engine->content_hash();
          },
          "Names the model's bytes and the load options that make its graphs others, the same in "
          "every process; empty if it cannot be told. The first call may read the model's files "
          "again.")
      .def(
          "make_stream",
          [](const PyEngine& self) { return Stream{Owned<void>(make_stream(*self.usable()))}; },
          "A new CUDA stream of the engine's device. Raises UnsupportedError if the backend has "
          "none.")
      .def(
          "close", [](PyEngine& self) { self.engine.reset(); },
          "Retires the engine: its graphs leave every cache. Calls under way in other threads "
          "finish.")
      .def_prop_ro("closed", [](const PyEngine& self) { return !self.engine; })
      .def(
          "__enter__", [](nb::object self) { return self; },
          nb::sig("def __enter__(self) -> Engine"))
      .def(
          "__exit__", [](PyEngine& self, const nb::args&) { self.engine.reset(); },
          nb::sig("def __exit__(self, *exception: object) -> None"))
      .def("__repr__", [](const PyEngine& self) -> std::string {
        if (!self.engine) {
          return "<Engine, closed>";
        }
        const std::shared_ptr<const Engine> engine = self.usable();
        return "<Engine " + std::to_string(engine->id()) + ": " +
               std::string(engine->backend_name()) + " on " + engine->device().to_string() + ">";
      });
}

nb::list backends() {
  nb::list all;
  for (const BackendInfo& info : list_backends()) {
    nb::dict entry;
    entry["name"] = info.name;
    entry["available"] = info.available;
    entry["version"] = info.version;
    entry["devices"] = info.devices;
    entry["why_missing"] = info.why_missing;
    all.append(entry);
  }
  return all;
}

}  // namespace

std::shared_ptr<const Engine> PyEngine::usable() const {
  require_usable_process();
  if (!engine) {
    throw Error(ErrorCode::kInvalidParameter, "the engine is closed");
  }
  return engine.get();
}

InputBinding input_binding_of(const std::string& text) {
  if (text == "copied" || text == "in_place") {
    return text == "copied" ? InputBinding::kCopied : InputBinding::kInPlace;
  }
  throw Error(ErrorCode::kInvalidParameter,
              "input_binding is '" + text + "': expected copied or in_place");
}

void bind_engine(nb::module_& m) {
  bind_spec(m);
  nb::class_<Stream>(m, "Stream", "A CUDA stream, destroyed with its last reference.")
      .def_prop_ro("cuda_stream", &Stream::address, "Its cudaStream_t, as an int.");
  bind_engine_class(m);
  m.def("load_engine", load, nb::arg("path"), nb::kw_only(), nb::arg("backend"), nb::arg("device"),
        nb::arg("precision"), nb::arg("inference_threads"), nb::arg("argmax"),
        nb::arg("image_inputs"), nb::arg("engine_host_code_allowed"), nb::arg("activation_slots"),
        nb::sig("def load_engine(path: str | os.PathLike[str], *, backend: str, device: str, "
                "precision: str, inference_threads: int, argmax: list[tuple[str, int]], "
                "image_inputs: list[tuple[str, float, list[float], list[float]]], "
                "engine_host_code_allowed: bool, activation_slots: int) -> Engine"));
  m.def("list_backends", backends, nb::sig("def list_backends() -> list[dict[str, object]]"));
}

}  // namespace replayrt::python
