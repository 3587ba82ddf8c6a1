#include "backends/openvino/openvino_engine.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <openvino/op/constant.hpp>
#include <openvino/runtime/properties.hpp>
#include <string>
#include <utility>

#include "backends/openvino/backend.hpp"
#include "backends/openvino/dynamic_executor.hpp"
#include "backends/openvino/errors.hpp"
#include "backends/openvino/graph_edits.hpp"
#include "backends/openvino/memory_probe.hpp"
#include "backends/openvino/model_file.hpp"
#include "backends/openvino/options.hpp"
#include "backends/openvino/runtime.hpp"
#include "backends/openvino/static_executor.hpp"
#include "backends/openvino/types.hpp"
#include "core/validate_inputs.hpp"

namespace replayrt::openvino {
namespace {

bool has_dynamic(const std::vector<TensorSpec>& specs) {
  return std::ranges::any_of(specs, &TensorSpec::is_dynamic);
}

/// What every compilation holds a copy of.
std::size_t constant_bytes(const ov::Model& model) {
  std::size_t bytes = 0;
  for (const auto& node : model.get_ops()) {
    if (const auto constant = ov::as_type_ptr<ov::op::v0::Constant>(node)) {
      bytes += constant->get_byte_size();
    }
  }
  return bytes;
}

std::shared_ptr<EngineContext> make_context(const std::filesystem::path& path,
                                            const LoadOptions& options) {
  auto context = std::make_shared<EngineContext>();
  context->file = path.string();
  context->content =
      std::make_unique<content::FileContent>(model_files(path), identity_of(options));
  context->threads = threads_of(options);
  context->properties = properties_of(options);
  std::shared_ptr<ov::Model> model = read_model(path);
  try {
    apply_edits(options.edits, model);
    context->inputs = input_specs(*model);
    context->outputs = output_specs(*model);
    separate_inputs_from_outputs(*model);  // Last: it loses names.
  } catch (const Error& error) {
    throw Error(error.code(), context->file + ": " + error.what());
  }
  context->model = model;
  return context;
}

}  // namespace

OpenVinoEngine::OpenVinoEngine(const std::filesystem::path& path, const LoadOptions& options)
    : context_(make_context(path, options)),
      streams_(std::max<std::size_t>(context_->gate.permits() / context_->threads, 1)),
      refusal_(refusal_of(*context_->model)),
      memory_(context_->blocks) {
  const auto compile = [context = context_] {
    return runtime().compile_model(context->model, "CPU", context->properties);
  };
  try {
    const auto begin = std::chrono::steady_clock::now();
    compiled_ = std::make_unique<CompiledModelPool>(streams_, compile);
    const CompiledModelPool::Use first = compiled_->attach();
    compilation_ = {.time = std::chrono::steady_clock::now() - begin,
                    .bytes = constant_bytes(*context_->model)};
    require_precision(options.precision, first.model());
    if (!has_dynamic(context_->inputs)) {
      const std::optional<Refusal> dependence = data_dependence_of(first.model());
      is_static_ = !dependence.has_value();
      refusal_ = refusal_.has_value() ? refusal_ : dependence;
    }
  } catch (...) {
    rethrow_as(ErrorCode::kCorruptedModel, "cannot compile " + context_->file);
  }
}

CaptureEstimate OpenVinoEngine::estimate(const InputSignature& /*signature*/) const noexcept {
  return is_static_ ? CaptureEstimate{} : compilation_;
}

Admission OpenVinoEngine::preferred_admission() const noexcept {
  // Without dynamic dimensions a graph is one more request of what is compiled already.
  return is_static_ ? Admission::always() : Admission::pays_back();
}

std::unique_ptr<Executor> OpenVinoEngine::make_eager() {
  try {
    if (is_static_) {
      return std::make_unique<StaticExecutor>(context_, compiled_->attach());
    }
    return std::make_unique<DynamicExecutor>(context_, compiled_->attach());
  } catch (...) {
    rethrow_as(ErrorCode::kModelRuntime, "cannot make an executor for " + context_->file);
  }
}

std::unique_ptr<Executor> OpenVinoEngine::capture(const InputSignature& signature) {
  return capture(signature, [](StaticExecutor& graph) { graph.warm_up(); });
}

std::unique_ptr<Executor> OpenVinoEngine::capture_and_run(const InputSignature& signature,
                                                          std::span<const TensorView> inputs,
                                                          const RunContext& context,
                                                          TensorList& outputs, RunReport& report) {
  return capture(signature,
                 [&](StaticExecutor& graph) { report = graph.run(inputs, context, outputs); });
}

template <class FirstRun>
std::unique_ptr<Executor> OpenVinoEngine::capture(const InputSignature& signature,
                                                  FirstRun first_run) {
  detail::validate_signature(*this, signature);
  if (refusal_.has_value()) {
    throw CaptureRefused(refusal_->reason, context_->file + ": " + refusal_->message);
  }
  try {
    if (is_static_) {
      auto graph = std::make_unique<StaticExecutor>(context_, compiled_->attach());
      first_run(*graph);
      return graph;
    }
    const std::lock_guard gate(capture_gate());
    const std::size_t before = private_bytes();
    ov::CompiledModel compiled =
        runtime().compile_model(reshaped(signature), "CPU", context_->properties);
    if (const auto dependence = data_dependence_of(compiled)) {
      throw CaptureRefused(dependence->reason, context_->file + ": " + dependence->message);
    }
    auto graph = std::make_unique<StaticExecutor>(
        context_, CompiledModelPool::Use::alone(std::move(compiled)));
    first_run(*graph);
    const std::size_t after = private_bytes();
    // Memory that others freed meanwhile hides growth; its staged inputs are the least that it
    // holds.
    std::size_t least = 0;
    for (const TensorSignature& input : signature) {
      least += packed_bytes(input.dtype, input.shape.num_elements());
    }
    graph->set_bytes(std::max(after > before ? after - before : 0, least));
    return graph;
  } catch (...) {
    rethrow_as(ErrorCode::kModelRuntime,
               "cannot capture " + context_->file + " for " + to_string(signature));
  }
}

std::shared_ptr<ov::Model> OpenVinoEngine::reshaped(const InputSignature& signature) const {
  std::shared_ptr<ov::Model> model = context_->model->clone();
  std::map<std::size_t, ov::PartialShape> shapes;
  for (std::size_t i = 0; i < signature.size(); ++i) {
    shapes.emplace(i, ov_shape(signature[i].shape));
  }
  model->reshape(shapes);
  return model;
}

std::unique_ptr<EngineBackend> load_backend(const std::filesystem::path& path,
                                            const LoadOptions& options) {
  return std::make_unique<OpenVinoEngine>(path, options);
}

BackendInfo describe() {
  BackendInfo info;
  info.name = "openvino";
  try {
    info.version = runtime_version();
    info.devices = {"cpu (" + cpu_name() + ")"};
    info.available = true;
  } catch (const std::exception& error) {
    info.why_missing = "OpenVINO does not start: " + useful_text(error.what());
  }
  return info;
}

}  // namespace replayrt::openvino
