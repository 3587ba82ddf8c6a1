#include "replayrt/core/graph_key.hpp"

#include <gtest/gtest.h>

#include <unordered_set>

namespace replayrt {
namespace {

GraphKey key(EngineId engine, Device device, InputSignature inputs) {
  return {engine, device, std::move(inputs)};
}

const void* at(std::uintptr_t address) {
  return reinterpret_cast<const void*>(address);
}

TEST(GraphKeyTest, EveryPartCounts) {
  const GraphKey base = key(1, {}, {{DType::kF32, {1, 2}}});
  EXPECT_EQ(base, key(1, {}, {{DType::kF32, {1, 2}}}));
  EXPECT_EQ(base.hash(), key(1, {}, {{DType::kF32, {1, 2}}}).hash());
  const std::vector<GraphKey> others = {
      key(2, {}, {{DType::kF32, {1, 2}}}),
      key(1, {DeviceType::kCuda, 0}, {{DType::kF32, {1, 2}}}),
      key(1, {DeviceType::kCuda, 1}, {{DType::kF32, {1, 2}}}),
      key(1, {}, {{DType::kI32, {1, 2}}}),
      key(1, {}, {{DType::kF32, {2, 1}}}),
      key(1, {}, {{DType::kF32, {1, 2, 1}}}),
      key(1, {}, {{DType::kF32, {1, 2}, DeviceType::kCuda}}),
      key(1, {}, {{DType::kF32, {1, 2}, DeviceType::kCuda, at(0x1000)}}),
      key(1, {}, {{DType::kF32, {1, 2}, DeviceType::kCuda, at(0x2000)}}),
      key(1, {}, {{DType::kF32, {1, 2}}, {DType::kF32, {1, 2}}}),
      key(1, {}, {}),
  };
  std::unordered_set<GraphKey> all(others.begin(), others.end());
  all.insert(base);
  EXPECT_EQ(all.size(), others.size() + 1);
}

TEST(GraphKeyTest, SignatureTellsWhereInputsLie) {
  const TensorView host{nullptr, DType::kF32, {1, 0}, {}};
  TensorView device = host;
  device.device = {DeviceType::kCuda, 1};
  const std::vector<TensorView> views{host, device};
  const InputSignature signature = signature_of(views);
  EXPECT_EQ(signature[0].memory, DeviceType::kCpu);
  EXPECT_EQ(signature[1].memory, DeviceType::kCuda);
}

TEST(GraphKeyTest, HashesSpread) {
  std::unordered_set<std::size_t> hashes;
  std::unordered_set<std::size_t> low_bits;
  for (std::int64_t i = 1; i <= 4096; ++i) {
    const std::size_t hash = key(1, {}, {{DType::kF32, {1, 3, 32 * i, 32}}}).hash();
    hashes.insert(hash);
    low_bits.insert(hash % 4096);
  }
  EXPECT_EQ(hashes.size(), 4096U);
  EXPECT_GT(low_bits.size(), 2300U);  // A random function fills 63 % of as many places.
}

TEST(GraphKeyTest, TextNamesEverything) {
  EXPECT_EQ(key(3, {DeviceType::kCuda, 1}, {{DType::kF32, {1, 3}}, {DType::kI64, {}}}).to_string(),
            "engine 3 on cuda:1: f32 1x3, i64 scalar");
  EXPECT_EQ(to_string(InputSignature{{DType::kF32, {1, 3}, DeviceType::kCuda}}), "f32 1x3 on cuda");
  EXPECT_EQ(to_string(InputSignature{{DType::kF32, {1, 3}, DeviceType::kCuda, at(0x7f00a0)}}),
            "f32 1x3 on cuda at 0x7f00a0");
}

}  // namespace
}  // namespace replayrt
