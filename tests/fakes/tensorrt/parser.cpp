// The double's libnvonnxparser. What it takes for an ONNX file is a plan of the double's own whose
// inputs say in one profile what the model leaves open (fakes/tensorrt/plan.hpp).

#include <NvOnnxParser.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "fakes/tensorrt/network.hpp"
#include "fakes/tensorrt/state.hpp"

namespace replayrt::fakes::tensorrt {
namespace {

class Complaint final : public nvonnxparser::IParserError {
 public:
  Complaint(int node, std::string text) : node_(node), text_(std::move(text)) {}

  char const* desc() const override { return text_.c_str(); }
  char const* file() const override { return "ModelImporter.cpp"; }
  int line() const override { return 42; }
  int node() const override { return node_; }
#if REPLAYRT_FAKE_TENSORRT >= 1000
  char const* nodeName() const override {
    return "stem.plugin";
  }
  char const* nodeOperator() const override {
    return "Plugin";
  }
#endif

 private:
  int node_;
  std::string text_;
};

class Parser final : public nvonnxparser::IParser {
 public:
  Parser(Network& network, nvinfer1::ILogger& logger) : network_(network), logger_(logger) {
    ++State::instance().builders;
  }
  ~Parser() noexcept override { --State::instance().builders; }

  bool parseFromFile(char const* file, int /*verbosity*/) override {
    if (!may_proceed(logger_, "parseFromFile")) {
      return false;
    }
    std::ifstream stream(file, std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(stream), {}};
    auto model = parse(std::as_bytes(std::span(bytes)));
    if (const auto* why = std::get_if<std::string>(&model)) {
      complaints_.emplace_back(-1, *why);
      return false;
    }
    Plan& plan = std::get<Plan>(model);
    if (plan.plugin_synchronizes) {  // There is no such plugin in this double's registry.
      complaints_.emplace_back(7, "No importer registered for op: Plugin");
      return false;
    }
    network_.define(std::move(plan));
    network_.weights = weights_;
    return true;
  }
  int getNbErrors() const override { return static_cast<int>(complaints_.size()); }
  nvonnxparser::IParserError const* getError(int index) const override {
    return &complaints_[static_cast<std::size_t>(index)];
  }

 private:
  Network& network_;
  nvinfer1::ILogger& logger_;
  std::vector<Complaint> complaints_;
  std::shared_ptr<const int> weights_ = std::make_shared<const int>(0);
};

}  // namespace
}  // namespace replayrt::fakes::tensorrt

extern "C" __attribute__((visibility("default"))) void* createNvOnnxParser_INTERNAL(
    void* network, void* logger, int /*version*/) {
  namespace trt = replayrt::fakes::tensorrt;
  auto& log = *static_cast<nvinfer1::ILogger*>(logger);
  if (!trt::may_proceed(log, "createNvOnnxParser_INTERNAL")) {
    return nullptr;
  }
  auto* definition = static_cast<nvinfer1::INetworkDefinition*>(network);
  return static_cast<nvonnxparser::IParser*>(
      new trt::Parser(*static_cast<trt::Network*>(definition), log));
}
