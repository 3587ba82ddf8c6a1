#pragma once

#include <optional>
#include <vector>

#include "bindings.hpp"
#include "replayrt/models/result.hpp"

namespace replayrt::python {

/// The dataclass of `replayrt.results` for a prediction, whose arrays take its memory over where
/// they can. `class_names` is a tuple of str, shared by all results of a model.
nb::object prediction_to_python(Prediction prediction, nb::handle class_names, ImageSize size);

/// The inverse. Throws Error(kInvalidParameter) that names the class if it is none of them, and
/// nb::python_error for fields of other types.
Prediction prediction_from_python(nb::handle prediction);

/// (height, width), or (0, 0) for None.
ImageSize size_from_python(nb::handle size);

}  // namespace replayrt::python
