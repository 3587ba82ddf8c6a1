#include "models/postprocess/mask_encoder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace replayrt::models {
namespace {

/// A picture as large as the canvas, which all of the map shows.
PreProcessingMetadata metadata_of(ImageSize size) {
  PreProcessingMetadata metadata;
  metadata.original_size = size;
  metadata.size_after_pre_processing = size;
  metadata.inference_size = size;
  return metadata;
}

/// A map row by row, as it is read, becomes a patch of all of it.
class WholeMap {
 public:
  WholeMap(ImageSize size, const std::vector<float>& rows) : size_(size), columns_(rows.size()) {
    const auto width = static_cast<std::size_t>(size.width);
    const auto height = static_cast<std::size_t>(size.height);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      columns_[i % width * height + i / width] = rows[i];
    }
  }
  [[nodiscard]] MaskPatch patch() const { return {{0, 0, size_}, columns_}; }

 private:
  ImageSize size_;
  std::vector<float> columns_;
};

using Pixels = std::vector<std::uint8_t>;

TEST(MaskEncoderTest, AMapOfThePicturesSizeIsTakenAsItIs) {
  MaskEncoder encoder({2, 3}, metadata_of({2, 3}), 1);
  const RleMask mask = encoder.encode(WholeMap({2, 3}, {1, -1, 2, 0, 3, 0.5F}).patch(), 0.5F);
  EXPECT_EQ(mask.size, (ImageSize{2, 3}));
  EXPECT_EQ(mask.decode(), (Pixels{1, 0, 1, 0, 1, 0}));
  EXPECT_EQ(mask, RleMask::encode(mask.decode(), mask.size));
}

TEST(MaskEncoderTest, TheBorderIsCutOff) {
  PreProcessingMetadata metadata = metadata_of({2, 4});
  metadata.inference_size = {4, 4};
  metadata.pad_top = metadata.pad_bottom = 1;
  MaskEncoder encoder({4, 4}, metadata, 1);
  const std::vector<float> rows = {1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1};
  EXPECT_EQ(encoder.encode(WholeMap({4, 4}, rows).patch(), 0).decode(),
            (Pixels{0, 1, 0, 0, 0, 0, 0, 1}));
}

TEST(MaskEncoderTest, ACropGoesToWhereItWas) {
  PreProcessingMetadata metadata = metadata_of({2, 2});
  metadata.original_size = {4, 5};
  metadata.static_crop_offset = {.offset_x = 2, .offset_y = 1, .crop_width = 2, .crop_height = 2};
  MaskEncoder encoder({2, 2}, metadata, 1);
  const RleMask mask = encoder.encode(WholeMap({2, 2}, {1, 0, 1, 1}).patch(), 0);
  EXPECT_EQ(mask.size, metadata.original_size);
  EXPECT_EQ(mask.decode(), (Pixels{0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0}));
}

TEST(MaskEncoderTest, ACropAtTheOriginIsNoException) {
  PreProcessingMetadata metadata = metadata_of({1, 1});
  metadata.original_size = {2, 2};
  MaskEncoder encoder({1, 1}, metadata, 1);
  EXPECT_EQ(encoder.encode(WholeMap({1, 1}, {1}).patch(), 0).decode(), (Pixels{1, 0, 0, 0}));
}

TEST(MaskEncoderTest, TheFactorDecidesOnTheSize) {
  PreProcessingMetadata metadata = metadata_of({40, 80});
  metadata.inference_size = {64, 64};
  metadata.pad_top = metadata.pad_bottom = 16;
  const auto size = [&](double factor) { return MaskEncoder({16, 16}, metadata, factor).size(); };
  EXPECT_EQ(size(1), (ImageSize{40, 80}));
  EXPECT_EQ(size(0), (ImageSize{8, 16}));
  EXPECT_EQ(size(0.5), (ImageSize{24, 48}));
  metadata.original_size = {50, 100};
  metadata.static_crop_offset = {
      .offset_x = 10, .offset_y = 5, .crop_width = 80, .crop_height = 40};
  EXPECT_EQ(size(0), (ImageSize{10, 20}));
}

TEST(MaskEncoderTest, BelowAThresholdUnderZeroIsWhatTheNetworkHasSeenOnly) {
  PreProcessingMetadata metadata = metadata_of({2, 1});
  metadata.original_size = {3, 1};
  MaskEncoder encoder({2, 1}, metadata, 1);
  // Nothing of the map is in the patch, and 0 is greater than -1.
  EXPECT_EQ(encoder.encode({{0, 0, {0, 0}}, {}}, -1).decode(), (Pixels{1, 1, 0}));
}

TEST(MaskEncoderTest, NaNIsNotSet) {
  MaskEncoder encoder({2, 2}, metadata_of({4, 4}), 1);
  const WholeMap map({2, 2}, {NAN, NAN, NAN, NAN});
  EXPECT_EQ(encoder.encode(map.patch(), 0).area(), 0);
}

TEST(MaskEncoderTest, ABorderThatIsAllOfTheMapLeavesOneElement) {
  PreProcessingMetadata metadata = metadata_of({1, 8});
  metadata.inference_size = {8, 8};
  metadata.pad_top = 4;
  metadata.pad_bottom = 3;
  MaskEncoder encoder({2, 2}, metadata, 1);
  EXPECT_EQ(encoder.encode(WholeMap({2, 2}, {0, 0, 1, 1}).patch(), 0).area(), 8);
}

/// The same in the plainest way: all in doubles, all there at once.
class PlainMask {
 public:
  PlainMask(const PreProcessingMetadata& metadata, ImageSize map, ImageSize target)
      : metadata_(metadata), map_(map), target_(target) {}

  /// Of the map row by row, 0 beyond `region`.
  [[nodiscard]] std::vector<double> resized(const std::vector<float>& rows,
                                            const Region& region) const {
    const auto elements = [](std::int64_t pad, std::int64_t map, std::int64_t canvas) {
      return static_cast<int>(
          std::nearbyint(static_cast<double>(pad * map) / static_cast<double>(canvas)));
    };
    const ImageSize canvas = metadata_.inference_size;
    const int left = elements(metadata_.pad_left, map_.width, canvas.width);
    const int right = elements(metadata_.pad_right, map_.width, canvas.width);
    const int top = elements(metadata_.pad_top, map_.height, canvas.height);
    const int bottom = elements(metadata_.pad_bottom, map_.height, canvas.height);
    const int width = static_cast<int>(map_.width) - left - right;
    const int height = static_cast<int>(map_.height) - top - bottom;
    const auto value = [&](int x, int y) {
      x += left;
      y += top;
      const bool is_there = x >= region.left && x < region.left + region.size.width &&
                            y >= region.top && y < region.top + region.size.height;
      return is_there ? static_cast<double>(rows[static_cast<std::size_t>(y * map_.width + x)]) : 0;
    };
    std::vector<double> result;
    for (int row = 0; row < target_.height; ++row) {
      for (int column = 0; column < target_.width; ++column) {
        double sum = 0;
        double weights = 0;
        for (int y = 0; y < height; ++y) {
          const double of_row = weight(y, row, height, static_cast<int>(target_.height));
          for (int x = 0; of_row > 0 && x < width; ++x) {
            const double of_both =
                of_row * weight(x, column, width, static_cast<int>(target_.width));
            sum += of_both * value(x, y);
            weights += of_both;
          }
        }
        result.push_back(sum / weights);
      }
    }
    return result;
  }

 private:
  static double weight(int source, int out, int source_extent, int extent) {
    const double scale = static_cast<double>(source_extent) / extent;
    const double distance = source + 0.5 - (out + 0.5) * scale;
    return std::max(1 - std::abs(distance) / std::max(scale, 1.0), 0.0);
  }

  PreProcessingMetadata metadata_;
  ImageSize map_;
  ImageSize target_;
};

TEST(MaskEncoderTest, AnySizesGiveWhatThePlainestWayGives) {
  constexpr double kTooClose = 1e-4;
  std::mt19937 random(7);
  const auto any = [&](int low, int high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random);
  };
  std::int64_t set = 0;
  for (int round = 0; round < 400; ++round) {
    const ImageSize map{any(1, 24), any(1, 24)};
    PreProcessingMetadata metadata = metadata_of({any(7, 60), any(7, 60)});
    metadata.inference_size = {map.height * 4, map.width * 4};
    metadata.pad_left = any(-3, 2 * static_cast<int>(map.width) - 2);
    metadata.pad_top = any(-3, 2 * static_cast<int>(map.height) - 2);
    metadata.pad_right = any(-3, 2 * static_cast<int>(map.width) - 2);
    metadata.pad_bottom = any(-3, 2 * static_cast<int>(map.height) - 2);
    const ImageSize cropped = metadata.size_after_pre_processing;
    const std::int64_t offset_x = any(0, 5);
    const std::int64_t offset_y = any(0, 5);
    metadata.static_crop_offset = {offset_x, offset_y, cropped.width, cropped.height};
    metadata.original_size = {cropped.height + offset_y + any(0, 3),
                              cropped.width + offset_x + any(0, 3)};
    Region region{
        any(0, static_cast<int>(map.width) - 1), any(0, static_cast<int>(map.height) - 1), {}};
    region.size = {any(0, static_cast<int>(map.height - region.top)),
                   any(0, static_cast<int>(map.width - region.left))};
    std::vector<float> rows(static_cast<std::size_t>(map.height * map.width));
    std::ranges::generate(rows, [&] { return static_cast<float>(any(-1000, 1000)) / 500.0F; });
    std::vector<float> columns;
    for (std::int64_t x = region.left; x < region.left + region.size.width; ++x) {
      for (std::int64_t y = region.top; y < region.top + region.size.height; ++y) {
        columns.push_back(rows[static_cast<std::size_t>(y * map.width + x)]);
      }
    }
    const float threshold = static_cast<float>(any(-3, 3)) / 4.0F + 0.01F;

    MaskEncoder encoder(map, metadata, 1);
    const RleMask mask = encoder.encode({region, columns}, threshold);
    ASSERT_EQ(mask.size, metadata.original_size);
    const Pixels pixels = mask.decode();
    EXPECT_EQ(mask, RleMask::encode(pixels, mask.size));  // No two runs that are one.
    const auto plain = PlainMask(metadata, map, cropped).resized(rows, region);
    for (std::int64_t y = 0; y < mask.size.height; ++y) {
      for (std::int64_t x = 0; x < mask.size.width; ++x) {
        const std::int64_t row = y - offset_y;
        const std::int64_t column = x - offset_x;
        const bool within =
            row >= 0 && row < cropped.height && column >= 0 && column < cropped.width;
        const double value =
            within ? plain[static_cast<std::size_t>(row * cropped.width + column)] : -INFINITY;
        if (std::abs(value - threshold) > kTooClose) {
          const bool is_set = pixels[static_cast<std::size_t>(y * mask.size.width + x)] != 0;
          ASSERT_EQ(is_set, value > threshold) << "round " << round << ", " << x << ", " << y;
          set += is_set ? 1 : 0;
        }
      }
    }
  }
  EXPECT_GT(set, 10000);
}

}  // namespace
}  // namespace replayrt::models
