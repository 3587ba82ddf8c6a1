#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
// All casters in every file: one that is missing shows only when its call is made.
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

namespace nb = nanobind;

namespace replayrt::python {

// One function per file of this folder: each adds its names to the module.
void bind_errors();
void bind_log(nb::module_& m);
void bind_graph_cache(nb::module_& m);
void bind_buckets(nb::module_& m);
void bind_engine(nb::module_& m);
void bind_infer(nb::module_& m);
void bind_model(nb::module_& m);
void bind_predictions(nb::module_& m);
void bind_cli(nb::module_& m);

}  // namespace replayrt::python
