#include "npy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "replayrt/core/error.hpp"

namespace replayrt::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string file_of(int major, const std::string& header, const std::string& data) {
  std::string file = "\x93NUMPY";
  file += static_cast<char>(major);
  file += '\0';
  const int length_bytes = major == 1 ? 2 : 4;
  for (int i = 0; i < length_bytes; ++i) {
    file += static_cast<char>((header.size() >> (8 * i)) & 0xFFU);
  }
  return file + header + data;
}

std::string dict(const std::string& descr, const std::string& shape,
                 const std::string& order = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
}

Tensor parse(const std::string& file) {
  return parse_npy(bytes_of(file));
}

TEST(ParseNpy, ReadsEveryVersionOfTheFormat) {
  const std::string data("\x01\x00\x02\x00\xFF\xFF", 6);
  for (const int major : {1, 2, 3}) {
    const Tensor tensor = parse(file_of(major, dict("<i2", "(3,)"), data));
    EXPECT_EQ(tensor.shape(), (Shape{3}));
    EXPECT_THAT(tensor.as<std::int16_t>(), ElementsAre(1, 2, -1));
  }
}

TEST(ParseNpy, ReadsScalarsAndEmptyArrays) {
  EXPECT_EQ(parse(file_of(1, dict("|u1", "()"), "\x07")).as<std::uint8_t>()[0], 7);
  const Tensor empty = parse(file_of(1, dict("<f4", "(0, 3)"), ""));
  EXPECT_EQ(empty.shape(), (Shape{0, 3}));
  EXPECT_EQ(empty.bytes(), 0U);
}

TEST(ParseNpy, TakesAnyOrderOfKeysAndKindOfQuotes) {
  EXPECT_EQ(parse(file_of(1, R"({"shape":(2,),"descr":"|b1","fortran_order":False})",
                          std::string("\x01\x00", 2)))
                .dtype(),
            DType::kBool);
}

struct BadFile {
  const char* what;
  std::string content;
  const char* message;
};

TEST(ParseNpy, RefusesBadFilesAndSaysWhy) {
  const std::string ok = file_of(1, dict("<f4", "(2,)"), std::string(8, '\0'));
  const std::vector<BadFile> files = {
      {"empty", "", "not a .npy file"},
      {"other file", "PK\x03\x04............", "not a .npy file"},
      {"only the magic", "\x93NUMPY", "ends inside its header"},
      {"no length", std::string("\x93NUMPY\x02\x00\x01", 9), "ends inside its header"},
      {"version 4", file_of(4, dict("<f4", "()"), ""), "format version 4"},
      {"version 0", file_of(0, dict("<f4", "()"), ""), "format version 0"},
      {"cut header", ok.substr(0, 20), "ends inside its header"},
      {"huge header", std::string("\x93NUMPY\x02\x00\xFF\xFF\xFF\x7F", 12),
       "expected at most 65536"},
      {"truncated", ok.substr(0, ok.size() - 1), "truncated"},
      {"trailing", ok + "x", "longer than it should be"},
      {"Fortran order", file_of(1, dict("<f4", "(1, 2)", "True"), std::string(8, '\0')),
       "Fortran order"},
      {"big-endian", file_of(1, dict(">f4", "(2,)"), std::string(8, '\0')), "big-endian"},
      {"objects", file_of(1, dict("|O", "(2,)"), std::string(8, '\0')), "'|O' is not supported"},
      {"complex", file_of(1, dict("<c8", "(1,)"), std::string(8, '\0')), "'<c8' is not supported"},
      {"text", file_of(1, dict("<U2", "(1,)"), std::string(8, '\0')), "'<U2' is not supported"},
      {"no byte order", file_of(1, dict("f4", "(2,)"), std::string(8, '\0')),
       "'f4' is not supported"},
      {"empty descr", file_of(1, dict("", "(2,)"), std::string(8, '\0')), "'' is not supported"},
      {"structured",
       file_of(1, "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", ""),
       "structured dtype"},
      {"missing key", file_of(1, "{'descr': '<f4', 'shape': (2,), }", ""), "must have the keys"},
      {"repeated key", file_of(1, "{'descr': '<f4', 'descr': '<f4'}", ""), "repeated key 'descr'"},
      {"unknown key", file_of(1, "{'extra': '<f4'}", ""), "unknown or repeated key 'extra'"},
      {"text after it", file_of(1, "{} import os", ""), "the end of the header"},
      {"no dict", file_of(1, "descr", ""), "expected '{'"},
      {"empty header", file_of(1, "", ""), "expected '{'"},
      {"open quote", file_of(1, "{'descr", ""), "a text in quotes"},
      {"bad bool", file_of(1, dict("<f4", "(2,)", "Maybe"), ""), "True or False"},
      {"negative", file_of(1, dict("<f4", "(-2,)"), ""), "negative"},
      {"overflow", file_of(1, dict("<f4", "(4294967296, 4294967296)"), ""), ""},
      {"bytes overflow", file_of(1, dict("<f8", "(2305843009213693952,)"), ""), ""},
      {"too large a number", file_of(1, dict("<f4", "(99999999999999999999,)"), ""),
       "fits 64 bits"},
      {"rank 9", file_of(1, dict("<f4", "(1, 1, 1, 1, 1, 1, 1, 1, 1)"), std::string(4, '\0')), ""},
      {"shape is no tuple", file_of(1, dict("<f4", "2"), ""), "expected '('"},
      {"claims much", file_of(1, dict("<f4", "(1000000000000,)"), "abcd"), "truncated"},
      {"bool of 2", file_of(1, dict("|b1", "(1,)"), "\x02"), "neither 0 nor 1"},
  };
  for (const BadFile& file : files) {
    EXPECT_THAT([&] { parse(file.content); }, ThrowsMessage<Error>(HasSubstr(file.message)))
        << file.what;
  }
}

TEST(NpyHeader, RoundTripsEveryTypeThatNumpyHas) {
  for (const DType dtype :
       {DType::kF64, DType::kF32, DType::kF16, DType::kI64, DType::kI32, DType::kI16, DType::kI8,
        DType::kU64, DType::kU32, DType::kU16, DType::kU8, DType::kBool}) {
    for (const Shape& shape : {Shape{}, Shape{3}, Shape{2, 3}, Shape{1, 2, 3, 4, 1, 1, 1, 1}}) {
      const std::string text = npy_header(dtype, shape);
      EXPECT_EQ(text.size() % 64, 0U);
      EXPECT_EQ(text.back(), '\n');
      const NpyHeader header = parse_npy_header(bytes_of(text));
      EXPECT_EQ(header.dtype, dtype);
      EXPECT_EQ(header.shape, shape);
      EXPECT_EQ(header.data_offset, text.size());
    }
  }
}

TEST(NpyHeader, RefusesTypesThatNumpyHasNot) {
  EXPECT_THAT([] { npy_header(DType::kBf16, Shape{1}); },
              ThrowsMessage<Error>(HasSubstr("numpy has no dtype bf16")));
}

TEST(ReadNpy, NamesTheFile) {
  EXPECT_THAT([] { read_npy("/nonexistent.npy"); },
              ThrowsMessage<Error>(HasSubstr("/nonexistent.npy: no such file")));
  const std::string path =
      testing::TempDir() + "replayrt_npy_test_" + std::to_string(::getpid()) + ".npy";
  std::ofstream(path, std::ios::binary) << file_of(1, dict("<f4", "(3,)"), "short");
  EXPECT_THAT([&] { read_npy(path); },
              ThrowsMessage<Error>(HasSubstr(path + ": 5 bytes of elements")));
  std::ofstream(path, std::ios::binary) << file_of(1, dict("|u1", "(5,)"), "12345");
  EXPECT_THAT(read_npy(path).as<std::uint8_t>(), ElementsAre('1', '2', '3', '4', '5'));
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace replayrt::cli
