#pragma once

#include <NvInfer.h>

#include <memory>
#include <optional>
#include <vector>

#include "fakes/tensorrt/plan.hpp"

namespace replayrt::fakes::tensorrt {

/// What the double's parser fills and its builder reads: a description of the engine whose inputs
/// have one "profile", of what the model leaves open.
class Network final : public nvinfer1::INetworkDefinition {
 public:
  Network();
  ~Network() noexcept override;

  void define(Plan model);

  std::int32_t getNbInputs() const noexcept override {
    return static_cast<std::int32_t>(inputs_.size());
  }
  nvinfer1::ITensor* getInput(std::int32_t index) const noexcept override;

  std::optional<Plan> model;
  /// The parser that holds the model's weights.
  std::weak_ptr<const int> weights;

 private:
  std::vector<std::unique_ptr<nvinfer1::ITensor>> inputs_;
};

}  // namespace replayrt::fakes::tensorrt
