// What the benchmarks of the Python package take from the program `replayrt`, as a C interface for
// Python's ctypes. Functions return 0, or 1 after an error that `python_shim_error` tells.
#include <cstdint>

#include "pictures.hpp"
#include "shim_errors.hpp"
#include "shim_time.hpp"

extern "C" {

/// Valid until the next failing call of this thread.
const char* python_shim_error() {
  return last_error.c_str();
}

/// Reads a picture file as the program does: dense 8-bit BGR pixels, valid until the thread's next
/// call, whose time their end is part of.
int python_shim_read_picture(const char* path, const std::uint8_t** bgr, std::int64_t* height,
                             std::int64_t* width, std::int64_t* nanoseconds) {
  return guarded([&] {
    thread_local replayrt::Image picture;
    const replayrt::ImageView view = timed(*nanoseconds, [&] {
      picture = replayrt::cli::read_picture(path);
      return picture.view();
    });
    *bgr = view.data;
    *height = view.height;
    *width = view.width;
  });
}

}  // extern "C"
