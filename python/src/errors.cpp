
#include <new>
#include <string>

#include "bindings.hpp"
#include "replayrt/core/error.hpp"
#include "text.hpp"

namespace replayrt::python {
namespace {

/// Raises the class that `replayrt.errors` has for the code.
void raise_error(const std::string& code, const char* message) {
  const nb::module_ errors = nb::module_::import_("replayrt.errors");
  const nb::object type = errors.attr("CLASS_BY_CODE").attr("get")(code, errors.attr("Error"));
  const nb::object error = type(text_of(message, "backslashreplace"), code);
  PyErr_SetObject(type.ptr(), error.ptr());
}

}  // namespace

void bind_errors() {
  nb::register_exception_translator([](const std::exception_ptr& thrown, void* /*payload*/) {
    try {
      std::rethrow_exception(thrown);
    } catch (const Error& error) {
      raise_error(std::string(to_string(error.code())), error.what());
    } catch (const std::bad_alloc&) {
      raise_error(std::string(to_string(ErrorCode::kOutOfMemory)), "out of memory");
    }
  });
}

}  // namespace replayrt::python
