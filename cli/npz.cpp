#include "npz.hpp"

#include <fmt/format.h>
#include <zip.h>

#include <cstring>
#include <memory>

#include "elements.hpp"
#include "files.hpp"
#include "npy.hpp"
#include "replayrt/core/error.hpp"

namespace replayrt::cli {
namespace {

// 1 January 1980, as numpy has it: the same arrays give the same file.
constexpr zip_uint16_t kFirstDosDate = (1U << 5U) | 1U;

/// Throws what libzip reports about the archive.
[[noreturn]] void fail(const std::filesystem::path& path, const char* reason) {
  throw Error(ErrorCode::kFileAccess, fmt::format("{}: cannot write: {}", path.string(), reason));
}

Tensor as_numpy_type(const Tensor& tensor) {
  if (npy_descr(tensor.dtype())) {
    return tensor;
  }
  DType wide = DType::kF32;
  if (tensor.dtype() == DType::kI4) {
    wide = DType::kI8;
  } else if (tensor.dtype() == DType::kU4) {
    wide = DType::kU8;
  }
  return converted(tensor.view(), wide);
}

/// The bytes of a `.npy` file in memory.
std::string npy_bytes(const Tensor& tensor) {
  std::string bytes = npy_header(tensor.dtype(), tensor.shape());
  const std::size_t header = bytes.size();
  bytes.resize(header + tensor.bytes());
  if (tensor.bytes() > 0) {
    std::memcpy(bytes.data() + header, tensor.data(), tensor.bytes());
  }
  return bytes;
}

void add_entry(const std::filesystem::path& path, zip_t* archive, const std::string& name,
               const std::string& bytes) {
  zip_source_t* source = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
  if (source == nullptr) {
    fail(path, zip_strerror(archive));
  }
  const zip_int64_t index =
      zip_file_add(archive, (name + ".npy").c_str(), source, ZIP_FL_ENC_UTF_8);
  if (index < 0) {
    zip_source_free(source);
    fail(path, zip_strerror(archive));
  }
  const auto entry = static_cast<zip_uint64_t>(index);
  if (zip_set_file_compression(archive, entry, ZIP_CM_STORE, 0) != 0 ||
      zip_file_set_dostime(archive, entry, 0, kFirstDosDate, 0) != 0) {
    fail(path, zip_strerror(archive));
  }
}

}  // namespace

void write_npz(const std::filesystem::path& path, const std::vector<NamedTensor>& tensors) {
  write_atomically(path, [&](const std::filesystem::path& temporary) {
    int code = 0;
    std::unique_ptr<zip_t, void (*)(zip_t*)> archive(
        zip_open(temporary.c_str(), ZIP_CREATE | ZIP_EXCL, &code), &zip_discard);
    if (archive == nullptr) {
      zip_error_t error;
      zip_error_init_with_code(&error, code);
      const std::string reason = zip_error_strerror(&error);
      zip_error_fini(&error);
      fail(path, reason.c_str());
    }
    // libzip reads the entries when it closes the archive, so they live until then.
    std::vector<std::string> entries;
    entries.reserve(tensors.size());
    for (const NamedTensor& tensor : tensors) {
      entries.push_back(npy_bytes(as_numpy_type(tensor.tensor)));
      add_entry(path, archive.get(), tensor.name, entries.back());
    }
    if (zip_close(archive.get()) != 0) {
      fail(path, zip_strerror(archive.get()));
    }
    static_cast<void>(archive.release());
  });
}

}  // namespace replayrt::cli
