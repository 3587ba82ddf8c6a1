#pragma once

// What the tests of the OpenVINO backend share.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "replayrt/core/error.hpp"
#include "replayrt/core/infer.hpp"
#include "replayrt/load_engine.hpp"

namespace replayrt::openvino_test {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

inline std::filesystem::path data_path(const std::string& file) {
  return std::filesystem::path(REPLAYRT_TEST_DATA_DIR) / file;
}
inline std::filesystem::path model_path(const std::string& file) {
  return data_path("models/" + file);
}

/// A tensor of numbers between -1 and 1, the same for the same seed.
inline Tensor random_tensor(const Shape& shape, unsigned seed) {
  Tensor tensor = Tensor::allocate(DType::kF32, shape);
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(-1, 1);
  for (float& value : tensor.as<float>()) {
    value = uniform(random);
  }
  return tensor;
}

/// Reads a little-endian C-order f32 array as numpy writes it.
inline Tensor read_npy(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(file)), {});
  if (bytes.size() < 10 || bytes.compare(1, 5, "NUMPY") != 0) {
    throw std::runtime_error(path.string() + " is no .npy file");
  }
  const auto header_end =
      10 + static_cast<unsigned char>(bytes[8]) + 256U * static_cast<unsigned char>(bytes[9]);
  const std::string header = bytes.substr(10, header_end - 10);
  if (header.find("'<f4'") == std::string::npos) {
    throw std::runtime_error(path.string() + " does not hold f32");
  }
  std::vector<std::int64_t> dims;
  for (std::size_t at = header.find('(') + 1; header[at] != ')';) {
    std::size_t used = 0;
    dims.push_back(std::stoll(header.substr(at), &used));
    at = header.find_first_not_of(", ", at + used);
  }
  Tensor tensor = Tensor::allocate(DType::kF32, Shape(dims));
  if (bytes.size() - header_end != tensor.bytes()) {
    throw std::runtime_error(path.string() + " is truncated");
  }
  std::memcpy(tensor.data(), bytes.data() + header_end, tensor.bytes());
  return tensor;
}

inline double largest(const Tensor& tensor) {
  double most = 0;
  for (const float value : tensor.as<float>()) {
    most = std::max(most, static_cast<double>(std::fabs(value)));
  }
  return most;
}

/// Largest difference of two f32 tensors; infinite if their shapes differ or one is not a number.
inline double difference(const Tensor& a, const Tensor& b) {
  if (a.shape() != b.shape()) {
    return INFINITY;
  }
  double most = 0;
  const auto left = a.as<float>();
  const auto right = b.as<float>();
  for (std::size_t i = 0; i < left.size(); ++i) {
    const double here = std::fabs(left[i] - right[i]);
    most = std::isnan(here) ? INFINITY : std::max(most, here);
  }
  return most;
}

inline InferResult run(const Engine& engine, const std::vector<Tensor>& inputs,
                       const std::shared_ptr<GraphCache>& cache = nullptr) {
  std::vector<TensorView> views;
  for (const Tensor& input : inputs) {
    views.push_back(input.view());
  }
  return infer(engine, views, {.graph_cache = cache});
}

/// Expects `action` to throw an Error of `code` whose message holds all of `parts`.
template <class Action>
void expect_error(ErrorCode code, const std::vector<std::string>& parts, Action action) {
  try {
    action();
    ADD_FAILURE() << "no error; expected one with: " << testing::PrintToString(parts);
  } catch (const Error& error) {
    EXPECT_EQ(to_string(error.code()), to_string(code)) << error.what();
    for (const std::string& part : parts) {
      EXPECT_THAT(error.what(), testing::HasSubstr(part));
    }
    EXPECT_THAT(error.what(), testing::Not(testing::HasSubstr("\n")));
    EXPECT_THAT(error.what(), testing::Not(testing::HasSubstr("Exception from")));
  }
}

}  // namespace replayrt::openvino_test
