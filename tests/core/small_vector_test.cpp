#include "replayrt/core/small_vector.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace replayrt {
namespace {

using Strings = SmallVector<std::string, 2>;
const std::string kLong(40,
                        'x');  // Longer than any small-string buffer: leaks and double frees show.

TEST(SmallVectorTest, GrowsPastTheInlinePart) {
  Strings strings;
  for (int i = 0; i < 9; ++i) {
    strings.push_back(kLong + std::to_string(i));
  }
  ASSERT_EQ(strings.size(), 9U);
  for (std::size_t i = 0; i < 9; ++i) {
    EXPECT_EQ(strings[i], kLong + std::to_string(i));
  }
}

TEST(SmallVectorTest, CopiesAndMovesInlineAndOnTheHeap) {
  for (std::size_t size : {0U, 1U, 2U, 3U, 7U}) {
    Strings strings;
    strings.resize(size);
    for (std::string& text : strings) {
      text = kLong;
    }
    Strings copy = strings;
    EXPECT_EQ(copy, strings);
    const Strings moved = std::move(copy);
    EXPECT_EQ(moved, strings);
    EXPECT_TRUE(copy.empty());  // NOLINT(bugprone-use-after-move): emptied by contract.
    copy.push_back("again");
    EXPECT_EQ(copy.back(), "again");
    copy = strings;
    EXPECT_EQ(copy, strings);
    Strings target{"a", "b", "c"};
    target = std::move(copy);
    EXPECT_EQ(target, strings);
    Strings& self = target;
    target = self;
    EXPECT_EQ(target, strings);
  }
}

TEST(SmallVectorTest, AnElementMayBeAppendedToItsOwnVector) {
  Strings strings{kLong, "b"};
  strings.push_back(strings[0]);
  EXPECT_EQ(strings[2], kLong);
}

TEST(SmallVectorTest, ResizeDestroysAndDefaults) {
  const auto shared = std::make_shared<int>(1);
  SmallVector<std::shared_ptr<int>, 2> pointers{shared, shared, shared};
  EXPECT_EQ(shared.use_count(), 4);
  pointers.resize(1);
  EXPECT_EQ(shared.use_count(), 2);
  pointers.resize(3);
  EXPECT_EQ(pointers[2], nullptr);
  pointers.clear();
  EXPECT_EQ(shared.use_count(), 1);
}

/// Copying the third one fails.
struct Fragile {
  explicit Fragile(std::shared_ptr<int> value) : alive(std::move(value)) {}
  Fragile(const Fragile& other) : alive(other.alive) {
    if (alive.use_count() > 6) {
      throw std::runtime_error("no more");
    }
  }
  Fragile(Fragile&&) noexcept = default;
  std::shared_ptr<int> alive;
};

TEST(SmallVectorTest, ACopyThatFailsLeavesNothingBehind) {
  const auto shared = std::make_shared<int>(1);
  SmallVector<Fragile, 1> fragile;
  for (int i = 0; i < 4; ++i) {
    fragile.emplace_back(shared);
  }
  const auto count = shared.use_count();
  using Copy = SmallVector<Fragile, 1>;
  EXPECT_THROW(Copy{fragile}, std::runtime_error);
  EXPECT_EQ(shared.use_count(), count);
}

}  // namespace
}  // namespace replayrt
