// Writes what the double's parser takes for the ONNX models of tools/gpu_proof.sh, with inputs of
// their shapes, to the folder that its argument names.

#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "fakes/tensorrt/plan.hpp"

namespace {

using replayrt::fakes::tensorrt::Plan;
using replayrt::fakes::tensorrt::Range;

// What a model leaves open. No tensor may have more elements than the double can count.
const Range kOpen{1, 1, 800};

Plan model(float salt, std::vector<Range> shape) {
  Plan plan;
  plan.salt = salt;
  plan.inputs.push_back({"x", replayrt::DType::kF32, {std::move(shape)}});
  plan.outputs.push_back({"y", replayrt::DType::kF32});
  return plan;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: double_models FOLDER\n";
    return 2;
  }
  const Range three = Range::fixed(3);
  const Range side = Range::fixed(224);
  const Range small = Range::fixed(16);
  const std::vector<std::pair<std::string, Plan>> models = {
      {"launch_bound", model(1, {kOpen, small, small, small})},
      {"squeezenet", model(2, {kOpen, three, side, side})},
      {"resnet50", model(3, {kOpen, three, side, side})},
      {"ppocrv6_det", model(4, {kOpen, three, kOpen, kOpen})},
      {"ppocrv6_rec", model(5, {kOpen, three, Range::fixed(48), kOpen})},
  };
  for (const auto& [name, plan] : models) {
    const std::vector<std::byte> bytes = replayrt::fakes::tensorrt::serialize(plan);
    std::ofstream file(std::filesystem::path(argv[1]) / (name + ".onnx"), std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    if (!file.flush()) {
      std::cerr << "double_models: cannot write to " << argv[1] << '\n';
      return 1;
    }
  }
}
