// Models of text on engines that stand for networks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/expect_error.hpp"
#include "model_states.hpp"

namespace replayrt::detail {
namespace {

const DimensionRange kAnySide{1, 4096, {}};

ModelPackage text_package(const std::string& architecture) {
  ModelPackage package;
  package.folder = "the_package";
  package.model_config.model_architecture = architecture;
  package.inference_config.network_input.dynamic_spatial_size = {.supported = true, .divisor = 1};
  package.inference_config.network_input.color_mode = ColorFormat::kBgr;
  if (architecture == "pp-ocrv6-det") {
    package.model_config.task_type = "object-detection";
    package.class_names = {"text"};
    package.text_detection = TextDetectionConfig{.limit_side_len = 64};
  } else {
    package.model_config.task_type = "text-only-ocr";
    package.text_recognition =
        TextRecognitionConfig{.line_size = {8, 16}, .characters = {"a", "b"}};
  }
  return package;
}

/// Its map is a bright region in the middle.
fakes::ImageEngineOptions page_engine() {
  fakes::ImageEngineOptions options;
  options.inputs = {spec("x", DType::kF32, {kAny, fixed(3), kAnySide, kAnySide})};
  options.outputs = {spec("map", DType::kF32, {kAny, fixed(1), kAnySide, kAnySide})};
  options.answer = [](const TensorView& images) {
    const std::int64_t height = images.shape[2];
    const std::int64_t width = images.shape[3];
    const Tensor map = Tensor::allocate(DType::kF32, Shape{images.shape[0], 1, height, width});
    const auto values = map.as<float>();
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::int64_t row = static_cast<std::int64_t>(i) / width % height;
      const std::int64_t column = static_cast<std::int64_t>(i) % width;
      const bool inside = row >= height / 4 && row < height * 3 / 4 && column >= width / 4 &&
                          column < width * 3 / 4;
      values[i] = inside ? 0.9F : 0.1F;
    }
    TensorList outputs;
    outputs.push_back(map);
    return outputs;
  };
  return options;
}

/// One step per eight columns; each reads the class that the picture's first value says.
fakes::ImageEngineOptions line_engine(std::int64_t classes = 4) {
  fakes::ImageEngineOptions options;
  options.name = "openvino";
  options.inputs = {spec("x", DType::kF32, {kAny, fixed(3), fixed(8), kAny})};
  options.outputs = {spec("scores", DType::kF32, {kAny, kAny, kAny})};
  options.answer = [classes](const TensorView& images) {
    const std::int64_t count = images.shape[0];
    const std::int64_t steps = images.shape[3] / 8;
    const Tensor scores = Tensor::allocate(DType::kF32, Shape{count, steps, classes});
    const auto values = scores.as<float>();
    std::fill(values.begin(), values.end(), 0.1F);
    const auto pixels = images.as<float>();
    const std::size_t of_image = pixels.size() / static_cast<std::size_t>(count);
    for (std::int64_t row = 0; row < count * steps; ++row) {
      const auto best =
          static_cast<std::int64_t>(pixels[static_cast<std::size_t>(row / steps) * of_image]);
      values[static_cast<std::size_t>(row * classes + best)] = 0.7F;
    }
    TensorList outputs;
    outputs.push_back(scores);
    return outputs;
  };
  return options;
}

Image picture_of(ImageSize size, std::uint8_t value) {
  Image image = Image::allocate(size);
  const auto pixels = image.pixels().as<std::uint8_t>();
  std::fill(pixels.begin(), pixels.end(), value);
  return image;
}

TEST(TextModelTest, PagesOfSeveralSizesRunOneByOne) {
  fakes::ImageEngineOptions engine = page_engine();
  std::vector<Shape> shapes;
  engine.answer = [&shapes, answer = engine.answer](const TensorView& images) {
    shapes.push_back(images.shape);
    return answer(images);
  };
  const ModelState state = state_of(text_package("pp-ocrv6-det"), engine);
  const Image wide = picture_of({32, 64}, 1);
  const Image high = picture_of({96, 64}, 1);
  const std::vector<ImageView> views = {wide.view(), high.view()};
  const std::vector<Prediction> found = state.predict(views, {});
  EXPECT_THAT(shapes, testing::ElementsAre(Shape{1, 3, 64, 128}, Shape{1, 3, 96, 64}));
  ASSERT_EQ(found.size(), 2U);
  for (const Prediction& prediction : found) {
    const auto& boxes = std::get<Detections>(prediction);
    ASSERT_EQ(boxes.size(), 1U);
    EXPECT_EQ(boxes.class_id[0], 0);
    EXPECT_NEAR(boxes.confidence[0], 0.9F, 0.03F) << "a row around it may count, too";
    const auto& corners = boxes.polygon.at(0);
    EXPECT_EQ(boxes.xyxy[0],
              (std::array{corners[0][0], corners[0][1], corners[2][0], corners[2][1]}));
  }
  EXPECT_GT(std::get<Detections>(found[1]).xyxy[0][3], 32) << "in the second's own pixels";
  expect_error(ErrorCode::kModelInput, {"image 1 becomes"},
               [&] { (void)state.pre_process(views, {}); });
  expect_error(ErrorCode::kModelInput, {"no images"}, [&] { (void)state.predict({}, {}); });
  const ImageView none{};
  expect_error(ErrorCode::kModelInput, {"image 2 has no pixels"}, [&] {
    (void)state.predict(std::vector<ImageView>{views[0], views[1], none}, {});
  });
}

TEST(TextModelTest, AMapOfAnotherSizeIsNamed) {
  fakes::ImageEngineOptions engine = page_engine();
  engine.answer = [](const TensorView& images) {
    TensorList outputs;
    outputs.push_back(Tensor::allocate(DType::kF32, Shape{images.shape[0], 1, 7, 7}));
    return outputs;
  };
  const ModelState state = state_of(text_package("pp-ocrv6-det"), engine);
  const Image image = picture_of({64, 64}, 1);
  const ImageView view = image.view();
  expect_error(ErrorCode::kCorruptedModel,
               {"output 'map' has shape 1x1x7x7", "of the input's size"},
               [&] { (void)state.predict(std::span(&view, 1), {}); });
}

TEST(TextModelTest, LinesOfACallShareAWidthAndRunOneByOne) {
  for (const bool openvino : {true, false}) {
    fakes::ImageEngineOptions engine = line_engine();
    engine.name = openvino ? "openvino" : "fake";
    std::vector<Shape> shapes;
    engine.answer = [&shapes, answer = engine.answer](const TensorView& images) {
      shapes.push_back(images.shape);
      return answer(images);
    };
    const ModelState state = state_of(text_package("pp-ocrv6-rec"), engine);
    const std::vector<Image> images = {picture_of({8, 20}, 1), picture_of({8, 40}, 2),
                                       picture_of({8, 8}, 0), picture_of({8, 8}, 3)};
    std::vector<ImageView> views;
    for (const Image& image : images) {
      views.push_back(image.view());
    }
    std::vector<std::string> texts;
    for (const Prediction& prediction : state.predict(views, {})) {
      texts.push_back(std::get<TextResult>(prediction).text);
    }
    EXPECT_THAT(texts, testing::ElementsAre("a", "b", "", " "));
    EXPECT_THAT(shapes, testing::Each(Shape{openvino ? 1 : 4, 3, 8, 40}));
    EXPECT_EQ(shapes.size(), openvino ? 4U : 1U);
    // The three stages give the same.
    const PreProcessedImages batch = state.pre_process(views, {});
    const auto staged = state.post_process(state.forward(batch, {}), batch.metadata, {});
    EXPECT_EQ(std::get<TextResult>(staged[1]).text, "b");
    EXPECT_NEAR(std::get<TextResult>(staged[1]).confidence, 0.7F, 1e-6F);
  }
}

TEST(TextModelTest, TheCharactersMustFitTheNetwork) {
  fakes::ImageEngineOptions engine = line_engine(9);
  const Image image = picture_of({8, 20}, 1);
  const ImageView view = image.view();
  const ModelState dynamic = state_of(text_package("pp-ocrv6-rec"), engine);
  expect_error(ErrorCode::kCorruptedModel,
               {"output 'scores'", "(images, steps, 4)", "2 characters of inference.yml"},
               [&] { (void)dynamic.predict(std::span(&view, 1), {}); });
  engine.outputs[0].dims->at(2) = fixed(9);
  expect_error(ErrorCode::kCorruptedModel,
               {"the_package", "character_dict has 2 characters", "classes for 7"},
               [&] { state_of(text_package("pp-ocrv6-rec"), engine); });
}

TEST(TextModelTest, OptionsThatMeanNothingAreRefusedByName) {
  const Image image = picture_of({64, 64}, 1);
  const ImageView view = image.view();
  const auto expect_refused = [&](const ModelState& state, const PredictOptions& options,
                                  const std::string& name) {
    expect_error(ErrorCode::kInvalidParameter, {name, "does not apply"},
                 [&] { (void)state.predict(std::span(&view, 1), options); });
  };
  const ModelState pages = state_of(text_package("pp-ocrv6-det"), page_engine());
  const ModelState lines = state_of(text_package("pp-ocrv6-rec"), line_engine());
  for (const ModelState* state : {&pages, &lines}) {
    expect_refused(*state, {.confidence = 0.5}, "confidence");
    expect_refused(*state, {.iou_threshold = 0.5}, "iou_threshold");
    expect_refused(*state, {.max_detections = 5}, "max_detections");
    expect_refused(*state, {.class_agnostic_nms = true}, "class_agnostic_nms");
    expect_refused(*state, {.image_size = ImageSize{64, 64}}, "image_size");
  }
  const ModelState compatible = state_of(text_package("pp-ocrv6-det"), page_engine(), nullptr,
                                         {.reference_compatible = true});
  EXPECT_EQ(compatible.predict(std::span(&view, 1), {.confidence = 0.99}).size(), 1U);
}

}  // namespace
}  // namespace replayrt::detail
