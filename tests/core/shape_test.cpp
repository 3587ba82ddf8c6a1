#include "replayrt/core/shape.hpp"

#include <limits>

#include "core/expect_error.hpp"

namespace replayrt {
namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

TEST(ShapeTest, CountsElements) {
  EXPECT_EQ(Shape{}.num_elements(), 1);
  EXPECT_EQ((Shape{2, 3, 4}).num_elements(), 24);
  EXPECT_EQ((Shape{2, 0, 4}).num_elements(), 0);
  EXPECT_EQ((Shape{kMax}).num_elements(), kMax);
}

TEST(ShapeTest, RefusesWhatCannotBe) {
  expect_error(ErrorCode::kInvalidParameter, {"1x-2", "negative"}, [] { Shape{1, -2}; });
  expect_error(ErrorCode::kInvalidParameter, {"64 bits"}, [] { Shape{kMax, 2}; });
  expect_error(ErrorCode::kInvalidParameter, {"64 bits"}, [] { Shape{kMax, 0, kMax}; });
  expect_error(ErrorCode::kInvalidParameter, {"at most 8"},
               [] { Shape{1, 1, 1, 1, 1, 1, 1, 1, 1}; });
}

TEST(ShapeTest, TextRoundTrips) {
  for (const Shape& shape :
       {Shape{}, Shape{0}, Shape{1, 3, 48, 320}, Shape{1, 2, 3, 4, 5, 6, 7, 8}}) {
    EXPECT_EQ(Shape::parse(shape.to_string()), shape);
  }
  EXPECT_EQ(Shape{}.to_string(), "scalar");
  EXPECT_EQ((Shape{1, 3}).to_string(), "1x3");
}

TEST(ShapeTest, MalformedTextIsQuoted) {
  for (const char* text :
       {"", "x", "1x", "x1", "1xx2", "1 x2", "axb", "1,2", "+1", " 1", "1x2 ", "1.5"}) {
    expect_error(ErrorCode::kInvalidParameter, {"'" + std::string(text) + "'"},
                 [&] { Shape::parse(text); });
  }
  expect_error(ErrorCode::kInvalidParameter, {"negative"}, [] { Shape::parse("1x-1"); });
  expect_error(ErrorCode::kInvalidParameter, {"64 bits"},
               [] { Shape::parse("99999999999999999999"); });
  expect_error(ErrorCode::kInvalidParameter, {"64 bits"},
               [] { Shape::parse("4294967296x4294967296"); });
  expect_error(ErrorCode::kInvalidParameter, {"too many"},
               [] { Shape::parse("1x1x1x1x1x1x1x1x1"); });
}

TEST(ShapeTest, EqualityLooksAtRankAndDimensions) {
  EXPECT_EQ((Shape{1, 2}), (Shape{1, 2}));
  EXPECT_NE((Shape{1, 2}), (Shape{2, 1}));
  EXPECT_NE((Shape{1}), (Shape{1, 0}));
  EXPECT_NE(Shape{}, (Shape{0}));
}

TEST(ShapeTest, OneDimensionCanBeChanged) {
  EXPECT_EQ((Shape{1, 3}).with_dim(0, 5), (Shape{5, 3}));
  expect_error(ErrorCode::kInvalidParameter, {"1x3", "dimension 2"}, [] {
    static_cast<void>((Shape{1, 3}).with_dim(2, 1));
  });
  expect_error(ErrorCode::kInvalidParameter, {"negative"}, [] {
    static_cast<void>((Shape{1, 3}).with_dim(0, -1));
  });
  expect_error(ErrorCode::kInvalidParameter, {"64 bits"}, [] {
    static_cast<void>((Shape{1, kMax / 2}).with_dim(0, 3));
  });
}

}  // namespace
}  // namespace replayrt
