#include "backends/openvino/image_inputs.hpp"

#include <algorithm>
#include <cmath>
#include <openvino/core/preprocess/pre_post_process.hpp>
#include <string>

#include "backends/openvino/types.hpp"
#include "replayrt/core/error.hpp"

namespace replayrt::openvino {
namespace {

using Edit = GraphEdits::ImageInput;

constexpr std::size_t kRank = 4;
constexpr std::size_t kChannelAxis = 1;

[[noreturn]] void refuse(const Edit& edit, const std::string& what) {
  throw Error(ErrorCode::kInvalidParameter, "image_inputs: input '" + edit.input + "' " + what);
}

std::size_t input_position(const ov::Model& model, const Edit& edit) {
  std::string known;
  const auto inputs = model.inputs();
  if (edit.input.empty() && inputs.size() == 1) {
    return 0;
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (tensor_name(inputs[i]) == edit.input) {
      return i;
    }
    known.append(known.empty() ? "" : ", ").append(tensor_name(inputs[i]));
  }
  refuse(edit, "is not there: the model has " + known);
}

void require_fitting(const Edit& edit, const ov::Output<ov::Node>& input) {
  const ov::PartialShape& shape = input.get_partial_shape();
  if (shape.rank().is_dynamic() || shape.size() != kRank || shape[kChannelAxis].is_dynamic()) {
    refuse(edit, "has shape " + shape.to_string() +
                     ": expected (batch, channels, height, width) with a fixed number of channels");
  }
  if (!input.get_element_type().is_real()) {
    refuse(edit, "has type " + input.get_element_type().to_string() + ": expected a floating one");
  }
  const auto usable = [](double value) { return std::isfinite(value) && value != 0; };
  if (!usable(edit.scale) || !std::ranges::all_of(edit.standard_deviation, usable)) {
    refuse(edit, "is divided by a scale or standard deviation that is 0 or not finite");
  }
  const auto channels = static_cast<std::size_t>(shape[kChannelAxis].get_length());
  for (const auto* list : {&edit.mean, &edit.standard_deviation}) {
    if (!list->empty() && list->size() != channels) {
      refuse(edit, "has " + std::to_string(channels) + " channels, but " +
                       std::to_string(list->size()) + " means or standard deviations");
    }
  }
}

std::vector<float> as_floats(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

}  // namespace

void apply_edits(const std::vector<Edit>& edits, std::shared_ptr<ov::Model>& model) {
  for (const Edit& edit : edits) {
    const std::size_t position = input_position(*model, edit);
    require_fitting(edit, model->input(position));
    ov::preprocess::PrePostProcessor processor(model);
    ov::preprocess::InputInfo& input = processor.input(position);
    input.tensor().set_element_type(ov::element::u8).set_layout("NHWC");
    input.model().set_layout("NCHW");
    ov::preprocess::PreProcessSteps& steps = input.preprocess();
    steps.convert_element_type(ov::element::f32);
    if (edit.scale != 1) {
      steps.scale(static_cast<float>(edit.scale));
    }
    if (!edit.mean.empty()) {
      steps.mean(as_floats(edit.mean));
    }
    if (!edit.standard_deviation.empty()) {
      steps.scale(as_floats(edit.standard_deviation));
    }
    model = processor.build();
  }
}

}  // namespace replayrt::openvino
