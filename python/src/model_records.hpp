#pragma once

#include "bindings.hpp"

namespace replayrt::python {

/// Adds the values that go with a model: image sizes, pre-processing metadata, options of a call.
void bind_model_records(nb::module_& m);

}  // namespace replayrt::python
