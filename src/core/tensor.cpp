#include "replayrt/core/tensor.hpp"

#include <cstring>
#include <new>
#include <string>

#include "replayrt/core/error.hpp"

namespace replayrt {
namespace {

constexpr std::align_val_t kAlignment{64};

/// Memory of one tensor that no pool stands behind.
class HeapBlock final : public Block {
 public:
  static BlockRef make(std::size_t bytes) {
    void* data = ::operator new(bytes, kAlignment, std::nothrow);
    if (data == nullptr) {
      throw Error(ErrorCode::kOutOfMemory,
                  "no host memory for a tensor of " + std::to_string(bytes) + " bytes");
    }
    try {
      return BlockRef(new HeapBlock(data, bytes));
    } catch (...) {
      ::operator delete(data, kAlignment);
      throw;
    }
  }

 private:
  using Block::Block;
  ~HeapBlock() override { ::operator delete(data(), kAlignment); }
  void recycle() noexcept override { delete this; }
};

}  // namespace

Tensor::Tensor(BlockRef block, DType dtype, const Shape& shape, Device device)
    : block_(std::move(block)), dtype_(dtype), shape_(shape), device_(device) {
  const std::size_t available = block_ ? block_.get()->bytes() : 0;
  if (bytes() > available) {
    throw Error(ErrorCode::kInvalidParameter,
                "a tensor of " + std::string(replayrt::to_string(dtype)) + " " + shape.to_string() +
                    " needs " + std::to_string(bytes()) + " bytes: the block has " +
                    std::to_string(available));
  }
}

Tensor Tensor::allocate(DType dtype, const Shape& shape) {
  return {HeapBlock::make(packed_bytes(dtype, shape.num_elements())), dtype, shape, Device{}};
}

Tensor Tensor::copy_of(const TensorView& view) {
  if (view.device.type != DeviceType::kCpu) {
    throw Error(ErrorCode::kModelInput, "a tensor on " + view.device.to_string() +
                                            " cannot be copied here: expected host memory");
  }
  Tensor copy = allocate(view.dtype, view.shape);
  if (view.bytes() > 0) {
    std::memcpy(copy.data(), view.data, view.bytes());
  }
  return copy;
}

Tensor Tensor::first_rows(std::int64_t rows) const {
  if (shape_.rank() == 0 || rows < 0 || rows > shape_[0]) {
    throw Error(ErrorCode::kInvalidParameter, "a tensor of shape " + shape_.to_string() +
                                                  " has no first " + std::to_string(rows) +
                                                  " rows");
  }
  return {block_, dtype_, shape_.with_dim(0, rows), device_};
}

namespace detail {

void require_host_elements(DType actual, DType wanted, const Device& device) {
  if (device.type != DeviceType::kCpu) {
    throw Error(ErrorCode::kModelInput, "elements of a tensor on " + device.to_string() +
                                            " cannot be read here: expected host memory");
  }
  if (actual != wanted) {
    throw Error(ErrorCode::kModelInput, "the tensor's elements are " +
                                            std::string(to_string(actual)) + ", not " +
                                            std::string(to_string(wanted)));
  }
}

void require_element_count(const Shape& shape, std::size_t count) {
  if (static_cast<std::uint64_t>(shape.num_elements()) != count) {
    throw Error(ErrorCode::kModelInput, "shape " + shape.to_string() + " needs " +
                                            std::to_string(shape.num_elements()) +
                                            " elements: " + std::to_string(count) + " were given");
  }
}

}  // namespace detail
}  // namespace replayrt
