#include "npy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "files.hpp"
#include "replayrt/core/error.hpp"
#include "text.hpp"

namespace replayrt::cli {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kVersionBytes = 2;
// numpy itself refuses headers of more than 10,000 characters.
constexpr std::size_t kLongestHeader = 64U << 10U;
constexpr std::size_t kAlignment = 64;

struct TypeCode {
  std::string_view code;  ///< numpy's type without its byte order.
  DType dtype;
};

constexpr std::array<TypeCode, 12> kTypeCodes = {{{"f8", DType::kF64},
                                                  {"f4", DType::kF32},
                                                  {"f2", DType::kF16},
                                                  {"i8", DType::kI64},
                                                  {"i4", DType::kI32},
                                                  {"i2", DType::kI16},
                                                  {"i1", DType::kI8},
                                                  {"u8", DType::kU64},
                                                  {"u4", DType::kU32},
                                                  {"u2", DType::kU16},
                                                  {"u1", DType::kU8},
                                                  {"b1", DType::kBool}}};

[[noreturn]] void fail(const std::string& problem) {
  throw Error(ErrorCode::kInvalidParameter, problem);
}

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

DType dtype_of_descr(std::string_view descr) {
  const char order = descr.empty() ? '\0' : descr[0];
  const std::string_view code = descr.substr(std::min<std::size_t>(descr.size(), 1));
  const auto known = std::ranges::find(kTypeCodes, code, &TypeCode::code);
  if (known == kTypeCodes.end() || std::string_view("<>|=").find(order) == std::string_view::npos) {
    fail(fmt::format(
        "dtype {} is not supported; expected little-endian f8 f4 f2 i8 i4 i2 i1 u8 u4 u2 u1 "
        "or b1 (bool)",
        in_quotes(descr)));
  }
  if (order == '>' && bit_size(known->dtype) > 8) {
    fail(fmt::format("dtype {} is big-endian; expected little-endian ('<{}')", in_quotes(descr),
                     code));
  }
  return known->dtype;
}

/// Reads the dictionary of a header: a Python literal with the keys descr, fortran_order and shape.
class DictParser {
 public:
  explicit DictParser(std::string_view text) : rest_(text) {}

  NpyHeader parse() {
    expect('{');
    while (!accept('}')) {
      parse_item();
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_blanks();
    if (!rest_.empty()) {
      fail_at("the end of the header");
    }
    if (!descr_ || !fortran_order_ || !dims_) {
      fail("the header must have the keys 'descr', 'fortran_order' and 'shape'");
    }
    if (*fortran_order_) {
      fail("the array is in Fortran order; expected C order (numpy.ascontiguousarray makes it)");
    }
    return {dtype_of_descr(*descr_), Shape(std::span<const std::int64_t>(*dims_)), 0};
  }

 private:
  void parse_item() {
    const std::string_view key = parse_string();
    expect(':');
    if (key == "descr" && !descr_) {
      skip_blanks();
      if (rest_.starts_with('[')) {
        fail("a structured dtype is not supported; expected one of numbers or booleans");
      }
      descr_ = parse_string();
    } else if (key == "fortran_order" && !fortran_order_) {
      fortran_order_ = parse_bool();
    } else if (key == "shape" && !dims_) {
      dims_ = parse_dims();
    } else {
      fail(fmt::format("the header has an unknown or repeated key {}", in_quotes(key)));
    }
  }

  std::string_view parse_string() {
    skip_blanks();
    const char quote = rest_.empty() ? '\0' : rest_[0];
    const std::size_t end =
        quote == '\'' || quote == '"' ? rest_.find(quote, 1) : std::string_view::npos;
    if (end == std::string_view::npos) {
      fail_at("a text in quotes");
    }
    const std::string_view text = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return text;
  }

  bool parse_bool() {
    skip_blanks();
    for (const std::string_view word : {"True", "False"}) {
      if (rest_.starts_with(word)) {
        rest_.remove_prefix(word.size());
        return word == "True";
      }
    }
    fail_at("True or False");
  }

  std::vector<std::int64_t> parse_dims() {
    std::vector<std::int64_t> dims;
    expect('(');
    while (!accept(')')) {
      dims.push_back(parse_dim());
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return dims;
  }

  std::int64_t parse_dim() {
    skip_blanks();
    std::int64_t dim = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), dim);
    if (error != std::errc()) {
      fail_at("a dimension that fits 64 bits");
    }
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return dim;
  }

  void skip_blanks() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \n"), rest_.size()));
  }

  bool accept(char c) {
    skip_blanks();
    if (!rest_.starts_with(c)) {
      return false;
    }
    rest_.remove_prefix(1);
    return true;
  }

  void expect(char c) {
    if (!accept(c)) {
      fail_at(fmt::format("'{}'", c));
    }
  }

  [[noreturn]] void fail_at(std::string_view expected) const {
    fail(fmt::format("malformed header: expected {} at {}", expected, in_quotes(rest_)));
  }

  std::string_view rest_;
  std::optional<std::string_view> descr_;
  std::optional<bool> fortran_order_;
  std::optional<std::vector<std::int64_t>> dims_;
};

/// The header's length field: where it ends and where the header does.
struct HeaderExtent {
  std::size_t begin = 0;
  std::size_t end = 0;
};

HeaderExtent header_extent(std::span<const std::byte> start) {
  const std::string_view text = as_text(start);
  if (!text.starts_with(kMagic)) {
    fail("not a .npy file (its first bytes must be \\x93NUMPY)");
  }
  std::size_t at = kMagic.size() + kVersionBytes;
  if (start.size() < at) {
    fail("the file ends inside its header");
  }
  const auto major = static_cast<unsigned>(start[kMagic.size()]);
  if (major < 1 || major > 3) {
    fail(fmt::format("format version {} is not supported; expected 1, 2 or 3", major));
  }
  const std::size_t length_bytes = major == 1 ? 2 : 4;
  if (start.size() < at + length_bytes) {
    fail("the file ends inside its header");
  }
  std::size_t length = 0;
  for (std::size_t i = 0; i < length_bytes; ++i) {
    length |= static_cast<std::size_t>(start[at + i]) << (8 * i);
  }
  at += length_bytes;
  if (length > kLongestHeader) {
    fail(fmt::format("the header is {} bytes long; expected at most {}", length, kLongestHeader));
  }
  return {at, at + length};
}

void require_data_bytes(const NpyHeader& header, std::size_t file_bytes) {
  const std::size_t expected = packed_bytes(header.dtype, header.shape.num_elements());
  const std::size_t present = file_bytes - header.data_offset;
  if (present != expected) {
    fail(fmt::format("{} bytes of elements, but {} {} takes {}: the file is {}", present,
                     to_string(header.dtype), header.shape.to_string(), expected,
                     present < expected ? "truncated" : "longer than it should be"));
  }
}

void require_booleans(const Tensor& tensor) {
  if (tensor.dtype() != DType::kBool) {
    return;
  }
  const std::span<const std::byte> bytes(static_cast<const std::byte*>(tensor.data()),
                                         tensor.bytes());
  if (std::ranges::any_of(bytes, [](std::byte b) { return b > std::byte{1}; })) {
    fail("a boolean element is neither 0 nor 1");
  }
}

Tensor read_open_npy(std::FILE* file, std::size_t file_bytes) {
  std::vector<std::byte> start(
      std::min(file_bytes, kMagic.size() + kVersionBytes + sizeof(std::uint32_t) + kLongestHeader));
  if (std::fread(start.data(), 1, start.size(), file) != start.size()) {
    fail("the file cannot be read");
  }
  const NpyHeader header = parse_npy_header(start);
  // Before the memory is taken: a header can claim any size.
  require_data_bytes(header, file_bytes);
  Tensor tensor = Tensor::allocate(header.dtype, header.shape);
  const std::size_t bytes = tensor.bytes();
  if (bytes > 0) {
    const bool read = std::fseek(file, static_cast<long>(header.data_offset), SEEK_SET) == 0 &&
                      std::fread(tensor.data(), 1, bytes, file) == bytes;
    if (!read) {
      fail("the file cannot be read to its end");
    }
  }
  require_booleans(tensor);
  return tensor;
}

}  // namespace

NpyHeader parse_npy_header(std::span<const std::byte> start) {
  const HeaderExtent extent = header_extent(start);
  if (start.size() < extent.end) {
    fail("the file ends inside its header");
  }
  const std::string_view text = as_text(start.subspan(extent.begin, extent.end - extent.begin));
  NpyHeader header = DictParser(text).parse();
  header.data_offset = extent.end;
  return header;
}

Tensor parse_npy(std::span<const std::byte> content) {
  const NpyHeader header = parse_npy_header(content);
  require_data_bytes(header, content.size());
  Tensor tensor = Tensor::allocate(header.dtype, header.shape);
  if (tensor.bytes() > 0) {
    std::memcpy(tensor.data(), content.data() + header.data_offset, tensor.bytes());
  }
  require_booleans(tensor);
  return tensor;
}

Tensor read_npy(const std::filesystem::path& path) {
  const std::size_t size = readable_file_size(path);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             &std::fclose);
  if (file == nullptr) {
    throw Error(ErrorCode::kFileAccess, fmt::format("{}: cannot be opened", path.string()));
  }
  try {
    return read_open_npy(file.get(), size);
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("{}: {}", path.string(), error.what()));
  }
}

std::optional<std::string> npy_descr(DType dtype) {
  const auto known = std::ranges::find(kTypeCodes, dtype, &TypeCode::dtype);
  if (known == kTypeCodes.end()) {
    return std::nullopt;
  }
  return fmt::format("{}{}", bit_size(dtype) > 8 ? '<' : '|', known->code);
}

std::string npy_header(DType dtype, const Shape& shape) {
  const std::optional<std::string> descr = npy_descr(dtype);
  if (!descr) {
    throw Error(ErrorCode::kUnsupported, fmt::format("numpy has no dtype {}", to_string(dtype)));
  }
  std::string dict =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}", *descr,
                  fmt::join(shape.dims(), ", "), shape.rank() == 1 ? "," : "");
  // Padded so that the elements are aligned, as numpy does; the rank's limit keeps it far below 64
  // KiB.
  const std::size_t before = kMagic.size() + kVersionBytes + sizeof(std::uint16_t);
  dict.append(kAlignment - 1 - (before + dict.size()) % kAlignment, ' ');
  dict += '\n';
  std::string header(kMagic);
  header += '\x01';
  header += '\x00';
  header += static_cast<char>(dict.size() % 256);
  header += static_cast<char>(dict.size() / 256);
  return header + dict;
}

}  // namespace replayrt::cli
