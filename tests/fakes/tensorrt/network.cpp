#include "fakes/tensorrt/network.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "fakes/tensorrt/model.hpp"
#include "fakes/tensorrt/state.hpp"

namespace replayrt::fakes::tensorrt {
namespace {

class InputTensor final : public nvinfer1::ITensor {
 public:
  InputTensor(const Input& input, bool is_shape) : name_(input.name), is_shape_(is_shape) {
    for (const Range& range : input.profiles.front()) {
      dims_.push_back(range.min == range.max ? range.min : -1);
    }
  }

  char const* getName() const noexcept override { return name_.c_str(); }
  nvinfer1::Dims getDimensions() const noexcept override { return dims_of(dims_); }
  bool isShapeTensor() const noexcept override { return is_shape_; }

 private:
  std::string name_;
  Extents dims_;
  bool is_shape_;
};

}  // namespace

Network::Network() {
  ++State::instance().builders;
}

Network::~Network() noexcept {
  --State::instance().builders;
}

void Network::define(Plan defined) {
  for (std::size_t i = 0; i < defined.inputs.size(); ++i) {
    const bool is_shape = defined.function == Function::kExpand && i == 1;
    inputs_.push_back(std::make_unique<InputTensor>(defined.inputs[i], is_shape));
  }
  model = std::move(defined);
}

nvinfer1::ITensor* Network::getInput(std::int32_t index) const noexcept {
  const auto at = static_cast<std::size_t>(index);
  return at < inputs_.size() ? inputs_[at].get() : nullptr;
}

}  // namespace replayrt::fakes::tensorrt
