#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "replayrt/core/dtype.hpp"
#include "replayrt/core/shape.hpp"
#include "replayrt/core/tensor.hpp"

namespace replayrt::cli {

/// What the header of a `.npy` file says.
struct NpyHeader {
  DType dtype = DType::kF32;
  Shape shape;
  std::size_t data_offset = 0;  ///< Where the elements start in the file.
};

/// Reads the header of format version 1, 2 or 3 from the first bytes of a file. Throws
/// Error(kInvalidParameter) that says what was expected: little-endian numbers or booleans in C
/// order.
NpyHeader parse_npy_header(std::span<const std::byte> start);

/// Reads a whole file's content. Throws as parse_npy_header does, and if the elements are too few
/// or too many, or a boolean is neither 0 nor 1.
Tensor parse_npy(std::span<const std::byte> content);

/// Reads a file; messages start with its path. Throws Error(kFileAccess), and as parse_npy does.
Tensor read_npy(const std::filesystem::path& path);

/// numpy's name of a dtype, such as "<f4"; empty if numpy has no such type.
std::optional<std::string> npy_descr(DType dtype);

/// The header that numpy writes. Throws Error(kUnsupported) for a dtype that numpy has not.
std::string npy_header(DType dtype, const Shape& shape);

}  // namespace replayrt::cli
