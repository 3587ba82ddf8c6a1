// The answer does not depend on the route, and is the one that onnxruntime gives.

#include "backends/openvino/support.hpp"
#include "support/capturing_cache.hpp"

namespace replayrt {
namespace {

using namespace openvino_test;

// About 3e-6 was seen: a static compilation may pick other kernels than the dynamic one.
constexpr double kRouteTolerance = 1e-5;

struct RouteCase {
  const char* model;
  std::vector<Shape> shapes;
};

class OpenVinoRoutes : public testing::TestWithParam<RouteCase> {};

TEST_P(OpenVinoRoutes, EagerCapturedAndReplayedAgree) {
  const Engine engine = load_engine(model_path(GetParam().model));
  const auto cache = capturing_cache(8);
  double worst = 0;
  for (const Shape& shape : GetParam().shapes) {
    SCOPED_TRACE(shape.to_string());
    const Tensor input = random_tensor(shape, 1);
    const Tensor other = random_tensor(shape, 2);
    const InferResult eager = run(engine, {input});
    const InferResult captured = run(engine, {input}, cache);
    const InferResult between = run(engine, {other}, cache);
    const InferResult replayed = run(engine, {input}, cache);
    ASSERT_EQ(eager.route, Route::kEager);
    ASSERT_EQ(captured.route, Route::kCaptured);
    ASSERT_EQ(replayed.route, Route::kReplayed);
    worst = std::max({worst, difference(eager.outputs[0], captured.outputs[0]),
                      difference(eager.outputs[0], replayed.outputs[0])});
    EXPECT_EQ(difference(captured.outputs[0], replayed.outputs[0]), 0);
    EXPECT_GT(difference(eager.outputs[0], between.outputs[0]), 0) << "the inputs do not matter";
  }
  EXPECT_LE(worst, kRouteTolerance);
  RecordProperty("largest_difference", std::to_string(worst));
}

INSTANTIATE_TEST_SUITE_P(
    Models, OpenVinoRoutes,
    testing::Values(
        RouteCase{"ppocrv6_det.onnx", {{1, 3, 64, 96}, {1, 3, 160, 128}, {2, 3, 96, 96}}},
        RouteCase{"ppocrv6_rec.onnx", {{1, 3, 48, 160}, {3, 3, 48, 96}, {2, 3, 48, 321}}},
        RouteCase{"ppocr_cls.onnx", {{1, 3, 48, 192}, {6, 3, 48, 192}}},
        RouteCase{"resnet50.onnx", {{1, 3, 224, 224}, {2, 3, 224, 224}}}),
    [](const auto& tested) {
      const std::string model = tested.param.model;
      return model.substr(0, model.find('.'));
    });

class OpenVinoClassifiers : public testing::TestWithParam<const char*> {};

TEST_P(OpenVinoClassifiers, AnswerAsOnnxruntimeDoes) {
  const std::string model = GetParam();
  const Engine engine = load_engine(model_path(model + ".onnx"));
  const auto cache = capturing_cache(4);
  std::vector<Tensor> expected;
  for (int batch = 1; batch <= 3; ++batch) {
    SCOPED_TRACE(batch);
    const std::string base = "expected/" + model + "_b" + std::to_string(batch);
    const Tensor input = read_npy(data_path(base + "_input.npy"));
    expected.push_back(read_npy(data_path(base + "_output.npy")));
    const double allowed = 1e-3 * largest(expected.back());
    EXPECT_LE(difference(run(engine, {input}).outputs[0], expected.back()), allowed);
    EXPECT_LE(difference(run(engine, {input}, cache).outputs[0], expected.back()), allowed);
    const InferResult replayed = run(engine, {input}, cache);
    EXPECT_EQ(replayed.route, Route::kReplayed);
    EXPECT_LE(difference(replayed.outputs[0], expected.back()), allowed);
  }
  // Else the comparison above would prove nothing: different inputs must give clearly different
  // outputs.
  ASSERT_GE(difference(expected[0], expected[1].first_rows(1)), 100 * 1e-3 * largest(expected[0]));
}

INSTANTIATE_TEST_SUITE_P(Models, OpenVinoClassifiers, testing::Values("resnet50", "squeezenet"),
                         [](const auto& tested) { return std::string(tested.param); });

TEST(OpenVinoTwoModels, WithTheSameShapeInOneCacheDoNotMix) {
  const Engine cls = load_engine(model_path("ppocr_cls.onnx"));
  const Engine rec = load_engine(model_path("ppocrv6_rec.onnx"));
  const Engine rec_again = load_engine(model_path("ppocrv6_rec.xml"));
  const auto cache = capturing_cache(8);
  const Tensor input = random_tensor(Shape{1, 3, 48, 192}, 1);
  const std::vector<const Engine*> engines = {&cls, &rec, &rec_again};
  for (int round = 0; round < 3; ++round) {
    for (const Engine* engine : engines) {
      const InferResult result = run(*engine, {input}, cache);
      EXPECT_EQ(result.route, round == 0 ? Route::kCaptured : Route::kReplayed);
      EXPECT_LE(difference(result.outputs[0], run(*engine, {input}).outputs[0]), kRouteTolerance);
    }
  }
  EXPECT_EQ(cache->get_current_size(), 3);
}

}  // namespace
}  // namespace replayrt
