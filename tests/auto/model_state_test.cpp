#include "auto/model_state.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <barrier>
#include <thread>

#include "core/expect_error.hpp"
#include "model_states.hpp"
#include "models/element_type.hpp"
#include "replayrt/core/log.hpp"

namespace replayrt::detail {
namespace {

fakes::ImageEngineOptions rows_engine() {
  fakes::ImageEngineOptions options;
  options.inputs = {pictures_spec()};
  options.outputs = {spec("output0", DType::kF32, {kAny, fixed(2), fixed(6)})};
  // Two rows per image; the class is the picture's own first value.
  options.answer = [](const TensorView& images) {
    const std::int64_t count = images.shape[0];
    const Tensor rows = Tensor::allocate(DType::kF32, Shape{count, 2, 6});
    const auto values = rows.as<float>();
    const auto pixels = images.as<float>();
    for (std::int64_t i = 0; i < count; ++i) {
      const float first = pixels[static_cast<std::size_t>(i * 3 * kSide * kSide)];
      const std::array<float, 12> both = {1, 2, 3, 4, 0.9F, first, 0, 0, 8, 8, 0.3F, first};
      std::copy(both.begin(), both.end(), values.begin() + i * 12);
    }
    TensorList outputs;
    outputs.push_back(rows);
    return outputs;
  };
  return options;
}

ModelPackage package_of(std::string architecture = "yolov10") {
  ModelPackage package;
  package.folder = "the_package";
  package.model_config.model_architecture = std::move(architecture);
  package.model_config.task_type = "object-detection";
  package.class_names = {"a", "b", "c"};
  package.inference_config.network_input.training_input_size = {kSide, kSide};
  return package;
}

std::vector<std::int32_t> first_classes(const std::vector<Prediction>& predictions) {
  std::vector<std::int32_t> classes;
  for (const Prediction& prediction : predictions) {
    classes.push_back(std::get<Detections>(prediction).class_id.at(0));
  }
  return classes;
}

TEST(ModelStateTest, EveryImageGetsItsOwnPrediction) {
  const ModelState state = state_of(package_of(), rows_engine());
  const std::vector<Image> images = {picture(2), picture(0), picture(1)};
  const std::vector<ImageView> views = {images[0].view(), images[1].view(), images[2].view()};
  EXPECT_THAT(first_classes(predict(state, views)), testing::ElementsAre(2, 0, 1));
}

TEST(ModelStateTest, ThePlansBatchSizesAreKept) {
  ModelPackage package = package_of();
  package.trt_config = {.static_batch_size = 2};
  fakes::ImageEngineOptions engine = rows_engine();
  engine.name = "tensorrt";
  std::atomic<int> runs = 0;
  engine.answer = [&runs, answer = engine.answer](const TensorView& images) {
    ++runs;
    EXPECT_EQ(images.shape[0], 2);
    return answer(images);
  };
  const ModelState state = state_of(package, engine);
  const std::vector<Image> images = {picture(2), picture(0), picture(1)};
  const std::vector<ImageView> views = {images[0].view(), images[1].view(), images[2].view()};
  EXPECT_THAT(first_classes(predict(state, views)), testing::ElementsAre(2, 0, 1));
  EXPECT_EQ(runs, 2);
}

TEST(ModelStateTest, DynamicPlansAndPackagesBoundTheBatch) {
  const std::vector<Image> images = {picture(2), picture(0), picture(1)};
  const std::vector<ImageView> views = {images[0].view(), images[1].view(), images[2].view()};
  for (const bool plan : {true, false}) {
    ModelPackage package = package_of();
    fakes::ImageEngineOptions engine = rows_engine();
    std::int64_t largest = 0;
    engine.answer = [&largest, answer = engine.answer](const TensorView& batch) {
      largest = std::max(largest, batch.shape[0]);
      return answer(batch);
    };
    if (plan) {
      engine.name = "tensorrt";
      package.trt_config = {.static_batch_size = {},
                            .dynamic_batch_size_min = 1,
                            .dynamic_batch_size_opt = 2,
                            .dynamic_batch_size_max = 2};
    } else {
      package.inference_config.max_dynamic_batch_size = 2;
    }
    EXPECT_THAT(first_classes(predict(state_of(package, engine), views)),
                testing::ElementsAre(2, 0, 1));
    EXPECT_EQ(largest, 2);
  }
}

TEST(ModelStateTest, HalvesGoInAndComeOut) {
  fakes::ImageEngineOptions engine = rows_engine();
  engine.inputs[0].dtype = DType::kF16;
  engine.outputs[0].dtype = DType::kF16;
  engine.answer = [answer = engine.answer](const TensorView& images) {
    EXPECT_EQ(images.dtype, DType::kF16);
    Tensor halves = Tensor::allocate(DType::kF16, images.shape);
    std::memcpy(halves.data(), images.data, images.bytes());
    const Tensor wide = models::as_f32(halves, "images");
    TensorList outputs = answer(wide.view());
    outputs[0] = models::from_f32(outputs[0], DType::kF16, "output0");
    return outputs;
  };
  const Image image = picture(2);
  const ImageView view = image.view();
  const auto found = predict(state_of(package_of(), engine), std::span(&view, 1));
  EXPECT_THAT(std::get<Detections>(found[0]).xyxy[0], testing::ElementsAre(1, 2, 3, 4));
  EXPECT_NEAR(std::get<Detections>(found[0]).confidence[0], 0.9F, 1e-3);
}

TEST(ModelStateTest, OptionsSelect) {
  const ModelState state = state_of(package_of(), rows_engine());
  const Image image = picture(1);
  const ImageView view = image.view();
  const auto count = [&](const PredictOptions& options) {
    return std::get<Detections>(predict(state, std::span(&view, 1), options)[0]).size();
  };
  EXPECT_EQ(count({}), 1U);
  EXPECT_EQ(count({.confidence = 0.2}), 2U);
  EXPECT_EQ(count({.confidence = 0.95}), 0U);
  EXPECT_EQ(count({.confidence = 0.2, .max_detections = 1}), 1U);
}

TEST(ModelStateTest, RecommendedThresholdsAreThePackagesUnlessReplaced) {
  ModelPackage package = package_of();
  package.model_config.recommended_parameters.confidence = 0.2;
  const Image image = picture(1);
  const ImageView view = image.view();
  const PredictOptions best{.confidence = Confidence::best()};
  const auto count = [&](const ModelState& state) {
    return std::get<Detections>(predict(state, std::span(&view, 1), best)[0]).size();
  };
  EXPECT_EQ(count(state_of(package, rows_engine())), 2U);
  const AutoModelOptions replaced{.recommended_parameters =
                                      RecommendedParameters{.confidence = 0.95}};
  EXPECT_EQ(count(state_of(package, rows_engine(), nullptr, replaced)), 0U);
}

TEST(ModelStateTest, OptionsThatMeanNothingAreRefusedByName) {
  const ModelState state = state_of(package_of(), rows_engine());
  const auto refuses = [](const ModelState& with, const PredictOptions& options,
                          const std::vector<std::string>& parts) {
    expect_error(ErrorCode::kInvalidParameter, parts, [&] { with.require_applicable(options); });
  };
  refuses(state, {.iou_threshold = 0.5}, {"iou_threshold", "yolov10"});
  refuses(state, {.class_agnostic_nms = true}, {"class_agnostic_nms", "yolov10"});
  refuses(state, {.iou_threshold = 1.5}, {"iou_threshold is 1.5"});
  refuses(state, {.max_detections = -1}, {"max_detections is -1"});
  ModelPackage fused = package_of("yolov8");
  fused.inference_config.post_processing = PostProcessing{.fused = true};
  const ModelState selected = state_of(fused, rows_engine());
  refuses(selected, {.iou_threshold = 0.5}, {"iou_threshold", "post_processing.fused"});
  EXPECT_NO_THROW(selected.require_applicable({.max_detections = 1}));
  ModelPackage classes = package_of("resnet");
  classes.model_config.task_type = "classification";
  const ModelState classifier = state_of(classes, rows_engine());
  refuses(classifier, {.confidence = 0.5}, {"confidence", "resnet", "classification"});
  refuses(classifier, {.max_detections = 5}, {"max_detections"});
  // The reference drops what it does not know.
  const AutoModelOptions compatible{.reference_compatible = true};
  EXPECT_NO_THROW(state_of(classes, rows_engine(), nullptr, compatible)
                      .require_applicable({.confidence = 0.5, .iou_threshold = 0.5}));
}

TEST(ModelStateTest, OnlyFamiliesOfBothKindsObeyFused) {
  ModelPackage package = package_of("yolov5");
  package.inference_config.post_processing = PostProcessing{.fused = true};
  fakes::ImageEngineOptions engine = rows_engine();
  EXPECT_NO_THROW(state_of(package, engine).require_applicable({.iou_threshold = 0.5}));
}

TEST(ModelStateTest, NamesThatDoNotFitTheNetworkAreAWarning) {
  const auto warnings = [](const ModelPackage& package) {
    std::vector<std::string> texts;
    set_log_sink([&](LogLevel, std::string_view text) { texts.emplace_back(text); },
                 LogLevel::kWarning);
    fakes::ImageEngineOptions engine = rows_engine();
    engine.outputs = {spec("output0", DType::kF32, {kAny, kAny, fixed(5 + 3)})};
    (void)state_of(package, engine);
    set_log_sink({}, LogLevel::kOff);
    return texts;
  };
  ModelPackage package = package_of("yolov5");
  EXPECT_THAT(warnings(package), testing::IsEmpty());
  package.class_names.pop_back();
  EXPECT_THAT(warnings(package), testing::ElementsAre(testing::AllOf(
                                     testing::HasSubstr("2 names"), testing::HasSubstr("'output0'"),
                                     testing::HasSubstr("3 classes"))));
}

TEST(ModelStateTest, FusedRowsAtTheThresholdPassOnlyInTheReference) {
  ModelPackage fused = package_of("yolov8");
  fused.inference_config.post_processing = PostProcessing{.fused = true};
  const Image image = picture(1);
  const ImageView view = image.view();
  PredictOptions options;
  options.confidence = static_cast<double>(0.9F);
  const auto count = [&](const AutoModelOptions& with, const PredictOptions& call) {
    const ModelState state = state_of(fused, rows_engine(), nullptr, with);
    return std::get<Detections>(predict(state, std::span(&view, 1), call)[0]).size();
  };
  EXPECT_EQ(count({}, options), 0U);
  EXPECT_EQ(count({.reference_compatible = true}, options), 1U);
  options = {.confidence = 0.2, .max_detections = 1};
  EXPECT_EQ(count({}, options), 1U);
  EXPECT_EQ(count({.reference_compatible = true}, options), 2U);
}

TEST(ModelStateTest, EnginesThatAreNotTheFamilysAreRefused) {
  const auto refuses = [](const fakes::ImageEngineOptions& engine, const std::string& part) {
    expect_error(ErrorCode::kCorruptedModel, {"the_package", part},
                 [&] { state_of(package_of(), engine); });
  };
  fakes::ImageEngineOptions engine = rows_engine();
  engine.inputs.push_back(engine.inputs[0]);
  refuses(engine, "2 inputs");
  engine = rows_engine();
  engine.inputs[0].dims->pop_back();
  refuses(engine, "of rank 4");
  engine = rows_engine();
  engine.outputs.push_back(engine.outputs[0]);
  refuses(engine, "2 outputs");
}

TEST(ModelStateTest, OutputsWithoutARowPerImageAreErrors) {
  const ModelState state = state_of(package_of(), rows_engine());
  const Image image = picture(1);
  const std::vector<ImageView> views = {image.view(), image.view()};
  const PreProcessedImages batch = state.pre_process(views, {});
  const InferResult outputs = state.forward(batch, {});
  expect_error(ErrorCode::kCorruptedModel, {"'output0'", "one row per image, 1"},
               [&] { (void)state.post_process(outputs, std::span(batch.metadata).first(1), {}); });
  expect_error(ErrorCode::kModelInput, {"0 outputs"},
               [&] { (void)state.post_process(InferResult{}, batch.metadata, {}); });
  PreProcessedImages wrong = batch;
  wrong.images = Tensor::allocate(DType::kU8, batch.images.shape());
  expect_error(ErrorCode::kModelInput, {"pre_process"}, [&] { (void)state.forward(wrong, {}); });
}

TEST(ModelStateTest, OutputsAreFoundByNameWhateverTheirOrder) {
  ModelPackage package = package_of("rfdetr");
  fakes::ImageEngineOptions engine = rows_engine();
  const auto detr = [&](bool swapped) {
    engine.outputs = {spec("dets", DType::kF32, {kAny, fixed(1), fixed(4)}),
                      spec("labels", DType::kF32, {kAny, fixed(1), fixed(3)})};
    engine.answer = [swapped](const TensorView& /*images*/) {
      const std::vector<float> box = {0.5F, 0.5F, 0.5F, 0.5F};
      const std::vector<float> scores = {-5, 5, -5};
      TensorList outputs;
      outputs.push_back(Tensor::copy_of(view_of(std::span<const float>(box), Shape{1, 1, 4})));
      outputs.push_back(Tensor::copy_of(view_of(std::span<const float>(scores), Shape{1, 1, 3})));
      if (swapped) {
        std::swap(outputs[0], outputs[1]);
      }
      return outputs;
    };
    if (swapped) {
      std::swap(engine.outputs[0], engine.outputs[1]);
    }
    const Image image = picture(1);
    const ImageView view = image.view();
    return std::get<Detections>(predict(state_of(package, engine), std::span(&view, 1))[0]);
  };
  for (const bool swapped : {false, true}) {
    const Detections found = detr(swapped);
    ASSERT_EQ(found.size(), 1U) << swapped;
    EXPECT_THAT(found.xyxy[0], testing::ElementsAre(2, 2, 6, 6));
    EXPECT_EQ(found.class_id[0], 1);
  }
}

TEST(ModelStateTest, RemovedClassesAreNumberedAnew) {
  ModelPackage package = package_of("rfdetr");
  package.inference_config.removed_class_names = {"a", "unknown"};
  fakes::ImageEngineOptions engine = rows_engine();
  engine.outputs.push_back(engine.outputs[0]);
  const ModelState state = state_of(package, engine);
  EXPECT_THAT(state.class_names(), testing::ElementsAre("b", "c"));
  EXPECT_THAT(state_of(package_of("rfdetr"), engine).class_names(),
              testing::ElementsAre("a", "b", "c"));
}

// Invariant 2, as users of AutoModel see it.
TEST(ModelStateTest, ModelsThatShareACacheRunAtOnceAndKeepApart) {
  constexpr int kThreads = 4;
  constexpr int kCalls = 50;
  const auto cache = std::make_shared<GraphCache>(3);
  std::vector<std::unique_ptr<ModelState>> states;
  for (const float shift : {0.0F, 10.0F}) {
    fakes::ImageEngineOptions engine = rows_engine();
    engine.answer = [shift, answer = engine.answer](const TensorView& images) {
      TensorList outputs = answer(images);
      const auto rows = outputs[0].as<float>();
      for (std::size_t at = 5; at < rows.size(); at += 6) {
        rows[at] += shift;
      }
      return outputs;
    };
    states.emplace_back(new ModelState(state_of(package_of(), engine, cache)));
  }
  std::barrier start(kThreads);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      start.arrive_and_wait();
      const std::size_t which = static_cast<std::size_t>(t) % 2;
      for (int call = 0; call < kCalls; ++call) {
        std::vector<Image> images(static_cast<std::size_t>(call % 3 + 1), picture(2));
        std::vector<ImageView> views;
        for (const Image& image : images) {
          views.push_back(image.view());
        }
        for (const std::int32_t class_id : first_classes(predict(*states[which], views))) {
          wrong += class_id != (which == 0 ? 2 : 12);
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(cache->stats().calls, kThreads * kCalls);
  EXPECT_GT(cache->stats().replayed, 0);
}

TEST(ModelStateTest, TheCacheMayBeLeftOutOfACall) {
  const auto cache = std::make_shared<GraphCache>(3);
  const ModelState state = state_of(package_of(), rows_engine(), cache);
  const Image image = picture(1);
  const ImageView view = image.view();
  const PreProcessedImages batch = state.pre_process(std::span(&view, 1), {});
  EXPECT_EQ(state.forward(batch, {}).route, Route::kCaptured);
  EXPECT_EQ(state.forward(batch, {}).route, Route::kReplayed);
  EXPECT_EQ(state.forward(batch, {.disable_cuda_graphs = true}).route, Route::kEager);
}

}  // namespace
}  // namespace replayrt::detail
