#include "text.hpp"

namespace replayrt::python {

nb::object text_of(std::string_view text, const char* errors) {
  return nb::steal(PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), errors));
}

std::string class_name_of(nb::handle object) {
  return nb::str(object.type().attr("__name__")).c_str();
}

}  // namespace replayrt::python
