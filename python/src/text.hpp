#pragma once

#include <string>
#include <string_view>

#include "bindings.hpp"

namespace replayrt::python {

/// A str of text that is mostly UTF-8: names of files and classes need not be. `errors` says what
/// becomes of other bytes, as in Python's `bytes.decode`.
nb::object text_of(std::string_view text, const char* errors = "replace");

/// What the class of an object is called.
std::string class_name_of(nb::handle object);

}  // namespace replayrt::python
