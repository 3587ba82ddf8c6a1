#include "replayrt/core/infer.hpp"

#include <string>
#include <utility>

#include "objects.hpp"
#include "replayrt/core/error.hpp"
#include "tensors.hpp"

namespace replayrt::python {
namespace {

PyInferResult run(const PyEngine& self, nb::handle inputs, const PyGraphCache* graph_cache,
                  bool disable_cuda_graphs,
                  std::optional<std::pair<std::int64_t, std::int64_t>> batch_limits,
                  nb::handle batch_buckets, nb::handle dimension_buckets,
                  const std::string& input_binding, nb::handle stream, bool synchronize) {
  const std::shared_ptr<const Engine> engine = self.usable();
  InferOptions options;
  options.graph_cache = cache_of(graph_cache);
  options.disable_cuda_graphs = disable_cuda_graphs;
  if (batch_limits.has_value()) {
    options.batch_limits = BatchLimits{batch_limits->first, batch_limits->second};
  }
  if (!batch_buckets.is_none()) {
    options.batch_buckets = buckets_of(batch_buckets, "batch_buckets");
  }
  if (!dimension_buckets.is_none()) {
    options.dimension_buckets = dimension_buckets_of(*engine, dimension_buckets);
  }
  options.input_binding = input_binding_of(input_binding);
  options.context.stream = stream_of(stream);
  options.context.synchronize = synchronize;
  const Arguments arguments = arguments_for(*engine, inputs, options.context.stream);
  if (options.context.stream == nullptr && any_on_cuda(arguments)) {
    // The order in which `array_of` asked for the inputs.
    options.context.stream = reinterpret_cast<void*>(std::uintptr_t{1});
  }
  InferResult result;
  {
    const nb::gil_scoped_release release;
    result = infer(*engine, arguments.views, options);
  }
  // What the caller gave keeps its memory alive until the run is over.
  nb::object held = result.completion.born_done() ? nb::none() : nb::borrow(inputs);
  return {std::move(result), output_names(*engine), std::move(held), options.context.stream};
}

nb::object output(PyInferResult& self, nb::handle which) {
  const nb::list outputs = self.outputs();
  if (nb::isinstance<nb::str>(which)) {
    const auto name = nb::cast<std::string>(which);
    for (std::size_t i = 0; i < self.names().size(); ++i) {
      if (self.names()[i] == name) {
        return outputs[i];
      }
    }
    throw nb::key_error(name.c_str());
  }
  return nb::borrow<nb::object>(outputs).attr("__getitem__")(which);
}

void bind_result(nb::module_& m) {
  using Result = PyInferResult;
  const auto of = [](auto member) {
    return [member](const Result& self) { return self.result().*member; };
  };
  nb::class_<Result>(m, "InferResult",
                     "What a call gives back. Its outputs own their memory: valid as long as you "
                     "keep them, never written to by a later call.")
      .def_prop_ro("outputs", &Result::outputs, nb::sig("def outputs(self) -> list[typing.Any]"),
                   "NumPy arrays in the engine's order; a DeviceTensor for each that lies on a "
                   "CUDA device, an object with `__dlpack__` for types that NumPy lacks.")
      .def_prop_ro("names", &Result::names, "Names of the outputs.")
      .def("__len__", [](const Result& self) { return self.names().size(); })
      .def("__getitem__", output, nb::arg("which"),
           nb::sig("def __getitem__(self, which: int | str, /) -> typing.Any"),
           "The output at a position or of a name.")
      .def_prop_ro(
          "route", [](const Result& self) { return std::string(to_string(self.result().route)); },
          "How the call was served: \"eager\", \"captured\" or \"replayed\".")
      .def_prop_ro(
          "reason", [](const Result& self) { return std::string(to_string(self.result().reason)); },
          "Why it was not a replay; \"none\" if it was, or if it captured.")
      .def_prop_ro("eager_runs", of(&InferResult::eager_runs))
      .def_prop_ro("captured_runs", of(&InferResult::captured_runs))
      .def_prop_ro("replayed_runs", of(&InferResult::replayed_runs))
      .def_prop_ro("padded_rows", of(&InferResult::padded_rows),
                   "Rows of zeros that were computed and cut off.")
      .def_prop_ro("computed_elements", of(&InferResult::computed_elements),
                   "Input elements that were run, padding included.")
      .def_prop_ro("padded_elements", of(&InferResult::padded_elements),
                   "Those of them that were padding.")
      .def_prop_ro("bytes_copied", of(&InferResult::bytes_copied))
      .def(
          "done", [](const Result& self) { return self.result().completion.done(); },
          "Whether the outputs are complete; always, unless the call was told `synchronize=False`.")
      .def("wait", &Result::wait,
           "Returns when they are. Raises ModelRuntimeError if the run failed.")
      .def("__repr__", [](const Result& self) {
        const InferResult& result = self.result();
        return "<InferResult " + std::string(to_string(result.route)) +
               (result.reason == Reason::kNone
                    ? ""
                    : " (" + std::string(to_string(result.reason)) + ")") +
               ": " + std::to_string(self.names().size()) + " outputs>";
      });
}

}  // namespace

std::vector<std::string> output_names(const Engine& engine) {
  std::vector<std::string> names;
  for (const TensorSpec& spec : engine.outputs()) {
    names.push_back(spec.name);
  }
  return names;
}

PyInferResult::PyInferResult(InferResult result, std::vector<std::string> names, nb::object inputs,
                             void* stream)
    : result_(std::make_shared<const InferResult>(std::move(result))),
      names_(std::move(names)),
      inputs_(std::move(inputs)),
      stream_(stream) {}

PyInferResult::~PyInferResult() {
  if (result_ && inputs_.is_valid() && !inputs_.is_none() && !is_broken_fork()) {
    try {
      wait();
    } catch (const std::exception&) {  // Nobody is left who could be told.
    }
  }
}

nb::list PyInferResult::outputs() {
  if (!outputs_.is_valid()) {
    nb::list list;
    for (const Tensor& tensor : result().outputs) {
      if (tensor.device().type == DeviceType::kCpu) {
        wait();
      }
      list.append(array_from(tensor, result().completion, stream_));
    }
    outputs_ = list;
  }
  return nb::borrow<nb::list>(outputs_);
}

void PyInferResult::wait() {
  if (!result().completion.born_done()) {
    const nb::gil_scoped_release release;
    result().completion.wait();
  }
  inputs_ = nb::none();
}

void bind_infer(nb::module_& m) {
  bind_device_tensor(m);
  bind_result(m);
  m.def("infer", run, nb::arg("engine"), nb::arg("inputs").none(), nb::kw_only(),
        nb::arg("graph_cache").none() = nb::none(), nb::arg("disable_cuda_graphs") = false,
        nb::arg("batch_limits") = nb::none(), nb::arg("batch_buckets").none() = nb::none(),
        nb::arg("dimension_buckets").none() = nb::none(), nb::arg("input_binding") = "copied",
        nb::arg("stream").none() = nb::none(), nb::arg("synchronize") = true,
        nb::sig(
            "def infer(engine: Engine, inputs: object, *, graph_cache: TRTCudaGraphCache | None = "
            "None, disable_cuda_graphs: bool = False, batch_limits: tuple[int, int] | None = None, "
            "batch_buckets: str | collections.abc.Sequence[int] | None = None, dimension_buckets: "
            "collections.abc.Sequence[replayrt.options.DimensionBuckets] | None = None, "
            "input_binding: str = 'copied', stream: object = None, synchronize: bool = True) -> "
            "InferResult"),
        "Runs `engine` on `inputs`: one array, a list of them in the engine's order, or a dict by "
        "name. NumPy arrays and anything with `__dlpack__` are read in place, dense and of the "
        "engine's dtype, or refused (ModelInputError); those on a CUDA device are for TensorRT "
        "engines. The GIL is released while it runs.\n\n"
        "`graph_cache`: where captured graphs live; None: every run is eager. `batch_limits`: "
        "(least, most) rows of a run; more are split, fewer are padded with zeros, outputs joined "
        "and cut to match. `batch_buckets`: rows are padded up to a bucket: \"pow2\", "
        "\"multiples:K\", or a list. `dimension_buckets`: further dimensions that may be padded, "
        "which can change answers. `input_binding` \"in_place\": graphs read device inputs at "
        "their addresses, for buffers that are used again and again. `stream`: the CUDA stream "
        "that holds your work on the inputs, on which outputs become usable. `synchronize=False`: "
        "returns before the outputs are complete, where the backend can; inputs must not change "
        "until `done()`.\n\n"
        "Raises ModelInputError, InvalidParameterError, ModelRuntimeError, OutOfMemoryError; cache "
        "and engine stay usable.");
}

}  // namespace replayrt::python
