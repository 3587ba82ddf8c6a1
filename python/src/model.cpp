#include <string>
#include <utility>
#include <variant>

#include "model_records.hpp"
#include "objects.hpp"
#include "predictions.hpp"
#include "replayrt/auto_model.hpp"
#include "replayrt/core/error.hpp"
#include "tensors.hpp"
#include "text.hpp"

namespace replayrt::python {
namespace {

/// Python's `LoadedModel`, on which `replayrt.Model` is built.
struct PyModel {
  Owned<const Model> model;
  nb::object class_names;  // A tuple, shared by all results.

  [[nodiscard]] std::shared_ptr<const Model> usable() const {
    require_usable_process();
    if (!model) {
      throw Error(ErrorCode::kInvalidParameter, "the model is closed");
    }
    return model.get();
  }
};

/// Pictures that a call reads, and what keeps them alive. To be destroyed under the GIL.
struct Pictures {
  std::vector<ImageView> views;
  std::vector<Array> arrays;
};

/// `array` is (height, width, channels) u8 with pixels side by side; rows may have gaps.
ImageView image_of(const Array& array, const std::string& color, const std::string& name) {
  ImageView view{.data = static_cast<const std::uint8_t*>(array.data()),
                 .color = color_format_from_string(color)};
  const bool bytes =
      array.dtype() == nb::dtype<std::uint8_t>() && array.device_type() == nb::device::cpu::value;
  if (!bytes || array.ndim() != 3 || array.stride(2) != 1 ||
      (array.shape(1) > 1 && array.stride(1) != static_cast<std::int64_t>(array.shape(2)))) {
    throw Error(ErrorCode::kModelInput,
                name + " is no array of uint8 (height, width, channels) with pixels side by side");
  }
  view.height = static_cast<std::int64_t>(array.shape(0));
  view.width = static_cast<std::int64_t>(array.shape(1));
  view.channels = static_cast<std::int64_t>(array.shape(2));
  view.row_bytes = view.height > 1 ? array.stride(0) : 0;
  return view;
}

Pictures pictures_from(const nb::list& images) {
  Pictures pictures;
  for (std::size_t i = 0; i < nb::len(images); ++i) {
    const std::string name = "image " + std::to_string(i);
    const nb::object pair = images[i];
    Array array = array_of(nb::object(pair[0]), name, nullptr);
    pictures.views.push_back(image_of(array, nb::cast<std::string>(nb::object(pair[1])), name));
    pictures.arrays.push_back(std::move(array));
  }
  return pictures;
}

std::optional<ImageSize> size_of(std::optional<std::pair<std::int64_t, std::int64_t>> size) {
  return size.has_value() ? std::optional(ImageSize{size->first, size->second}) : std::nullopt;
}

PyModel load(
    const std::filesystem::path& path, const std::string& backend, const std::string& device,
    const PyGraphCache* cuda_graph_cache, std::int64_t default_cache_size,
    const std::string& precision, std::int64_t inference_threads, bool engine_host_code_allowed,
    std::int64_t activation_slots,
    std::optional<std::pair<std::optional<double>, std::map<std::string, double>>> recommended,
    std::optional<std::pair<std::int64_t, std::int64_t>> most_input, bool fuse_pre_processing,
    bool reference_compatible, bool allow_local) {
  require_usable_process();
  AutoModelOptions options;
  options.backend = backend;
  options.device = device;
  options.cuda_graph_cache = cache_of(cuda_graph_cache);
  options.default_trt_cuda_graph_cache_size = default_cache_size;
  options.precision = precision_from_string(precision);
  options.inference_threads = inference_threads;
  options.tensorrt = {.engine_host_code_allowed = engine_host_code_allowed,
                      .activation_slots = activation_slots};
  if (recommended.has_value()) {
    options.recommended_parameters = RecommendedParameters{recommended->first, recommended->second};
  }
  options.rf_detr_max_input_resolution = size_of(most_input);
  options.fuse_pre_processing = fuse_pre_processing;
  options.reference_compatible = reference_compatible;
  options.allow_direct_local_storage_loading = allow_local;
  note_use();
  std::shared_ptr<const Model> model;
  {
    const nb::gil_scoped_release release;
    model = std::make_shared<const Model>(AutoModel::from_pretrained(path, options));
  }
  nb::list names;
  for (const std::string& name : model->class_names()) {
    names.append(text_of(name));
  }
  return {Owned<const Model>(std::move(model)), nb::tuple(names)};
}

nb::list to_python(std::vector<Prediction> predictions, std::span<const ImageSize> sizes,
                   nb::handle class_names) {
  nb::list list;
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    list.append(prediction_to_python(std::move(predictions[i]), class_names, sizes[i]));
  }
  return list;
}

nb::list predict(const PyModel& self, const nb::list& images, const PredictOptions& options) {
  const std::shared_ptr<const Model> model = self.usable();
  const Pictures pictures = pictures_from(images);
  std::vector<Prediction> predictions;
  std::vector<ImageSize> sizes;
  for (const ImageView& view : pictures.views) {
    sizes.push_back(view.size());
  }
  {
    const nb::gil_scoped_release release;
    predictions = model->predict(pictures.views, options);
  }
  return to_python(std::move(predictions), sizes, self.class_names);
}

nb::tuple pre_process(const PyModel& self, const nb::list& images, const PredictOptions& options) {
  const std::shared_ptr<const Model> model = self.usable();
  const Pictures pictures = pictures_from(images);
  PreProcessedImages batch;
  {
    const nb::gil_scoped_release release;
    batch = model->pre_process(pictures.views, options);
  }
  return nb::make_tuple(array_from(batch.images), batch.metadata);
}

PyInferResult forward(const PyModel& self, nb::handle images, const PredictOptions& options) {
  const std::shared_ptr<const Model> model = self.usable();
  PreProcessedImages batch;
  batch.images = tensor_over(array_of(images, "the batch", nullptr), "the batch");
  InferResult result;
  {
    const nb::gil_scoped_release release;
    result = model->forward(batch, options);
  }
  return {std::move(result), output_names(model->engine()), nb::none(), nullptr};
}

nb::list post_process(const PyModel& self, nb::handle outputs,
                      const std::vector<PreProcessingMetadata>& metadata,
                      const PredictOptions& options) {
  const std::shared_ptr<const Model> model = self.usable();
  InferResult of_arrays;
  const InferResult* result = &of_arrays;
  if (nb::isinstance<PyInferResult>(outputs)) {
    result = &nb::cast<const PyInferResult&>(outputs).result();
  } else {
    for (const nb::handle array : outputs) {
      const std::string name = "output " + std::to_string(of_arrays.outputs.size());
      of_arrays.outputs.push_back(tensor_over(array_of(array, name, nullptr), name));
    }
  }
  std::vector<Prediction> predictions;
  std::vector<ImageSize> sizes;
  sizes.reserve(metadata.size());
  for (const PreProcessingMetadata& one : metadata) {
    sizes.push_back(one.original_size);
  }
  {
    const nb::gil_scoped_release release;
    predictions = model->post_process(*result, metadata, options);
  }
  return to_python(std::move(predictions), sizes, self.class_names);
}

nb::tuple key_points_classes(const PyModel& self) {
  nb::list classes;
  for (const KeyPointsOfClass& of_class : self.usable()->key_points()) {
    nb::list names;
    for (const std::string& name : of_class.names) {
      names.append(text_of(name));
    }
    classes.append(nb::tuple(names));
  }
  return nb::tuple(classes);
}

nb::tuple skeletons(const PyModel& self) {
  nb::list classes;
  for (const KeyPointsOfClass& of_class : self.usable()->key_points()) {
    nb::list edges;
    for (const auto& [from, to] : of_class.edges) {
      edges.append(nb::make_tuple(from, to));
    }
    classes.append(nb::tuple(edges));
  }
  return nb::tuple(classes);
}

nb::list families() {
  nb::list all;
  for (const FamilyInfo& info : list_families()) {
    nb::dict weights;
    for (const FamilyInfo::Weights& of_backend : info.weights) {
      weights[of_backend.backend.c_str()] = of_backend.file;
    }
    nb::dict entry;
    entry["architecture"] = info.architecture;
    entry["task"] = std::string(to_string(info.task));
    entry["weights"] = weights;
    entry["post_processing"] = nb::none();
    if (info.post_processing) {
      entry["post_processing"] = std::string(to_string(*info.post_processing));
    }
    entry["may_be_fused"] = info.may_be_fused;
    entry["features"] = info.features;
    entry["tested_against"] = info.tested_against;
    all.append(entry);
  }
  return all;
}

}  // namespace

void bind_model(nb::module_& m) {
  bind_model_records(m);
  nb::class_<PyModel>(m, "LoadedModel", nb::is_weak_referenceable())
      .def_prop_ro(
          "class_names", [](const PyModel& self) { return self.class_names; },
          nb::sig("def class_names(self) -> tuple[str, ...]"))
      .def_prop_ro("key_points_classes", key_points_classes,
                   nb::sig("def key_points_classes(self) -> tuple[tuple[str, ...], ...]"))
      .def_prop_ro("skeletons", skeletons,
                   nb::sig("def skeletons(self) -> tuple[tuple[tuple[int, int], ...], ...]"))
      .def_prop_ro(
          "task", [](const PyModel& self) { return std::string(to_string(self.usable()->task())); })
      .def_prop_ro("architecture",
                   [](const PyModel& self) {
                     return self.usable()->package().model_config.model_architecture;
                   })
      .def_prop_ro("engine",
                   [](const PyModel& self) {
                     const std::shared_ptr<const Model> model = self.usable();
                     return PyEngine(std::shared_ptr<const Engine>(model, &model->engine()));
                   })
      .def_prop_ro("graph_cache",
                   [](const PyModel& self) -> std::optional<PyGraphCache> {
                     const std::shared_ptr<GraphCache>& cache = self.usable()->graph_cache();
                     return cache == nullptr ? std::nullopt : std::optional<PyGraphCache>(cache);
                   })
      .def_prop_ro("fuses_pre_processing",
                   [](const PyModel& self) { return self.usable()->fuses_pre_processing(); })
      .def_prop_ro("closed", [](const PyModel& self) { return !self.model; })
      .def("close", [](PyModel& self) { self.model.reset(); })
      .def("predict", predict, nb::arg("images"), nb::arg("options"),
           nb::sig("def predict(self, images: list[typing.Any], options: PredictOptions) -> "
                   "list[typing.Any]"))
      .def("pre_process", pre_process, nb::arg("images"), nb::arg("options"),
           nb::sig("def pre_process(self, images: list[typing.Any], options: PredictOptions) -> "
                   "tuple[typing.Any, list[PreProcessingMetadata]]"))
      .def("forward", forward, nb::arg("images"), nb::arg("options"))
      .def("post_process", post_process, nb::arg("outputs"), nb::arg("metadata"),
           nb::arg("options"),
           nb::sig("def post_process(self, outputs: object, metadata: list[PreProcessingMetadata], "
                   "options: PredictOptions) -> list[typing.Any]"));
  m.def("list_families", families, nb::sig("def list_families() -> list[dict[str, typing.Any]]"));
  m.def("load_model", load, nb::arg("path"), nb::kw_only(), nb::arg("backend"), nb::arg("device"),
        nb::arg("cuda_graph_cache").none(), nb::arg("default_cache_size"), nb::arg("precision"),
        nb::arg("inference_threads"), nb::arg("engine_host_code_allowed"),
        nb::arg("activation_slots"), nb::arg("recommended").none(), nb::arg("most_input").none(),
        nb::arg("fuse_pre_processing"), nb::arg("reference_compatible"), nb::arg("allow_local"),
        nb::sig("def load_model(path: str | os.PathLike[str], *, backend: str, device: str, "
                "cuda_graph_cache: TRTCudaGraphCache | None, default_cache_size: int, precision: "
                "str, inference_threads: int, engine_host_code_allowed: bool, activation_slots: "
                "int, recommended: tuple[float | None, dict[str, float]] | None, most_input: "
                "tuple[int, int] | None, fuse_pre_processing: bool, reference_compatible: bool, "
                "allow_local: bool) -> LoadedModel"));
}

}  // namespace replayrt::python
