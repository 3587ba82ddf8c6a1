// `.npy` files: any bytes are read or refused by an Error, and memory is taken only for elements
// that are there.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include "npy.hpp"
#include "replayrt/core/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace replayrt;
  try {
    const Tensor tensor = cli::parse_npy(std::as_bytes(std::span(data, size)));
    // What was read can be written, and says the same.
    const std::string header = cli::npy_header(tensor.dtype(), tensor.shape());
    const cli::NpyHeader again = cli::parse_npy_header(std::as_bytes(std::span(header)));
    if (tensor.bytes() > size || again.dtype != tensor.dtype() || again.shape != tensor.shape()) {
      std::abort();
    }
  } catch (const Error&) {
  }
  return 0;
}
