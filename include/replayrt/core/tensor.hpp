#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "replayrt/core/device.hpp"
#include "replayrt/core/dtype.hpp"
#include "replayrt/core/shape.hpp"
#include "replayrt/core/small_vector.hpp"

namespace replayrt {

/// A dense, row-major tensor that somebody else owns. It must stay valid and unchanged until the
/// call that takes it has returned; with `RunContext::synchronize = false`, until that call's
/// Completion is done.
struct TensorView {
  const void* data = nullptr;  ///< May be null only if the tensor has no elements.
  DType dtype = DType::kF32;
  Shape shape;
  Device device;

  /// Size in bytes. Throws as `packed_bytes` does.
  [[nodiscard]] std::size_t bytes() const { return packed_bytes(dtype, shape.num_elements()); }

  /// The elements as T. Throws Error(kModelInput) that names both dtypes if T is not this tensor's
  /// type.
  template <class T>
  [[nodiscard]] std::span<const T> as() const;
};

/// A view of `values` as a tensor of `shape` in host memory. Throws Error(kModelInput) if the
/// number of elements differs.
template <class T>
TensorView view_of(std::span<const T> values, const Shape& shape);

/// A reference-counted piece of memory: what backs a Tensor. Backends derive from it to lend out
/// pooled memory; `recycle` runs when the last Tensor lets go, on whatever thread that is.
class Block {
 public:
  Block(void* data, std::size_t bytes) noexcept : data_(data), bytes_(bytes) {}
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  [[nodiscard]] void* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 protected:
  virtual ~Block() = default;

  /// Takes the memory back; may delete *this.
  virtual void recycle() noexcept = 0;

 private:
  friend class BlockRef;
  std::atomic<std::size_t> references_{0};
  void* data_;
  std::size_t bytes_;
};

/// Shared ownership of a Block, without an allocation of its own. Copies may be used from many
/// threads.
class BlockRef {
 public:
  BlockRef() noexcept = default;
  explicit BlockRef(Block* block) noexcept : block_(block) { retain(); }
  BlockRef(const BlockRef& other) noexcept : block_(other.block_) { retain(); }
  BlockRef(BlockRef&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  BlockRef& operator=(BlockRef other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~BlockRef() {
    if (block_ != nullptr && block_->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      block_->recycle();
    }
  }

  [[nodiscard]] Block* get() const noexcept { return block_; }
  explicit operator bool() const noexcept { return block_ != nullptr; }

 private:
  void retain() noexcept {
    if (block_ != nullptr) {
      block_->references_.fetch_add(1, std::memory_order_relaxed);
    }
  }

  Block* block_ = nullptr;
};

/// A dense, row-major tensor that shares ownership of its memory. Copying shares, never copies
/// elements. A result tensor owns its block and stays valid after the engine, the cache and the
/// lease are gone.
class Tensor {
 public:
  Tensor() = default;

  /// Wraps `block`, whose first `packed_bytes(dtype, shape)` bytes are the elements. Throws
  /// Error(kInvalidParameter) if the block is smaller.
  Tensor(BlockRef block, DType dtype, const Shape& shape, Device device = {});

  /// New host memory, aligned to 64 bytes, elements uninitialised. Throws Error(kOutOfMemory).
  static Tensor allocate(DType dtype, const Shape& shape);

  /// New host memory with a copy of the elements of `view`, which must be in host memory.
  static Tensor copy_of(const TensorView& view);

  [[nodiscard]] DType dtype() const noexcept { return dtype_; }
  [[nodiscard]] const Shape& shape() const noexcept { return shape_; }
  [[nodiscard]] const Device& device() const noexcept { return device_; }
  [[nodiscard]] std::size_t bytes() const { return packed_bytes(dtype_, shape_.num_elements()); }
  [[nodiscard]] void* data() const noexcept { return block_ ? block_.get()->data() : nullptr; }
  [[nodiscard]] bool defined() const noexcept { return static_cast<bool>(block_); }

  /// The first `rows` rows (dimension 0) of the same memory. Throws Error(kInvalidParameter) if
  /// there are fewer.
  [[nodiscard]] Tensor first_rows(std::int64_t rows) const;

  /// Valid as long as some Tensor shares the block.
  [[nodiscard]] TensorView view() const noexcept { return {data(), dtype_, shape_, device_}; }

  /// The elements as T, writable. Throws Error(kModelInput) that names both dtypes if T does not
  /// fit, or if the tensor is not in host memory.
  template <class T>
  [[nodiscard]] std::span<T> as() const;

 private:
  BlockRef block_;
  DType dtype_ = DType::kF32;
  Shape shape_;
  Device device_;
};

/// What a run gives back: one Tensor per output, in the engine's order.
using TensorList = SmallVector<Tensor, 4>;

namespace detail {
void require_host_elements(DType actual, DType wanted, const Device& device);
void require_element_count(const Shape& shape, std::size_t count);
}  // namespace detail

template <class T>
std::span<const T> TensorView::as() const {
  detail::require_host_elements(dtype, dtype_of<T>(), device);
  return {static_cast<const T*>(data), static_cast<std::size_t>(shape.num_elements())};
}

template <class T>
std::span<T> Tensor::as() const {
  detail::require_host_elements(dtype_, dtype_of<T>(), device_);
  return {static_cast<T*>(data()), static_cast<std::size_t>(shape_.num_elements())};
}

template <class T>
TensorView view_of(std::span<const T> values, const Shape& shape) {
  detail::require_element_count(shape, values.size());
  return {values.data(), dtype_of<T>(), shape, Device{}};
}

}  // namespace replayrt
