#include "backends/openvino/graph_edits.hpp"

#include <algorithm>
#include <openvino/op/constant.hpp>
#include <openvino/op/result.hpp>
#include <openvino/op/squeeze.hpp>
#include <openvino/op/topk.hpp>
#include <string>

#include "backends/openvino/types.hpp"
#include "replayrt/core/error.hpp"

namespace replayrt::openvino {
namespace {

std::size_t output_position(const ov::Model& model, const std::string& name) {
  std::string known;
  const auto outputs = model.outputs();
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (tensor_name(outputs[i]) == name) {
      return i;
    }
    known.append(known.empty() ? "" : ", ").append(tensor_name(outputs[i]));
  }
  throw Error(ErrorCode::kInvalidParameter,
              "argmax: the model has no output '" + name + "': it has " + known);
}

// The axis counted from 0.
std::int64_t checked_axis(const GraphEdits::ArgMax& edit, const ov::PartialShape& shape) {
  if (shape.rank().is_dynamic()) {
    throw Error(ErrorCode::kInvalidParameter,
                "argmax: output '" + edit.output + "' has no fixed rank: an axis cannot be told");
  }
  const std::int64_t rank = shape.rank().get_length();
  if (edit.axis < -rank || edit.axis >= rank) {
    const std::string range =
        rank == 0 ? "it is a scalar and has none"
                  : "expected " + std::to_string(-rank) + " to " + std::to_string(rank - 1);
    throw Error(ErrorCode::kInvalidParameter, "argmax: output '" + edit.output + "' has no axis " +
                                                  std::to_string(edit.axis) + ": " + range);
  }
  return edit.axis < 0 ? edit.axis + rank : edit.axis;
}

void apply(const GraphEdits::ArgMax& edit, ov::Model& model) {
  const ov::Output<ov::Node> output = model.output(output_position(model, edit.output));
  const std::int64_t axis = checked_axis(edit, output.get_partial_shape());
  auto* const result = output.get_node();
  const ov::Output<ov::Node> source = result->input_value(0);
  if (!source.get_element_type().is_real() && !source.get_element_type().is_integral_number()) {
    throw Error(ErrorCode::kInvalidParameter, "argmax: output '" + edit.output + "' has type " +
                                                  source.get_element_type().to_string() +
                                                  ": expected numbers");
  }
  const auto names = output.get_names();
  const auto one = ov::op::v0::Constant::create(ov::element::i64, {}, {1});
  // Stable and sorted: of equal elements the one with the lowest index comes first.
  const auto top = std::make_shared<ov::op::v11::TopK>(source, one, axis, ov::op::TopKMode::MAX,
                                                       ov::op::TopKSortType::SORT_VALUES,
                                                       ov::element::i64, true);
  const auto axes = ov::op::v0::Constant::create(ov::element::i64, {1}, {axis});
  const auto index = std::make_shared<ov::op::v0::Squeeze>(top->output(1), axes);
  index->set_friendly_name(edit.output + "/argmax");
  source.get_tensor().set_names({});
  result->input(0).replace_source_output(index->output(0));
  index->output(0).get_tensor().set_names(names);
  model.validate_nodes_and_infer_types();
}

}  // namespace

void apply(const GraphEdits& edits, ov::Model& model) {
  for (const GraphEdits::ArgMax& edit : edits.argmax) {
    apply(edit, model);
  }
}

}  // namespace replayrt::openvino
