#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "replayrt/core/tensor.hpp"

namespace replayrt::cli {

/// One array of an archive.
struct NamedTensor {
  std::string name;
  Tensor tensor;
};

/// Writes the tensors as numpy.savez does, atomically. A dtype that numpy has not is widened: small
/// floats to f32, 4-bit integers to 8 bits, all exactly. Throws Error(kFileAccess).
void write_npz(const std::filesystem::path& path, const std::vector<NamedTensor>& tensors);

}  // namespace replayrt::cli
