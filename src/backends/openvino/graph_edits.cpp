#include "backends/openvino/graph_edits.hpp"

#include <memory>
#include <openvino/op/constant.hpp>
#include <openvino/op/convert.hpp>
#include <openvino/op/gather.hpp>
#include <openvino/op/greater_eq.hpp>
#include <openvino/op/identity.hpp>
#include <openvino/op/less.hpp>
#include <openvino/op/parameter.hpp>
#include <openvino/op/range.hpp>
#include <openvino/op/reduce_max.hpp>
#include <openvino/op/reduce_min.hpp>
#include <openvino/op/reshape.hpp>
#include <openvino/op/result.hpp>
#include <openvino/op/select.hpp>
#include <openvino/op/shape_of.hpp>
#include <openvino/op/squeeze.hpp>
#include <string>
#include <utility>
#include <vector>

#include "backends/openvino/image_inputs.hpp"
#include "backends/openvino/types.hpp"
#include "replayrt/core/error.hpp"

namespace replayrt::openvino {
namespace {

namespace op = ov::op;

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

// The smallest index whose element equals the largest element. Not TopK: its stable form is slower
// than all the rest of a recognition model's output layer, and its other forms give any of several
// equal elements.
ov::Output<ov::Node> first_largest(const ov::Output<ov::Node>& source, std::int64_t axis) {
  const auto axes = op::v0::Constant::create(ov::element::i64, {1}, {axis});
  const auto zero = op::v0::Constant::create(ov::element::i32, {}, {0});
  const auto one = op::v0::Constant::create(ov::element::i32, {}, {1});
  const auto shape = std::make_shared<op::v3::ShapeOf>(source, ov::element::i32);
  const auto extent = std::make_shared<op::v8::Gather>(shape, axes->output(0), zero);
  const auto count = std::make_shared<op::v0::Squeeze>(extent);
  const auto numbers = std::make_shared<op::v4::Range>(zero, count, one, ov::element::i32);
  std::vector<std::int64_t> along(source.get_partial_shape().size(), 1);
  along[static_cast<std::size_t>(axis)] = -1;
  const auto indices = std::make_shared<op::v1::Reshape>(
      numbers, op::v0::Constant::create(ov::element::i64, {along.size()}, along), false);
  const auto largest = std::make_shared<op::v1::ReduceMax>(source, axes, true);
  const auto is_largest = std::make_shared<op::v1::GreaterEqual>(source, largest);
  const auto candidates = std::make_shared<op::v1::Select>(is_largest, indices, count);
  const auto first = std::make_shared<op::v1::ReduceMin>(candidates, axes, false);
  // Nothing equals the largest of NaNs, nor of minus infinities, whose largest OpenVINO gives as
  // -FLT_MAX.
  const auto found = std::make_shared<op::v1::Less>(first, count);
  const auto index = std::make_shared<op::v1::Select>(found, first, zero);
  return std::make_shared<op::v0::Convert>(index, ov::element::i64);
}

void append_arg_max(const GraphEdits::ArgMax& edit, ov::Model& model) {
  const ov::Output<ov::Node> output = model.output(output_position(model, edit.output));
  const std::int64_t axis = checked_axis(edit, output.get_partial_shape());
  auto* const result = output.get_node();
  const ov::Output<ov::Node> source = result->input_value(0);
  if (!source.get_element_type().is_real() && !source.get_element_type().is_integral_number()) {
    throw Error(ErrorCode::kInvalidParameter, "argmax: output '" + edit.output + "' has type " +
                                                  source.get_element_type().to_string() +
                                                  ": expected numbers");
  }
  // NOLINTNEXTLINE(performance-unnecessary-copy-initialization): they are taken from it below.
  const auto names = output.get_names();
  const ov::Output<ov::Node> index = first_largest(source, axis);
  index.get_node()->set_friendly_name(edit.output + "/argmax");
  source.get_tensor().set_names({});
  result->input(0).replace_source_output(index);
  index.get_tensor().set_names(names);
  model.validate_nodes_and_infer_types();
}

}  // namespace

void apply_edits(const GraphEdits& edits, std::shared_ptr<ov::Model>& model) {
  apply_edits(edits.image_inputs, model);
  for (const GraphEdits::ArgMax& edit : edits.argmax) {
    append_arg_max(edit, *model);
  }
}

void separate_inputs_from_outputs(ov::Model& model) {
  for (const auto& result : model.get_results()) {
    const ov::Output<ov::Node> source = result->input_value(0);
    if (ov::is_type<op::v0::Parameter>(source.get_node())) {
      result->input(0).replace_source_output(std::make_shared<op::v16::Identity>(source));
    }
  }
  model.validate_nodes_and_infer_types();
}

}  // namespace replayrt::openvino
