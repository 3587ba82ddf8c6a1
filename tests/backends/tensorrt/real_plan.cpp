// Engines that compute what the double computes, built by NVIDIA's builder on this machine's GPU.

#include <algorithm>
#include <deque>
#include <map>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "backends/tensorrt/builder_api.hpp"
#include "backends/tensorrt/library.hpp"
#include "backends/tensorrt/logger.hpp"
#include "backends/tensorrt/machine.hpp"
#include "fakes/tensorrt/model.hpp"

namespace replayrt::tensorrt_test {
namespace {

using nvinfer1::ITensor;
using trt_double::Extents;

template <class T>
T& made(T* object, const char* what) {
  if (object == nullptr) {
    throw std::runtime_error(std::string("TensorRT made no ") + what);
  }
  return *object;
}

/// The layers of a plan. Outlives the build, which reads its constants.
class Layers {
 public:
  Layers(const Plan& plan, nvinfer1::INetworkDefinition& network) : plan_(plan), network_(network) {
    for (const trt_double::Input& input : plan.inputs) {
      if (input.dtype != DType::kF32) {
        throw std::invalid_argument("on a GPU only f32 inputs are built, unlike '" + input.name +
                                    "'");
      }
      inputs_.push_back(
          &made(network.addInput(input.name.c_str(), nvinfer1::DataType::kFLOAT,
                                 trt_double::dims_of(trt_double::network_shape(input))),
                "input"));
    }
    if (plan.function == Function::kSum) {
      add_sum();
    } else if (plan.function == Function::kNonZero) {
      add_non_zero();
    } else {
      throw std::invalid_argument("on a GPU only sums and places of what is not zero are built");
    }
  }

 private:
  static ITensor& result(nvinfer1::ILayer* layer, const char* what) {
    return *made(layer, what).getOutput(0);
  }

  void mark_output(ITensor& tensor, std::size_t index) {
    tensor.setName(plan_.outputs.at(index).name.c_str());
    network_.markOutput(tensor);
  }

  /// One number, of as many dimensions as the first input.
  ITensor& number(float value) {
    const Extents ones(static_cast<std::size_t>(inputs_.front()->getDimensions().nbDims), 1);
    const nvinfer1::Weights weights{nvinfer1::DataType::kFLOAT, &numbers_.emplace_back(value), 1};
    return result(network_.addConstant(trt_double::dims_of(ones), weights), "constant");
  }

  ITensor& apply(nvinfer1::ElementWiseOperation operation, ITensor& left, ITensor& right) {
    return result(network_.addElementWise(left, right, operation), "elementwise layer");
  }

  void add_sum() {
    using Operation = nvinfer1::ElementWiseOperation;
    const Extents shape = trt_double::network_shape(plan_.inputs.front());
    if (shape.size() < 2 || std::count(shape.begin() + 1, shape.end(), -1) > 0) {
      throw std::invalid_argument("on a GPU only sums of fixed extents behind the first are built");
    }
    ITensor* sum = &number(std::accumulate(
        shape.begin() + 1, shape.end(), plan_.salt,
        [](float total, std::int64_t extent) { return total + static_cast<float>(extent); }));
    for (std::size_t k = 0; k < inputs_.size(); ++k) {
      ITensor& term = k == 0
                          ? *inputs_[k]
                          : apply(Operation::kPROD, *inputs_[k], number(static_cast<float>(k + 1)));
      sum = &apply(Operation::kSUM, *sum, term);
    }
    // A second stage, so that the first one's result lies in activation memory, as in the double:
    // each element of the last dimension fetched from where it is.
    places_.resize(static_cast<std::size_t>(shape.back()));
    std::iota(places_.begin(), places_.end(), 0);
    const nvinfer1::Weights weights{nvinfer1::DataType::kINT32, places_.data(), shape.back()};
    ITensor& places =
        result(network_.addConstant(trt_double::dims_of({shape.back()}), weights), "constant");
    for (std::size_t i = 0; i < plan_.outputs.size(); ++i) {
      const auto last = static_cast<std::int32_t>(shape.size()) - 1;
      mark_output(result(network_.addGather(*sum, places, last), "gather layer"), i);
    }
  }

  void add_non_zero() {
#if REPLAYRT_TRT_HEADERS >= 1014
    ITensor& places =
        result(network_.addNonZero(*inputs_.front(), nvinfer1::DataType::kINT32), "nonzero layer");
#else
    ITensor& places = result(network_.addNonZero(*inputs_.front()), "nonzero layer");
#endif
    // From 1 x n to n.
    nvinfer1::IShuffleLayer& flat = made(network_.addShuffle(places), "shuffle layer");
    flat.setReshapeDimensions(trt_double::dims_of({-1}));
    mark_output(*flat.getOutput(0), 0);
  }

  const Plan& plan_;
  nvinfer1::INetworkDefinition& network_;
  std::vector<ITensor*> inputs_;
  std::deque<float> numbers_;  ///< Stay where they are.
  std::vector<std::int32_t> places_;
};

void add_profiles(const Plan& plan, nvinfer1::IBuilder& builder, nvinfer1::IBuilderConfig& config) {
  for (std::size_t i = 0; i < plan.inputs.front().profiles.size(); ++i) {
    auto& profile = made(builder.createOptimizationProfile(), "optimization profile");
    for (const trt_double::Input& input : plan.inputs) {
      const auto set = [&](nvinfer1::OptProfileSelector select, std::int64_t Range::*bound) {
        Extents extents;
        for (const Range& range : input.profiles.at(i)) {
          extents.push_back(range.*bound);
        }
        return profile.setDimensions(input.name.c_str(), select, trt_double::dims_of(extents));
      };
      if (!set(nvinfer1::OptProfileSelector::kMIN, &Range::min) ||
          !set(nvinfer1::OptProfileSelector::kOPT, &Range::opt) ||
          !set(nvinfer1::OptProfileSelector::kMAX, &Range::max)) {
        throw std::runtime_error("TensorRT refused the ranges of input '" + input.name + "'");
      }
    }
    if (config.addOptimizationProfile(&profile) < 0) {
      throw std::runtime_error("TensorRT refused an optimization profile");
    }
  }
}

void set_options(const Plan& plan, nvinfer1::IBuilderConfig& config) {
  if (plan.version != 0 || plan.plugin_synchronizes || plan.captures_nothing ||
      plan.blocked_format || (plan.needs_host_code && !tensorrt::kHasHostCode)) {
    throw std::invalid_argument("only the double has such a plan");
  }
  tensorrt::set_flag(config, tensorrt::Flag::kTf32, false);
  if (!tensorrt::use_no_library_kernels(config)) {
    throw std::runtime_error("TensorRT cannot do without kernels of cuBLAS and cuDNN");
  }
  if (plan.shares_profiles) {
    tensorrt::share_profiles(config);
  }
#if REPLAYRT_TRT_HEADERS >= 806
  config.setMaxAuxStreams(static_cast<std::int32_t>(plan.auxiliary_streams));
  if (plan.needs_host_code) {
    // Such a plan brings a runtime along, which is code.
    config.setFlag(nvinfer1::BuilderFlag::kVERSION_COMPATIBLE);
  }
#endif
}

std::vector<std::byte> build(const Plan& plan) {
  using tensorrt::Owned;
  tensorrt::Logger logger;
  const tensorrt::Logger::Recording said(logger);
  const Owned<nvinfer1::IBuilder> builder = tensorrt::Library::open()->create_builder(logger);
  const Owned<nvinfer1::INetworkDefinition> network = tensorrt::create_network(*builder);
  const Layers layers(plan, made(network.get(), "network"));
  const Owned<nvinfer1::IBuilderConfig> config(
      &made(builder->createBuilderConfig(), "builder configuration"));
  set_options(plan, *config);
  add_profiles(plan, *builder, *config);
  const Owned<nvinfer1::IHostMemory> bytes(builder->buildSerializedNetwork(*network, *config));
  if (bytes == nullptr) {
    throw std::runtime_error(tensorrt::with_messages("TensorRT cannot build the engine", said));
  }
  const auto* begin = static_cast<const std::byte*>(bytes->data());
  return {begin, begin + bytes->size()};
}

}  // namespace

/// Each is built once: a build takes seconds. Not thread-safe.
std::vector<std::byte> plan_bytes(const Plan& plan) {
  static std::map<std::string, std::vector<std::byte>> built;
  const std::vector<std::byte> bytes = trt_double::serialize(plan);
  const std::string description(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  auto found = built.find(description);
  if (found == built.end()) {
    found = built.emplace(description, build(plan)).first;
  }
  return found->second;
}

}  // namespace replayrt::tensorrt_test
