#include "backends/openvino/static_executor.hpp"

#include <cstring>
#include <utility>

#include "backends/openvino/errors.hpp"
#include "backends/openvino/executor_support.hpp"
#include "backends/openvino/types.hpp"

namespace replayrt::openvino {

StaticExecutor::StaticExecutor(std::shared_ptr<EngineContext> context, CompiledModelPool::Use model)
    : context_(std::move(context)),
      model_(std::move(model)),
      request_(model_.model().create_infer_request()),
      inputs_(ports_of(model_.model().inputs())),
      outputs_(ports_of(model_.model().outputs())) {}

std::vector<StaticExecutor::Port> StaticExecutor::ports_of(
    const std::vector<ov::Output<const ov::Node>>& ports) {
  std::vector<Port> made;
  made.reserve(ports.size());
  for (const auto& port : ports) {
    const DType dtype = dtype_of_element(port.get_element_type()).value();
    const Shape shape = shape_of(port.get_shape());
    made.push_back({.dtype = dtype,
                    .shape = shape,
                    .ov_type = port.get_element_type(),
                    .ov_shape = port.get_shape(),
                    .bytes = packed_bytes(dtype, shape.num_elements())});
  }
  return made;
}

void StaticExecutor::require_signature(std::span<const TensorView> inputs) const {
  bool fits = inputs.size() == inputs_.size();
  for (std::size_t i = 0; fits && i < inputs.size(); ++i) {
    fits = inputs[i].dtype == inputs_[i].dtype && inputs[i].shape == inputs_[i].shape;
  }
  if (!fits) {
    throw Error(ErrorCode::kModelInput, context_->file + ": a graph was run on " +
                                            to_string(signature_of(inputs)) +
                                            ", which is not what it was captured for");
  }
}

RunReport StaticExecutor::run(std::span<const TensorView> inputs, const RunContext& /*run*/,
                              TensorList& outputs) {
  require_signature(inputs);
  RunReport report;
  SmallVector<BlockRef, 4> staging;
  outputs.clear();
  try {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      Port& port = inputs_[i];
      const void* data = inputs[i].data;
      if (!is_aligned(data)) {
        data = stage(inputs[i].data, port.bytes, context_->blocks, staging);
        report.bytes_copied += port.bytes;
      }
      if (data != port.bound) {
        port.bound = nullptr;
        request_.set_input_tensor(i, input_tensor(port.ov_type, port.ov_shape, data));
        port.bound = data;
      }
    }
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      Port& port = outputs_[i];
      const Tensor& output = outputs.emplace_back(
          Tensor(context_->blocks.acquire(port.bytes), port.dtype, port.shape));
      if (output.data() != port.bound) {
        port.bound = nullptr;
        request_.set_output_tensor(i, ov::Tensor(port.ov_type, port.ov_shape, output.data()));
        port.bound = output.data();
      }
    }
    const CoreGate::Permit permit = context_->gate.acquire(context_->threads);
    request_.infer();
  } catch (...) {
    rethrow_as(ErrorCode::kModelRuntime,
               context_->file + " failed on " + to_string(signature_of(inputs)));
  }
  return report;
}

void StaticExecutor::warm_up() {
  TensorList zeros;
  SmallVector<TensorView, 4> views;
  for (const Port& port : inputs_) {
    // Not from the pool: its blocks would stay, and be counted as the graph's.
    const Tensor& zero = zeros.emplace_back(Tensor::allocate(port.dtype, port.shape));
    if (port.bytes > 0) {
      std::memset(zero.data(), 0, port.bytes);
    }
    views.push_back(zero.view());
  }
  TensorList outputs;
  run(views.span(), {}, outputs);
}

}  // namespace replayrt::openvino
