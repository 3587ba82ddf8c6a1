#include "backends/openvino/capture_rules.hpp"

#include <openvino/op/multinomial.hpp>
#include <openvino/op/random_uniform.hpp>
#include <openvino/op/util/assign_base.hpp>
#include <openvino/op/util/multi_subgraph_base.hpp>
#include <openvino/op/util/read_value_base.hpp>
#include <string_view>

#include "backends/openvino/types.hpp"

namespace replayrt::openvino {
namespace {

std::optional<Refusal> refusal_of_node(const ov::Node& node) {
  const auto named = [&](std::string_view what) {
    return "operation " + std::string(node.get_type_name()) + " '" + node.get_friendly_name() +
           "' " + std::string(what);
  };
  if (dynamic_cast<const ov::op::util::ReadValueBase*>(&node) != nullptr ||
      dynamic_cast<const ov::op::util::AssignBase*>(&node) != nullptr) {
    return Refusal{Reason::kStateful, named("keeps state between runs")};
  }
  if (ov::is_type<const ov::op::v8::RandomUniform>(&node) ||
      ov::is_type<const ov::op::v13::Multinomial>(&node)) {
    return Refusal{Reason::kRandom, named("draws random numbers")};
  }
  if (const auto* parent = dynamic_cast<const ov::op::util::MultiSubGraphOp*>(&node)) {
    for (const auto& body : parent->get_functions()) {
      if (auto refusal = body == nullptr ? std::nullopt : refusal_of(*body)) {
        return refusal;
      }
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Refusal> refusal_of(const ov::Model& model) {
  for (const auto& node : model.get_ordered_ops()) {
    if (auto refusal = refusal_of_node(*node)) {
      return refusal;
    }
  }
  if (!model.get_variables().empty()) {
    return Refusal{Reason::kStateful, "the model keeps state between runs"};
  }
  return std::nullopt;
}

std::optional<Refusal> data_dependence_of(const ov::CompiledModel& model) {
  for (const auto& output : model.outputs()) {
    if (output.get_partial_shape().is_dynamic()) {
      return Refusal{Reason::kDataDependentShape, "the shape of output '" + tensor_name(output) +
                                                      "' depends on the values of the inputs: " +
                                                      output.get_partial_shape().to_string()};
    }
  }
  return std::nullopt;
}

}  // namespace replayrt::openvino
