#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <openvino/runtime/compiled_model.hpp>
#include <utility>
#include <vector>

namespace replayrt::openvino {

/// The compilations of a model that its executors share. OpenVINO runs one request of a compiled
/// model at a time (with one stream), so another compilation is made when an executor would have to
/// share and there is room; it stays for the engine's life. Thread-safe.
class CompiledModelPool {
  struct Entry {
    ov::CompiledModel model;
    std::atomic<std::size_t> users{0};
  };

 public:
  /// An executor's hold on a compiled model; it may outlive the pool.
  class Use {
   public:
    Use(Use&& other) noexcept = default;
    Use& operator=(Use&&) = delete;
    ~Use() {
      if (entry_ != nullptr) {
        --entry_->users;
      }
    }

    /// A hold on a compilation of one's own.
    static Use alone(ov::CompiledModel model) {
      auto entry = std::make_shared<Entry>();
      entry->model = std::move(model);
      return Use(std::move(entry));
    }

    [[nodiscard]] ov::CompiledModel& model() const noexcept { return entry_->model; }

   private:
    friend class CompiledModelPool;
    explicit Use(std::shared_ptr<Entry> entry) noexcept : entry_(std::move(entry)) {
      ++entry_->users;
    }

    std::shared_ptr<Entry> entry_;
  };

  /// Makes the first compilation; throws what `compile` throws.
  CompiledModelPool(std::size_t most, std::function<ov::CompiledModel()> compile);

  /// The compilation with the fewest users, or a new one.
  [[nodiscard]] Use attach();

  [[nodiscard]] std::size_t size() const;

 private:
  const std::size_t most_;
  const std::function<ov::CompiledModel()> compile_;
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Entry>> entries_;
};

}  // namespace replayrt::openvino
