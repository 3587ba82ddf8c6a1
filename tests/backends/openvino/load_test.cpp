#include <algorithm>
#include <array>
#include <cstdlib>

#include "backends/openvino/support.hpp"
#include "support/capturing_cache.hpp"
#include "support/temporary_folder.hpp"

namespace replayrt {
namespace {

using namespace openvino_test;

void expect_refused(const std::string& file, ErrorCode code,
                    const std::vector<std::string>& parts) {
  SCOPED_TRACE(file);
  expect_error(code, parts, [&] { load_engine(data_path(file)); });
}

TEST(OpenVinoLoad, BadFilesAreNamed) {
  expect_refused("bad/truncated.onnx", ErrorCode::kCorruptedModel, {"truncated.onnx", "parsed"});
  expect_refused("bad/empty.onnx", ErrorCode::kCorruptedModel, {"empty.onnx", "is empty"});
  expect_refused("bad/text.onnx", ErrorCode::kCorruptedModel, {"text.onnx", "not an ONNX model"});
  expect_refused("bad/no_weights.xml", ErrorCode::kFileAccess,
                 {"no_weights.bin", "does not exist", "no_weights.xml"});
  expect_refused("bad/unsupported_op.onnx", ErrorCode::kCorruptedModel,
                 {"unsupported_op.onnx", "NoSuchOp", "OpenVINO 20"});
}

class ScratchFolder : public testing::Test {
 protected:
  std::filesystem::path write(const std::string& name, const std::string& text) const {
    return temporary_.write(name, text);
  }

  const TemporaryFolder temporary_;
  const std::filesystem::path folder_ = temporary_.path();
};

TEST_F(ScratchFolder, OpenVinoIrThatIsNoneIsRefused) {
  const auto path = write("other.xml", "<?xml version=\"1.0\"?><html></html>");
  expect_error(ErrorCode::kCorruptedModel, {"other.xml", "IR"}, [&] { load_engine(path); });
}

TEST_F(ScratchFolder, OpenVinoIrWithTruncatedWeightsIsRefused) {
  std::filesystem::copy(model_path("ppocrv6_rec.xml"), folder_);
  write("ppocrv6_rec.bin", std::string(1000, 'x'));
  expect_error(ErrorCode::kCorruptedModel, {"ppocrv6_rec.xml"},
               [&] { load_engine(folder_ / "ppocrv6_rec.xml"); });
}

TEST(OpenVinoLoad, TellsInputsAndOutputs) {
  const Engine engine = load_engine(model_path("ppocrv6_det.onnx"));
  EXPECT_EQ(engine.backend_name(), "openvino");
  EXPECT_EQ(engine.device(), Device{});
  ASSERT_EQ(engine.inputs().size(), 1U);
  EXPECT_EQ(engine.inputs()[0].name, "x");
  EXPECT_EQ(engine.inputs()[0].dtype, DType::kF32);
  EXPECT_EQ(engine.inputs()[0].shape_text(), "?x3x?x?");
  ASSERT_EQ(engine.outputs().size(), 1U);
  EXPECT_EQ(engine.outputs()[0].dims->at(1), DimensionRange::fixed(1));
}

TEST(OpenVinoLoad, IrAndOnnxAnswerAlike) {
  const Engine onnx = load_engine(model_path("ppocrv6_rec.onnx"));
  const Engine ir = load_engine(model_path("ppocrv6_rec.xml"));
  ASSERT_EQ(ir.inputs().size(), onnx.inputs().size());
  EXPECT_EQ(ir.inputs()[0].name, onnx.inputs()[0].name);
  EXPECT_EQ(ir.outputs()[0].name, onnx.outputs()[0].name);
  const Tensor input = random_tensor(Shape{1, 3, 48, 128}, 1);
  EXPECT_LE(difference(run(onnx, {input}).outputs[0], run(ir, {input}).outputs[0]), 1e-6);
}

// Numbers that OpenVINO's CPU plugin can hold: it computes f64 as f32 and 64-bit integers as 32-bit
// ones.
void fill(const Tensor& tensor) {
  constexpr std::array kSmallFloats = {DType::kF32, DType::kF16, DType::kBf16};
  auto* const bytes = static_cast<unsigned char*>(tensor.data());
  const std::size_t size = tensor.bytes() / static_cast<std::size_t>(tensor.shape().num_elements());
  std::memset(bytes, 0, tensor.bytes());
  for (std::size_t i = 0; i < tensor.bytes() / size; ++i) {
    if (std::ranges::find(kSmallFloats, tensor.dtype()) != kSmallFloats.end()) {
      std::memset(bytes + i * size, static_cast<int>(i) + 1, size);  // No denormal number.
    } else if (tensor.dtype() == DType::kF64) {
      tensor.as<double>()[i] = 0.5 * static_cast<double>(i);
    } else {
      bytes[i * size] = static_cast<unsigned char>(tensor.dtype() == DType::kBool ? i % 2 : i + 1);
    }
  }
}

TEST(OpenVinoLoad, EveryDtypeGoesThroughUnchanged) {
  const Engine engine = load_engine(model_path("dtypes.onnx"));
  const auto cache = capturing_cache(2);
  std::vector<Tensor> inputs;
  for (const TensorSpec& spec : engine.inputs()) {
    EXPECT_EQ(to_string(spec.dtype), spec.name);
    const Tensor& tensor = inputs.emplace_back(Tensor::allocate(spec.dtype, Shape{8}));
    fill(tensor);
  }
  EXPECT_EQ(inputs.size(), 13U);
  for (const auto& with : {std::shared_ptr<GraphCache>(), cache, cache}) {
    const InferResult result = run(engine, inputs, with);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      SCOPED_TRACE(engine.inputs()[i].name);
      const Tensor& output = result.outputs[i];
      EXPECT_EQ(output.dtype(), inputs[i].dtype());
      ASSERT_EQ(output.bytes(), 2 * inputs[i].bytes());
      EXPECT_EQ(std::memcmp(output.data(), inputs[i].data(), inputs[i].bytes()), 0);
    }
  }
  EXPECT_EQ(cache->stats().replayed, 1U);
}

TEST(OpenVinoLoad, RunErrorsNameModelAndShape) {
  // Detection needs multiples of 32.
  const Engine engine = load_engine(model_path("ppocrv6_det.onnx"));
  const Tensor tiny = random_tensor(Shape{1, 3, 33, 47}, 1);
  expect_error(ErrorCode::kModelRuntime, {"ppocrv6_det.onnx", "f32 1x3x33x47"},
               [&] { run(engine, {tiny}); });
  const Tensor good = random_tensor(Shape{1, 3, 64, 64}, 1);
  EXPECT_EQ(run(engine, {good}).outputs.size(), 1U) << "the engine stays usable";
}

}  // namespace
}  // namespace replayrt
