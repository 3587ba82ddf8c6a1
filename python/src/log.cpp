#include "replayrt/core/log.hpp"

#include <memory>
#include <string>

#include "bindings.hpp"
#include "process.hpp"
#include "text.hpp"

namespace replayrt::python {
namespace {

/// Gives the function back under the GIL, whatever thread drops the last copy of the sink.
std::shared_ptr<nb::object> shared_function(nb::object function) {
  return {new nb::object(std::move(function)), [](nb::object* held) {
            if (Py_IsInitialized() != 0) {
              const nb::gil_scoped_acquire acquire;
              delete held;
            }
          }};
}

void call(const nb::object& function, LogLevel level, std::string_view message) noexcept {
  if (Py_IsInitialized() == 0) {
    return;
  }
  const nb::gil_scoped_acquire acquire;
  try {
    function(text_of(to_string(level)), text_of(message, "backslashreplace"));
  } catch (nb::python_error& error) {
    error.discard_as_unraisable("replayrt: log sink");
  } catch (...) {  // No memory for the text.
  }
}

void set_sink(nb::object function, const std::string& level) {
  const LogLevel least = log_level_from_string(level);
  if (is_broken_fork()) {
    return;  // The lock of the sink may be a thread's that is not there.
  }
  LogSink sink;
  if (!function.is_none()) {
    sink = [held = shared_function(std::move(function))](LogLevel of, std::string_view message) {
      call(*held, of, message);
    };
  }
  // Threads that log wait for the GIL; the setter must not wait for them while it holds it.
  const nb::gil_scoped_release release;
  set_log_sink(std::move(sink), least);
}

}  // namespace

void bind_log(nb::module_& m) {
  m.def("set_log_sink", set_sink, nb::arg("sink").none(), nb::arg("level"),
        nb::sig("def set_log_sink(sink: collections.abc.Callable[[str, str], object] | None, "
                "level: str) -> None"),
        "Sends messages of at least `level` to `sink(level, message)`, in the whole process; None: "
        "nowhere. Called from any thread; what it raises is reported as unraisable.");
}

}  // namespace replayrt::python
