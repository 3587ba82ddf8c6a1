// The command line, with Pillow (replayrt.pictures) to read and write pictures.

#include <fmt/format.h>

#include <cstdio>
#include <opencv2/core/mat.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "bindings.hpp"
#include "codecs.hpp"
#include "command.hpp"
#include "pictures.hpp"
#include "process.hpp"
#include "program.hpp"
#include "replayrt/core/error.hpp"

namespace replayrt::python {
namespace {

/// As the system has it: names of files need not be UTF-8. Raises what encoding raises.
std::string native_text(nb::handle text) {
  const nb::object bytes = nb::steal(PyUnicode_EncodeFSDefault(text.ptr()));
  if (!bytes.is_valid()) {
    nb::raise_python_error();
  }
  const nb::bytes content(bytes);
  return {content.c_str(), content.size()};
}

nb::object python_text(std::string_view text) {
  return nb::steal(
      PyUnicode_DecodeFSDefaultAndSize(text.data(), static_cast<Py_ssize_t>(text.size())));
}

nb::object pictures(const char* function) {
  return nb::module_::import_("replayrt.pictures").attr(function);
}

Error error_of(const nb::python_error& error) {
  const nb::handle value = error.value();
  const std::string message = native_text(nb::str(value));
  if (nb::isinstance(value, nb::module_::import_("replayrt.errors").attr("Error"))) {
    const std::string name = native_text(value.attr("code"));
    for (const ErrorCode code :
         {ErrorCode::kModelInput, ErrorCode::kFileAccess, ErrorCode::kUnsupported}) {
      if (to_string(code) == name) {
        return {code, message};
      }
    }
  }
  const bool no_memory = error.matches(PyExc_MemoryError);
  return {no_memory ? ErrorCode::kOutOfMemory : ErrorCode::kModelRuntime,
          fmt::format("{}: {}", native_text(error.type().attr("__name__")), message)};
}

/// Runs `call` under the GIL. What it raises becomes an Error.
template <class Call>
auto with_python(const Call& call) {
  const nb::gil_scoped_acquire gil;
  try {
    return call();
  } catch (const nb::python_error& error) {
    throw error_of(error);
  }
}

cv::Mat copy_of(nb::handle bgr) {
  using Pixels = nb::ndarray<const std::uint8_t, nb::shape<-1, -1, 3>, nb::c_contig>;
  const auto pixels = nb::cast<Pixels>(bgr);
  return cv::Mat(static_cast<int>(pixels.shape(0)), static_cast<int>(pixels.shape(1)), CV_8UC3,
                 const_cast<std::uint8_t*>(pixels.data()))  // NOLINT: is only read.
      .clone();
}

template <class Element>
nb::object array_with_copy_of(const cv::Mat& picture, std::initializer_list<std::size_t> shape) {
  const nb::ndarray<nb::numpy, const Element> pixels(picture.data, shape);
  return nb::cast(pixels, nb::rv_policy::copy);
}

nb::object array_with_copy_of(const cv::Mat& picture) {
  const cv::Mat dense = picture.isContinuous() ? picture : picture.clone();
  const auto height = static_cast<std::size_t>(dense.rows);
  const auto width = static_cast<std::size_t>(dense.cols);
  switch (dense.type()) {
    case CV_8UC1:
      return array_with_copy_of<std::uint8_t>(dense, {height, width});
    case CV_16UC1:
      return array_with_copy_of<std::uint16_t>(dense, {height, width});
    default:
      return array_with_copy_of<std::uint8_t>(dense, {height, width, 3});
  }
}

nb::tuple run_program(const nb::list& arguments) {
  require_usable_process();
  note_use();
  std::vector<std::string> texts;
  for (const nb::handle argument : arguments) {
    texts.push_back(native_text(argument));
  }
  if (texts.empty()) {
    throw Error(ErrorCode::kInvalidParameter, "arguments: are empty, expected the program's name");
  }
  std::vector<const char*> argv;
  argv.reserve(texts.size() + 1);
  for (const std::string& text : texts) {
    argv.push_back(text.c_str());
  }
  argv.push_back(nullptr);
  // What Python has still in its buffer comes before what the program writes.
  const nb::object python_stdout = nb::module_::import_("sys").attr("stdout");
  if (!python_stdout.is_none()) {
    python_stdout.attr("flush")();
  }
  int code = 0;
  std::optional<ErrorCode> error;
  {
    const nb::gil_scoped_release no_gil;
    code = cli::run_program(static_cast<int>(texts.size()), argv.data(), cli::add_commands, &error);
    std::fflush(stdout);
    std::fflush(stderr);
  }
  return nb::make_tuple(code, error.has_value() ? std::string(to_string(*error)) : std::string());
}

void require_whole_picture(const nb::bytes& content, const nb::str& name) {
  const std::string native_name = native_text(name);
  const auto* data = static_cast<const std::uint8_t*>(content.data());
  const std::size_t size = content.size();
  const nb::gil_scoped_release no_gil;
  cli::require_whole_picture({data, size}, native_name);
}

}  // namespace

void bind_cli(nb::module_& m) {
  m.def(
      "run_program", &run_program, nb::arg("arguments"),
      nb::sig("def run_program(arguments: list[str]) -> tuple[int, str]"),
      "Runs the command line; arguments[0] is the program's name. Gives the exit code (0 success, "
      "1 error while working, 2 wrong command line, shape or trace) and the code of the error that "
      "ended it, \"\" if none or of the command line. Results are written to the process's "
      "standard output, messages to its standard error. From then on log messages go there, too. "
      "One call at a time; the GIL is not held.");
  m.def("require_whole_picture", &require_whole_picture, nb::arg("content"), nb::arg("name"),
        "Raises ModelInputError that begins with the name if the content is a JPEG or PNG that "
        "breaks off before its end or has more than 2^28 pixels.");
}

}  // namespace replayrt::python

namespace replayrt::cli::codecs {

using python::array_with_copy_of;
using python::copy_of;
using python::pictures;
using python::python_text;
using python::with_python;

cv::Mat decode(std::span<const std::uint8_t> content, const std::string& name) {
  return with_python([&] {
    return copy_of(pictures("decode_whole_picture")(nb::bytes(content.data(), content.size()),
                                                    python_text(name)));
  });
}

bool can_encode(const std::string& extension) {
  return with_python(
      [&] { return nb::cast<bool>(pictures("can_encode")(python_text(extension))); });
}

std::vector<std::uint8_t> encode(const cv::Mat& picture, const std::string& extension) {
  try {
    return with_python([&] {
      const nb::bytes content(
          pictures("encode_picture")(array_with_copy_of(picture), python_text(extension)));
      const auto* from = static_cast<const std::uint8_t*>(content.data());
      return std::vector<std::uint8_t>(from, from + content.size());
    });
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kUnsupported) {
      return {};
    }
    throw;
  }
}

std::unique_ptr<Video> open_video(const std::filesystem::path& path) {
  throw Error(ErrorCode::kUnsupported,
              fmt::format("{}: the Python package cannot decode videos; use the program `replayrt` "
                          "of a full build, or decode the frames yourself and give them to "
                          "replayrt.AutoModel as arrays",
                          path.string()));
}

}  // namespace replayrt::cli::codecs
