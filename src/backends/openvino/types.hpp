#pragma once

#include <openvino/core/model.hpp>
#include <optional>
#include <string>
#include <vector>

#include "replayrt/core/engine.hpp"

namespace replayrt::openvino {

/// The same type in the other library's words; empty if ReplayRT has none (string, nf4, u1, …).
std::optional<DType> dtype_of_element(const ov::element::Type& type);
ov::element::Type element_of_dtype(DType dtype);

/// The name under which users know a tensor: its ONNX or IR name, or one made from the node's.
std::string tensor_name(const ov::Output<const ov::Node>& port);

/// What users are told of the model's inputs and outputs. Throw Error(kUnsupported) that names a
/// tensor whose type or fixed rank ReplayRT cannot hold.
std::vector<TensorSpec> input_specs(const ov::Model& model);
std::vector<TensorSpec> output_specs(const ov::Model& model);

ov::Shape ov_shape(const Shape& shape);
/// Throws Error(kUnsupported) if the rank is above Shape::kMaxRank.
Shape shape_of(const ov::Shape& shape);

}  // namespace replayrt::openvino
