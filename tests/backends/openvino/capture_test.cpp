#include <openvino/op/add.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/if.hpp>
#include <openvino/op/loop.hpp>
#include <openvino/op/multinomial.hpp>
#include <openvino/op/parameter.hpp>
#include <openvino/op/random_uniform.hpp>
#include <openvino/op/result.hpp>

#include "backends/openvino/capture_rules.hpp"
#include "backends/openvino/openvino_engine.hpp"
#include "backends/openvino/support.hpp"
#include "replayrt/core/log.hpp"
#include "support/capturing_cache.hpp"

namespace replayrt {
namespace {

using namespace openvino_test;

void expect_served_eagerly(const std::string& model, const Tensor& input, Reason reason,
                           const std::string& named) {
  SCOPED_TRACE(model);
  const Engine engine = load_engine(model_path(model));
  const auto cache = capturing_cache(4);
  set_log_sink({}, LogLevel::kOff);  // Each refusal is logged.
  for (int call = 0; call < 2; ++call) {
    const InferResult result = run(engine, {input}, cache);
    EXPECT_EQ(result.route, Route::kEager);
    EXPECT_EQ(to_string(result.reason), to_string(reason));
  }
  const std::vector<TensorView> views = {input.view()};
  const auto refusal = cache->refusal(engine.key_for(views));
  ASSERT_TRUE(refusal.has_value());
  EXPECT_THAT(refusal->message, testing::HasSubstr(named));
  EXPECT_EQ(cache->stats().capture_failures, 1U) << "asked once, then remembered";
}

TEST(OpenVinoCapture, IsRefusedWithTheReason) {
  expect_served_eagerly("stateful.xml", random_tensor(Shape{2, 8}, 1), Reason::kStateful, "state");
  expect_served_eagerly("random.onnx", random_tensor(Shape{2, 8}, 1), Reason::kRandom,
                        "RandomUniform");
  expect_served_eagerly("nonzero.onnx", random_tensor(Shape{9}, 1), Reason::kDataDependentShape,
                        "indices");
}

TEST(OpenVinoCapture, RefusesInputsThatTheModelDoesNotTake) {
  const Engine engine = load_engine(model_path("ppocrv6_rec.onnx"));
  for (const Shape& shape : {Shape{1, 4, 48, 96}, Shape{1, 3, 48}, Shape{0, 3, 48, 96}}) {
    expect_error(ErrorCode::kModelInput, {"input 'x'", shape.to_string()}, [&] {
      static_cast<void>(engine.capture(InputSignature{{DType::kF32, shape}}));
    });
  }
}

TEST(OpenVinoCapture, OfAModelWithFixedShapesCompilesNothing) {
  openvino::OpenVinoEngine engine(model_path("static.onnx"), {});
  const auto eager = engine.make_eager();
  const auto graph = engine.capture(InputSignature{{DType::kF32, Shape{1, 3, 8, 8}}});
  EXPECT_EQ(engine.eager_compilations(), 1U);
  EXPECT_EQ(graph->bytes(), 0U) << "it holds nothing of its own";
  const Tensor input = random_tensor(Shape{1, 3, 8, 8}, 1);
  const std::vector<TensorView> views = {input.view()};
  TensorList from_graph;
  TensorList from_eager;
  graph->run(views, {}, from_graph);
  eager->run(views, {}, from_eager);
  EXPECT_EQ(difference(from_graph[0], from_eager[0]), 0);
}

TEST(OpenVinoCapture, AGraphRunsOnlyItsOwnSignature) {
  const Engine engine = load_engine(model_path("trivial.onnx"));
  const auto graph = engine.capture(InputSignature{{DType::kF32, Shape{2, 8}}});
  const Tensor other = random_tensor(Shape{3, 8}, 1);
  const std::vector<TensorView> views = {other.view()};
  TensorList outputs;
  expect_error(ErrorCode::kModelInput, {"trivial.onnx", "f32 3x8"},
               [&] { graph->run(views, {}, outputs); });
}

// A body that adds random numbers.
std::shared_ptr<ov::Model> random_body() {
  const auto x = std::make_shared<ov::op::v0::Parameter>(ov::element::f32, ov::PartialShape{4});
  const auto shape = ov::op::v0::Constant::create(ov::element::i64, {1}, {4});
  const auto low = ov::op::v0::Constant::create(ov::element::f32, {}, {0});
  const auto high = ov::op::v0::Constant::create(ov::element::f32, {}, {1});
  const auto noise =
      std::make_shared<ov::op::v8::RandomUniform>(shape, low, high, ov::element::f32);
  const auto sum = std::make_shared<ov::op::v1::Add>(x, noise);
  return std::make_shared<ov::Model>(ov::OutputVector{sum}, ov::ParameterVector{x});
}

std::shared_ptr<ov::Model> plain_body() {
  const auto x = std::make_shared<ov::op::v0::Parameter>(ov::element::f32, ov::PartialShape{4});
  const auto sum = std::make_shared<ov::op::v1::Add>(x, x);
  return std::make_shared<ov::Model>(ov::OutputVector{sum}, ov::ParameterVector{x});
}

std::shared_ptr<ov::Model> with_branch(const std::shared_ptr<ov::Model>& otherwise) {
  const auto x = std::make_shared<ov::op::v0::Parameter>(ov::element::f32, ov::PartialShape{4});
  const auto choose = std::make_shared<ov::op::v0::Parameter>(ov::element::boolean, ov::Shape{});
  const auto branch = std::make_shared<ov::op::v8::If>(choose);
  const auto then = plain_body();
  branch->set_then_body(then);
  branch->set_else_body(otherwise);
  branch->set_input(x, then->get_parameters()[0], otherwise->get_parameters()[0]);
  const auto output = branch->set_output(then->get_results()[0], otherwise->get_results()[0]);
  return std::make_shared<ov::Model>(ov::OutputVector{output}, ov::ParameterVector{x, choose});
}

TEST(OpenVinoCapture, LooksIntoSubgraphs) {
  EXPECT_FALSE(openvino::refusal_of(*with_branch(plain_body())).has_value());
  const auto refusal = openvino::refusal_of(*with_branch(random_body()));
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->reason, Reason::kRandom);
  // Two levels deep.
  const auto outer = with_branch(random_body());
  const auto x = std::make_shared<ov::op::v0::Parameter>(ov::element::f32, ov::PartialShape{4});
  const auto choose = std::make_shared<ov::op::v0::Parameter>(ov::element::boolean, ov::Shape{});
  const auto count = ov::op::v0::Constant::create(ov::element::i64, {}, {3});
  const auto go_on = ov::op::v0::Constant::create(ov::element::boolean, {}, {true});
  const auto loop = std::make_shared<ov::op::v5::Loop>(count, go_on);
  const auto condition = std::make_shared<ov::op::v0::Result>(
      ov::op::v0::Constant::create(ov::element::boolean, {}, {true}));
  outer->add_results({condition});
  loop->set_function(outer);
  loop->set_special_body_ports({-1, 1});
  loop->set_merged_input(outer->get_parameters()[0], x, outer->get_results()[0]);
  loop->set_invariant_input(outer->get_parameters()[1], choose);
  const auto output = loop->get_iter_value(outer->get_results()[0], -1);
  const ov::Model model(ov::OutputVector{output}, ov::ParameterVector{x, choose});
  const auto deep = openvino::refusal_of(model);
  ASSERT_TRUE(deep.has_value());
  EXPECT_EQ(deep->reason, Reason::kRandom);
}

TEST(OpenVinoCapture, EveryRandomOperationCounts) {
  const auto p = std::make_shared<ov::op::v0::Parameter>(ov::element::f32, ov::Shape{1, 4});
  const auto samples = ov::op::v0::Constant::create(ov::element::i64, {}, {2});
  const auto drawn =
      std::make_shared<ov::op::v13::Multinomial>(p, samples, ov::element::i32, true, false, 0, 0);
  const ov::Model model(ov::OutputVector{drawn}, ov::ParameterVector{p});
  ASSERT_TRUE(openvino::refusal_of(model).has_value());
  EXPECT_EQ(openvino::refusal_of(model)->reason, Reason::kRandom);
}

}  // namespace
}  // namespace replayrt
