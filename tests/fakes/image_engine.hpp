#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "core/host_block_pool.hpp"
#include "replayrt/core/engine.hpp"

namespace replayrt::fakes {

/// An engine that stands for a network on pictures: what it answers is a function of the input.
struct ImageEngineOptions {
  std::vector<TensorSpec> inputs{};
  std::vector<TensorSpec> outputs{};
  /// One tensor per output. Called from many threads at once.
  std::function<TensorList(const TensorView& images)> answer{};
  std::string name = "fake";
};

class ImageEngine final : public EngineBackend {
 public:
  explicit ImageEngine(ImageEngineOptions options) : options_(std::move(options)) {}

  [[nodiscard]] std::string_view name() const noexcept override { return options_.name; }
  [[nodiscard]] Device device() const noexcept override { return {}; }
  [[nodiscard]] const std::vector<TensorSpec>& inputs() const noexcept override {
    return options_.inputs;
  }
  [[nodiscard]] const std::vector<TensorSpec>& outputs() const noexcept override {
    return options_.outputs;
  }
  [[nodiscard]] std::size_t max_eager_executors() const noexcept override { return 2; }
  std::unique_ptr<Executor> make_eager() override {
    return std::make_unique<Runner>(options_.answer);
  }
  std::unique_ptr<Executor> capture(const InputSignature& /*signature*/) override {
    return std::make_unique<Runner>(options_.answer);
  }
  MemoryResource& memory() noexcept override { return memory_; }

 private:
  class Runner final : public Executor {
   public:
    explicit Runner(std::function<TensorList(const TensorView&)> answer)
        : answer_(std::move(answer)) {}
    RunReport run(std::span<const TensorView> inputs, const RunContext& /*context*/,
                  TensorList& outputs) override {
      outputs = answer_(inputs[0]);
      return {};
    }
    [[nodiscard]] std::size_t bytes() const noexcept override { return 1; }

   private:
    std::function<TensorList(const TensorView&)> answer_{};
  };

  ImageEngineOptions options_;
  HostBlockPool pool_;
  HostMemory memory_{pool_};
};

inline Engine make_image_engine(ImageEngineOptions options) {
  return Engine(std::make_unique<ImageEngine>(std::move(options)));
}

}  // namespace replayrt::fakes
