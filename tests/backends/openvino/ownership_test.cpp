// Who owns what memory, and for how long.

#include <openvino/core/graph_util.hpp>
#include <openvino/op/add.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/multiply.hpp>
#include <openvino/op/parameter.hpp>
#include <openvino/op/reshape.hpp>
#include <openvino/op/result.hpp>

#include "backends/openvino/support.hpp"
#include "support/capturing_cache.hpp"
#include "support/temporary_folder.hpp"

namespace replayrt {
namespace {

using namespace openvino_test;

Tensor copy_of(const Tensor& tensor) {
  return Tensor::copy_of(tensor.view());
}

TEST(OpenVinoOwnership, ResultsStayIntactWhateverHappensLater) {
  std::vector<Tensor> results;
  std::vector<Tensor> copies;
  {
    const Engine engine = load_engine(model_path("ppocrv6_rec.onnx"));
    const auto cache = capturing_cache(2);
    // More eager results alive than an executor lends requests for, and shapes that grow and
    // shrink.
    for (unsigned call = 0; call < 14; ++call) {
      const Tensor input = random_tensor(Shape{1 + call % 2, 3, 48, 64 + 32 * (call % 3)}, call);
      results.push_back(run(engine, {input}, call % 2 == 0 ? nullptr : cache).outputs[0]);
      copies.push_back(copy_of(results.back()));
    }
  }
  for (std::size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(difference(results[i], copies[i]), 0) << "result " << i << " changed";
  }
  results.clear();  // The last owners of memory that came from an engine that is gone.
}

TEST(OpenVinoOwnership, EagerResultsAreCopiedOnlyIfManyAreAlive) {
  const Engine engine = load_engine(model_path("trivial.onnx"));
  const Tensor input = random_tensor(Shape{4, 8}, 1);
  const std::vector<TensorView> views = {input.view()};
  const auto eager = engine.make_eager();
  std::vector<TensorList> kept(12);
  std::size_t copied = 0;
  for (TensorList& outputs : kept) {
    copied += eager->run(views, {}, outputs).bytes_copied;
  }
  EXPECT_GT(copied, 0U);
  EXPECT_LT(copied, 12 * input.bytes());
  for (const TensorList& outputs : kept) {
    EXPECT_EQ(difference(outputs[0], kept[0][0]), 0);
  }
  kept.clear();
  TensorList outputs;
  for (int call = 0; call < 12; ++call) {
    EXPECT_EQ(eager->run(views, {}, outputs).bytes_copied, 0U);
  }
}

class Alignment : public testing::TestWithParam<bool> {};

TEST_P(Alignment, UnalignedInputsAreCopiedAndGiveTheSameAnswer) {
  const Engine engine = load_engine(model_path("ppocrv6_rec.onnx"));
  const auto cache = GetParam() ? capturing_cache(2) : nullptr;
  const Tensor aligned = random_tensor(Shape{1, 3, 48, 96}, 1);
  const Tensor memory =
      Tensor::allocate(DType::kU8, Shape{aligned.shape().num_elements() * 4 + 64});
  void* const shifted = static_cast<char*>(memory.data()) + 4;
  std::memcpy(shifted, aligned.data(), aligned.bytes());
  TensorView view = aligned.view();
  static_cast<void>(infer(engine, {&view, 1}, {.graph_cache = cache}));
  const InferResult in_place = infer(engine, {&view, 1}, {.graph_cache = cache});
  EXPECT_EQ(in_place.bytes_copied, 0U);
  view.data = shifted;
  const InferResult copied = infer(engine, {&view, 1}, {.graph_cache = cache});
  EXPECT_EQ(copied.bytes_copied, aligned.bytes());
  EXPECT_EQ(difference(in_place.outputs[0], copied.outputs[0]), 0);
  EXPECT_EQ(copied.route, GetParam() ? Route::kReplayed : Route::kEager);
}

INSTANTIATE_TEST_SUITE_P(OpenVino, Alignment, testing::Bool(),
                         [](const auto& tested) { return tested.param ? "replayed" : "eager"; });

TEST(OpenVinoOwnership, TheCallersInputIsNotTouchedAfterTheRun) {
  const Engine engine = load_engine(model_path("ppocrv6_det.onnx"));
  const auto cache = capturing_cache(2);
  const Tensor second = random_tensor(Shape{1, 3, 64, 64}, 2);
  for (const auto& with : {std::shared_ptr<GraphCache>(), cache, cache}) {
    Tensor expected;
    {
      const Tensor first = random_tensor(Shape{1, 3, 64, 64}, 1);
      expected = run(engine, {first}, with).outputs[0];
      // Whoever still read it would see these, and a sanitizer the freed memory after.
      std::ranges::fill(first.as<float>(), 1e9F);
    }
    EXPECT_GT(difference(run(engine, {second}, with).outputs[0], expected), 0);
    const Tensor again = random_tensor(Shape{1, 3, 64, 64}, 1);
    EXPECT_LE(difference(run(engine, {again}, with).outputs[0], expected), 1e-5);
  }
}

TEST(OpenVinoOwnership, AResultCanBeTheNextInput) {
  const Engine engine = load_engine(model_path("trivial.onnx"));
  const auto cache = capturing_cache(2);
  const Tensor first = random_tensor(Shape{2, 8}, 1);
  const Tensor expected = run(engine, {first}).outputs[0];
  Tensor tensor = first;
  for (int call = 0; call < 6; ++call) {
    tensor = run(engine, {tensor}, call % 2 == 0 ? cache : nullptr).outputs[0];
    EXPECT_EQ(difference(tensor, expected), 0);
  }
}

// Models in which an output is an input, a view of one, or another output.
class SharedTensors : public testing::Test {
 protected:
  Engine engine_of(const ov::OutputVector& outputs, const ov::ParameterVector& inputs) const {
    ov::ResultVector results;
    for (const auto& output : outputs) {
      results.push_back(std::make_shared<ov::op::v0::Result>(output));
      results.back()->output(0).set_names({"y" + std::to_string(results.size())});
    }
    ov::save_model(std::make_shared<ov::Model>(results, inputs), folder_ / "m.xml", false);
    return load_engine(folder_ / "m.xml");
  }

  // Every output is called as in the model, every route gives `factor` times the input, in memory
  // of its own.
  void expect_answers(const Engine& engine, float factor) const {
    EXPECT_EQ(engine.outputs()[0].name, "y1");
    const auto cache = capturing_cache(4);
    std::vector<std::pair<TensorList, Tensor>> kept;
    for (unsigned call = 0; call < 9; ++call) {
      const Tensor input = random_tensor(Shape{1 + call / 3, 8}, call);
      const Tensor before = copy_of(input);
      InferResult result = run(engine, {input}, call % 3 == 0 ? nullptr : cache);
      EXPECT_EQ(result.route, call % 3 == 0   ? Route::kEager
                              : call % 3 == 1 ? Route::kCaptured
                                              : Route::kReplayed);
      EXPECT_EQ(difference(input, before), 0) << "the caller's input was written to";
      kept.emplace_back(std::move(result.outputs), input);
    }
    for (const auto& [outputs, input] : kept) {
      for (const Tensor& output : outputs) {
        EXPECT_NE(output.data(), input.data());
        const auto given = input.as<float>();
        const auto got = output.as<float>();
        ASSERT_EQ(given.size(), got.size());
        for (std::size_t i = 0; i < given.size(); ++i) {
          ASSERT_EQ(got[i], factor * given[i]);
        }
      }
      for (std::size_t i = 1; i < outputs.size(); ++i) {
        EXPECT_NE(outputs[i].data(), outputs[0].data());
      }
    }
  }

  const std::shared_ptr<ov::op::v0::Parameter> x_ =
      std::make_shared<ov::op::v0::Parameter>(ov::element::f32, ov::PartialShape{-1, 8});
  const TemporaryFolder temporary_;
  const std::filesystem::path folder_ = temporary_.path();
};

// None of these needs to be refused: the outputs are made to lie in memory of their own.
TEST_F(SharedTensors, AnOutputThatIsTheInput) {
  expect_answers(engine_of({x_}, {x_}), 1);
}

TEST_F(SharedTensors, AnOutputThatIsAViewOfTheInput) {
  const auto flat = ov::op::v0::Constant::create(ov::element::i64, {1}, {-1});
  expect_answers(engine_of({std::make_shared<ov::op::v1::Reshape>(x_, flat, false)}, {x_}), 1);
}

TEST_F(SharedTensors, TwoOutputsThatAreOneTensor) {
  const auto sum = std::make_shared<ov::op::v1::Add>(x_, x_);
  expect_answers(engine_of({sum, sum}, {x_}), 2);
}

TEST_F(SharedTensors, TwoOutputsThatAreTheInput) {
  expect_answers(engine_of({x_, x_}, {x_}), 1);
}

TEST_F(SharedTensors, AnOutputThatFeedsAnotherOutput) {
  const auto one = ov::op::v0::Constant::create(ov::element::f32, {}, {1});
  const auto sum = std::make_shared<ov::op::v1::Add>(x_, x_);
  expect_answers(engine_of({sum, std::make_shared<ov::op::v1::Multiply>(sum, one)}, {x_}), 2);
}

}  // namespace
}  // namespace replayrt
