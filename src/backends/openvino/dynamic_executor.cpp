#include "backends/openvino/dynamic_executor.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string>
#include <utility>

#include "backends/openvino/errors.hpp"
#include "backends/openvino/executor_support.hpp"
#include "backends/openvino/types.hpp"

namespace replayrt::openvino {
namespace {

class BorrowedBlock final : public Block {
 public:
  BorrowedBlock(ov::Tensor tensor, std::shared_ptr<void> lent)
      : Block(tensor.data(), tensor.get_byte_size()),
        tensor_(std::move(tensor)),
        lent_(std::move(lent)) {}

 private:
  void recycle() noexcept override { delete this; }

  const ov::Tensor tensor_;  // Keeps the memory when the infer request is gone.
  const std::shared_ptr<void> lent_;
};

}  // namespace

DynamicExecutor::DynamicExecutor(std::shared_ptr<EngineContext> context,
                                 CompiledModelPool::Use model)
    : context_(std::move(context)), model_(std::move(model)) {}

DynamicExecutor::Slot* DynamicExecutor::lendable_slot() {
  for (Slot& slot : slots_) {
    if (slot.lent == nullptr) {
      slot.request = model_.model().create_infer_request();
      slot.lent = std::make_shared<char>();
      return &slot;
    }
    if (slot.lent.use_count() == 1) {
      // Whoever let go last, on whatever thread, had finished reading.
      std::atomic_thread_fence(std::memory_order_acquire);
      return &slot;
    }
  }
  return nullptr;
}

RunReport DynamicExecutor::run(std::span<const TensorView> inputs, const RunContext& /*run*/,
                               TensorList& outputs) {
  RunReport report;
  SmallVector<BlockRef, 4> staging;
  outputs.clear();
  try {
    Slot* slot = lendable_slot();
    const bool lend = slot != nullptr;
    if (!lend) {
      slot = &copied_from_;
      if (!slot->request) {
        slot->request = model_.model().create_infer_request();
      }
    }
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const TensorView& input = inputs[i];
      const void* data = input.data;
      if (!is_aligned(data)) {
        data = stage(data, input.bytes(), context_->blocks, staging);
        report.bytes_copied += input.bytes();
      }
      slot->request.set_input_tensor(
          i, input_tensor(element_of_dtype(input.dtype), ov_shape(input.shape), data));
    }
    {
      const CoreGate::Permit permit = context_->gate.acquire(context_->threads);
      slot->request.infer();
    }
    take_outputs(*slot, lend, report, outputs);
  } catch (...) {
    rethrow_as(ErrorCode::kModelRuntime,
               context_->file + " failed on " + to_string(signature_of(inputs)));
  }
  return report;
}

void DynamicExecutor::take_outputs(Slot& slot, bool lend, RunReport& report, TensorList& outputs) {
  for (std::size_t i = 0; i < context_->outputs.size(); ++i) {
    ov::Tensor tensor = slot.request.get_output_tensor(i);
    const DType dtype = context_->outputs[i].dtype;
    const Shape shape = shape_of(tensor.get_shape());
    // Two outputs that are one tensor in the graph come in one piece of memory.
    const bool is_first = std::ranges::none_of(
        outputs, [&](const Tensor& other) { return other.data() == tensor.data(); });
    if (lend && is_first) {
      outputs.push_back(
          Tensor(BlockRef(new BorrowedBlock(std::move(tensor), slot.lent)), dtype, shape));
      continue;
    }
    const std::size_t bytes = packed_bytes(dtype, shape.num_elements());
    const Tensor& output =
        outputs.emplace_back(Tensor(context_->blocks.acquire(bytes), dtype, shape));
    if (bytes > 0) {
      std::memcpy(output.data(), tensor.data(), bytes);
    }
    report.bytes_copied += bytes;
  }
}

}  // namespace replayrt::openvino
