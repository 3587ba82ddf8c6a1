// What making masks takes besides the result: 300 of them of a picture of 1080 x 1920. Counts every
// operator new of this program.

#include <gtest/gtest.h>

#include <cmath>
#include <iostream>
#include <string>

#include "models/postprocess/masks.hpp"
#include "support/counted_memory.hpp"

namespace replayrt::models {
namespace {

constexpr std::int64_t kMasks = 300;
constexpr ImageSize kPicture{1080, 1920};
// One mask of the picture's size in f32; the issue allows 100 MB.
constexpr std::size_t kMost = std::size_t{4} * 1080 * 1920;

PreProcessingMetadata letterboxed() {
  PreProcessingMetadata metadata;
  metadata.original_size = kPicture;
  metadata.size_after_pre_processing = kPicture;
  metadata.inference_size = {640, 640};
  metadata.pad_top = metadata.pad_bottom = 140;
  metadata.scale_width = metadata.scale_height = 1.0 / 3;
  return metadata;
}

/// Waves: every column of a mask has some runs.
HeadOutput waves(const Shape& shape, const char* name) {
  const Tensor tensor = Tensor::allocate(DType::kF32, shape);
  float at = 0;
  for (float& value : tensor.as<float>()) {
    value = std::sin(at);
    at += 0.05F;
  }
  return {tensor, name};
}

/// Of the whole canvas: none is cheaper to make.
std::vector<Candidate> boxes() {
  std::vector<Candidate> all;
  for (std::int64_t row = 0; row < kMasks; ++row) {
    all.push_back({.left = 0, .top = 0, .right = 640, .bottom = 640, .row = row});
  }
  return all;
}

std::size_t bytes_of(const InstanceDetections& found) {
  std::size_t bytes = 0;
  for (const RleMask& mask : found.mask) {
    bytes += sizeof(RleMask) + mask.counts.capacity() * sizeof(std::uint32_t);
  }
  return bytes;
}

template <class Make>
void expect_little_memory(const std::string& what, const Make& make) {
  const std::size_t before = support::bytes_in_use;
  support::peak_bytes = before;
  const InstanceDetections found = make();
  const std::size_t result = bytes_of(found);
  const std::size_t beside = support::peak_bytes - before - result;
  std::cout << "[  MEMORY  ] " << what << ": " << beside << " bytes beside the " << result
            << " of the result\n";
  ASSERT_EQ(found.mask.size(), static_cast<std::size_t>(kMasks));
  EXPECT_GT(result, std::size_t{1} << 20U);  // Else the masks are too plain to tell anything.
  EXPECT_LT(beside, kMost);
}

TEST(MaskMemoryTest, MixedMasks) {
  const HeadOutput rows = waves(Shape{1, kMasks, 32}, "output0");
  for (const bool last : {false, true}) {
    const HeadOutput prototypes =
        waves(last ? Shape{1, 160, 160, 32} : Shape{1, 32, 160, 160}, "p");
    expect_little_memory(last ? "last, logits" : "first, smooth", [&] {
      return with_mixed_masks(boxes(), {&rows, 0, 32, 1}, prototypes,
                              last ? PrototypeAxis::kLast : PrototypeAxis::kFirst, 0, letterboxed(),
                              {.smooth = !last, .threshold = last ? 0.0F : 0.5F});
    });
  }
}

TEST(MaskMemoryTest, GivenMasks) {
  const HeadOutput masks = waves(Shape{1, kMasks, 160, 160}, "masks");
  expect_little_memory(
      "given", [&] { return with_given_masks(boxes(), masks, kMasks, 0, letterboxed(), {}); });
}

TEST(MaskMemoryTest, TheCountSeesAMaskInFloats) {
  support::peak_bytes = support::bytes_in_use.load();
  const std::size_t before = support::bytes_in_use;
  { const std::vector<float> mask(static_cast<std::size_t>(kPicture.height * kPicture.width)); }
  EXPECT_GE(support::peak_bytes - before, kMost);
}

}  // namespace
}  // namespace replayrt::models
