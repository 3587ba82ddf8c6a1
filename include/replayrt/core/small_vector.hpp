#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

namespace replayrt {

/// A vector whose first `N` elements live inside the object, so that keys, inputs and results of
/// ordinary models (few tensors) cost no heap allocation on the replay path. Same meaning and
/// complexity as std::vector for the members that it has. Needs nothrow-movable elements.
template <class T, std::size_t N>
class SmallVector {
  static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_destructible_v<T>);

 public:
  using value_type = T;

  SmallVector() noexcept = default;
  SmallVector(std::initializer_list<T> values)
      : SmallVector(std::span<const T>(values.begin(), values.size())) {}
  explicit SmallVector(std::span<const T> values) { append_copies(values); }
  SmallVector(const SmallVector& other) { append_copies(other.span()); }
  SmallVector(SmallVector&& other) noexcept { take(other); }
  SmallVector& operator=(const SmallVector& other) {
    if (this != &other) {
      SmallVector copy(other);
      reset();
      take(copy);
    }
    return *this;
  }
  SmallVector& operator=(SmallVector&& other) noexcept {
    if (this != &other) {
      reset();
      take(other);
    }
    return *this;
  }
  ~SmallVector() { reset(); }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] T* data() noexcept { return data_; }
  [[nodiscard]] const T* data() const noexcept { return data_; }
  [[nodiscard]] T* begin() noexcept { return data_; }
  [[nodiscard]] const T* begin() const noexcept { return data_; }
  [[nodiscard]] T* end() noexcept { return data_ + size_; }
  [[nodiscard]] const T* end() const noexcept { return data_ + size_; }
  [[nodiscard]] T& operator[](std::size_t i) noexcept { return data_[i]; }
  [[nodiscard]] const T& operator[](std::size_t i) const noexcept { return data_[i]; }
  [[nodiscard]] T& back() noexcept { return data_[size_ - 1]; }
  [[nodiscard]] const T& back() const noexcept { return data_[size_ - 1]; }
  [[nodiscard]] std::span<const T> span() const noexcept { return {data_, size_}; }

  void reserve(std::size_t capacity) {
    if (capacity > capacity_) {
      grow(capacity);
    }
  }

  template <class... Args>
  T& emplace_back(Args&&... args) {
    if (size_ == capacity_) {
      // Built first: an argument may refer to an element that growing moves.
      T value(std::forward<Args>(args)...);
      grow(capacity_ * 2);
      std::construct_at(data_ + size_, std::move(value));
    } else {
      std::construct_at(data_ + size_, std::forward<Args>(args)...);
    }
    return data_[size_++];
  }
  void push_back(const T& value) { emplace_back(value); }
  void push_back(T&& value) { emplace_back(std::move(value)); }

  void resize(std::size_t size) {
    reserve(size);
    while (size_ > size) {
      std::destroy_at(data_ + --size_);
    }
    while (size_ < size) {
      std::construct_at(data_ + size_);
      ++size_;
    }
  }

  void clear() noexcept {
    std::destroy_n(data_, size_);
    size_ = 0;
  }

  friend bool operator==(const SmallVector& a, const SmallVector& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  [[nodiscard]] T* inline_data() noexcept { return reinterpret_cast<T*>(inline_); }
  [[nodiscard]] bool is_inline() noexcept { return data_ == inline_data(); }

  void append_copies(std::span<const T> values) {
    try {
      reserve(values.size());
      for (const T& value : values) {
        std::construct_at(data_ + size_, value);
        ++size_;
      }
    } catch (...) {
      reset();
      throw;
    }
  }

  void grow(std::size_t capacity) {
    T* moved = std::allocator<T>().allocate(capacity);
    std::uninitialized_move_n(data_, size_, moved);
    std::destroy_n(data_, size_);
    if (!is_inline()) {
      std::allocator<T>().deallocate(data_, capacity_);
    }
    data_ = moved;
    capacity_ = capacity;
  }

  /// Leaves `other` empty; *this must be empty and inline.
  void take(SmallVector& other) noexcept {
    if (other.is_inline()) {
      std::uninitialized_move_n(other.data_, other.size_, data_);
      size_ = other.size_;
      other.clear();
    } else {
      data_ = std::exchange(other.data_, other.inline_data());
      size_ = std::exchange(other.size_, 0);
      capacity_ = std::exchange(other.capacity_, N);
    }
  }

  void reset() noexcept {
    clear();
    if (!is_inline()) {
      std::allocator<T>().deallocate(data_, capacity_);
      data_ = inline_data();
      capacity_ = N;
    }
  }

  alignas(T) std::byte inline_[N * sizeof(T)];
  T* data_ = inline_data();
  std::size_t size_ = 0;
  std::size_t capacity_ = N;
};

}  // namespace replayrt
