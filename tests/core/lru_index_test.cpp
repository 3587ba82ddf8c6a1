#include "core/lru_index.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace replayrt::detail {
namespace {

using Index = LruIndex<int, std::string>;

std::vector<int> keys_of(const Index& index) {
  std::vector<int> keys;
  for (const auto& node : index) {
    keys.push_back(*node.key);
  }
  return keys;
}

TEST(LruIndexTest, OrdersByUse) {
  Index index;
  for (int key : {1, 2, 3}) {
    index.insert(key, "v", key);
  }
  EXPECT_EQ(keys_of(index), (std::vector{1, 2, 3}));
  EXPECT_EQ(index.charge(), 6);
  index.touch(index.handle_of(1));
  EXPECT_EQ(keys_of(index), (std::vector{2, 3, 1}));
  EXPECT_NE(index.find(2), nullptr);
  EXPECT_EQ(keys_of(index), (std::vector{2, 3, 1})) << "finding is not using";
  EXPECT_EQ(index.take(index.handle_of(3)), "v");
  EXPECT_EQ(keys_of(index), (std::vector{2, 1}));
  EXPECT_EQ(index.charge(), 3);
  EXPECT_EQ(index.find(3), nullptr);
}

TEST(LruIndexTest, GivesUpUnpinnedOnesFirst) {
  Index index;
  const auto one = index.insert(1, "", 1);
  const auto two = index.insert(2, "", 1);
  const auto three = index.insert(3, "", 1);
  one->pinned = true;
  EXPECT_EQ(*index.victim(three)->key, 2);
  two->pinned = true;
  three->pinned = true;
  EXPECT_EQ(*index.victim(three)->key, 1) << "when all are pinned the oldest goes";
  EXPECT_EQ(*index.victim(one)->key, 2) << "but never the one to keep";
  index.take(one);
  index.take(two);
  EXPECT_TRUE(index.victim(three) == index.end());
}

TEST(LruIndexTest, AgreesWithASimpleModel) {
  const unsigned seed = 20261123;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  Index index;
  std::vector<int> model;  // Least recently used first.
  for (int step = 0; step < 20000; ++step) {
    const int key = static_cast<int>(random() % 50);
    const auto place = std::ranges::find(model, key);
    ASSERT_EQ(index.find(key) != nullptr, place != model.end());
    const auto operation = random() % 3;
    if (place == model.end()) {
      index.insert(key, std::to_string(key), key);
      model.push_back(key);
    } else if (operation == 0) {
      EXPECT_EQ(index.take(index.handle_of(key)), std::to_string(key));
      model.erase(place);
    } else {
      index.touch(index.handle_of(key));
      std::rotate(place, place + 1, model.end());
    }
    ASSERT_EQ(keys_of(index), model);
  }
}

}  // namespace
}  // namespace replayrt::detail
