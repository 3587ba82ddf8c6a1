#include "bindings.hpp"
#include "process.hpp"
#include "replayrt/core/version.hpp"

namespace python = replayrt::python;

NB_MODULE(_core, m) {
  m.doc() = "ReplayRT's C++ library; use the names of the package `replayrt`.";
  m.attr("version") = replayrt::kVersion;
  python::watch_forks();
  python::bind_errors();
  python::bind_log(m);
  python::bind_engine(m);
  python::bind_graph_cache(m);
  python::bind_buckets(m);
  python::bind_infer(m);
  python::bind_predictions(m);
  python::bind_model(m);
  python::bind_cli(m);
}
