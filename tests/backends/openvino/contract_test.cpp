#include <array>
#include <filesystem>
#include <random>

#include "contract/engine_contract.hpp"
#include "replayrt/load_engine.hpp"

namespace replayrt::contract {
namespace {

class OpenVinoSubject final : public ContractSubject {
 public:
  Engine make_engine(int variant) override {
    constexpr std::array kModels = {"squeezenet.onnx", "resnet50.onnx"};
    return load_engine(std::filesystem::path(REPLAYRT_TEST_DATA_DIR) / "models" /
                       kModels.at(static_cast<std::size_t>(variant)));
  }

  std::vector<Tensor> make_inputs(std::int64_t rows, unsigned seed) override {
    Tensor tensor = Tensor::allocate(DType::kF32, Shape{rows, 3, 224, 224});
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    // A colour of its own for each plane: a network of random weights averages fine noise away.
    float colour = 0;
    for (std::size_t i = 0; float& value : tensor.as<float>()) {
      colour = i++ % (224 * 224) == 0 ? normal(random) : colour;
      value = colour + normal(random);
    }
    return {tensor};
  }

  double tolerance() const override { return 1e-5; }
};

REPLAYRT_INSTANTIATE_ENGINE_CONTRACT(OpenVino, OpenVinoSubject);

}  // namespace
}  // namespace replayrt::contract
