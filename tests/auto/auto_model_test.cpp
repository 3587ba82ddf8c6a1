#include "replayrt/auto_model.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <opencv2/imgcodecs.hpp>

#include "core/expect_error.hpp"
#include "models/families/family.hpp"
#include "support/temporary_folder.hpp"

namespace replayrt {
namespace {

namespace fs = std::filesystem;

fs::path packages() {
  return fs::path(REPLAYRT_TEST_DATA_DIR) / "packages";
}

/// A copy of a package that a test may spoil.
class PackageCopy {
 public:
  explicit PackageCopy(const std::string& name) {
    fs::copy(packages() / name, path(), fs::copy_options::recursive);
  }
  [[nodiscard]] fs::path path() const { return folder_.path() / "package"; }
  void write(const std::string& file, const std::string& content) const {
    std::ofstream(path() / file, std::ios::binary) << content;
  }
  void replace(const std::string& file, const std::string& from, const std::string& to) const {
    std::ifstream stream(path() / file);
    std::string text((std::istreambuf_iterator<char>(stream)), {});
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from << " in " << text;
    stream.close();
    write(file, text.replace(at, from.size(), to));
  }

 private:
  TemporaryFolder folder_;
};

class AutoModelTest : public testing::Test {
 protected:
  AutoModelTest()
      : pixels_(cv::imread((packages() / "pictures/coffee_120x160.png").string())),
        view_{.data = pixels_.data, .height = pixels_.rows, .width = pixels_.cols} {}

  [[nodiscard]] Detections found(const Model& model, const PredictOptions& options = {}) const {
    return std::get<Detections>(model.predict(view_, options));
  }

  cv::Mat pixels_;
  ImageView view_;
};

TEST_F(AutoModelTest, SaysWhatItHasLoaded) {
  const Model model = AutoModel::from_pretrained(packages() / "yolov8-letterbox");
  EXPECT_EQ(model.task(), Task::kObjectDetection);
  EXPECT_EQ(model.package().model_config.model_architecture, "yolov8");
  EXPECT_EQ(model.class_names(), model.package().class_names);
  EXPECT_EQ(model.engine().backend_name(), "openvino");
  EXPECT_EQ(model.graph_cache(), nullptr);
  EXPECT_TRUE(model.fuses_pre_processing());
  const Model copy = model;
  EXPECT_EQ(copy.engine().id(), model.engine().id());
}

TEST_F(AutoModelTest, StagesMakeThePrediction) {
  const Model model = AutoModel::from_pretrained(packages() / "yolov8-letterbox");
  const PreProcessedImages batch = model.pre_process(std::span(&view_, 1));
  const auto predictions = model.post_process(model.forward(batch), batch.metadata);
  ASSERT_EQ(predictions.size(), 1U);
  EXPECT_FALSE(found(model).empty());
  EXPECT_EQ(std::get<Detections>(predictions[0]).xyxy, found(model).xyxy);
}

TEST_F(AutoModelTest, FusedOrNotTheAnswerIsTheSame) {
  const Model fused = AutoModel::from_pretrained(packages() / "yolov8-normalized");
  const Model plain =
      AutoModel::from_pretrained(packages() / "yolov8-normalized", {.fuse_pre_processing = false});
  EXPECT_EQ(fused.pre_process(std::span(&view_, 1)).images.dtype(), DType::kU8);
  EXPECT_EQ(plain.pre_process(std::span(&view_, 1)).images.dtype(), DType::kF32);
  EXPECT_FALSE(plain.fuses_pre_processing());
  EXPECT_EQ(found(fused).class_id, found(plain).class_id);
  EXPECT_THAT(found(fused).confidence,
              testing::Pointwise(testing::FloatNear(1e-4F), found(plain).confidence));
}

TEST_F(AutoModelTest, TheGivenCacheIsUsedByAllThatWereGivenIt) {
  const auto cache = std::make_shared<GraphCache>(
      GraphCacheOptions{.capacity = 4, .admission = Admission::always()});
  const AutoModelOptions options{.cuda_graph_cache = cache};
  const Model first = AutoModel::from_pretrained(packages() / "yolov8-letterbox", options);
  const Model second = AutoModel::from_pretrained(packages() / "yolov9-letterbox", options);
  EXPECT_EQ(first.graph_cache(), cache);
  const std::vector<std::int32_t> classes = found(first).class_id;
  const std::vector<std::int32_t> others = found(second).class_id;
  EXPECT_EQ(cache->get_current_size(), 2);
  EXPECT_EQ(found(first).class_id, classes);
  EXPECT_EQ(found(second).class_id, others);
  EXPECT_EQ(cache->stats().replayed, 2);
  EXPECT_EQ(found(first, {.disable_cuda_graphs = true}).class_id, classes);
  EXPECT_EQ(cache->stats().calls, 4);
}

TEST_F(AutoModelTest, TheEnvironmentDecidesWhereNoCacheIsGiven) {
  ASSERT_EQ(setenv("ENABLE_AUTO_GRAPHS_FOR_OPENVINO_BACKEND", "True", 1), 0);
  const Model model = AutoModel::from_pretrained(packages() / "yolov8-letterbox",
                                                 {.default_trt_cuda_graph_cache_size = 1});
  expect_error(ErrorCode::kInvalidParameter, {"-1"}, [] {
    AutoModel::from_pretrained(packages() / "yolov8-letterbox",
                               {.default_trt_cuda_graph_cache_size = -1});
  });
  ASSERT_EQ(unsetenv("ENABLE_AUTO_GRAPHS_FOR_OPENVINO_BACKEND"), 0);
  ASSERT_NE(model.graph_cache(), nullptr);
  EXPECT_EQ(model.graph_cache()->stats().capacity, 1);
}

TEST_F(AutoModelTest, WhatThePackageRecommendsIsItsBest) {
  const Model model = AutoModel::from_pretrained(packages() / "yolov8-letterbox");
  const Model replaced = AutoModel::from_pretrained(
      packages() / "yolov8-letterbox",
      {.recommended_parameters = RecommendedParameters{.confidence = 0.99}});
  const PredictOptions best{.confidence = Confidence::best()};
  EXPECT_LT(found(replaced, best).size(), found(model, best).size());
}

TEST_F(AutoModelTest, PathsThatAreNoFoldersAreErrors) {
  const auto refuses = [](const fs::path& path, ErrorCode code, const std::string& part,
                          const AutoModelOptions& options = {}) {
    expect_error(code, {path.string(), part}, [&] { AutoModel::from_pretrained(path, options); });
  };
  refuses("/no/such/package", ErrorCode::kFileAccess, "does not exist");
  refuses(packages() / "yolov8-letterbox/weights.onnx", ErrorCode::kInvalidModelInitParameter,
          "load_engine");
  refuses(packages() / "yolov8-letterbox", ErrorCode::kDirectLocalStorageAccess, "switched off",
          {.allow_direct_local_storage_loading = false});
}

TEST_F(AutoModelTest, BackendsAndDevicesThatDoNotFitListWhatIsThere) {
  const auto refuses = [](const AutoModelOptions& options, ErrorCode code,
                          const std::vector<std::string>& parts) {
    expect_error(code, parts,
                 [&] { AutoModel::from_pretrained(packages() / "yolov8-letterbox", options); });
  };
  refuses({.backend = "tensorrt"}, ErrorCode::kModelImplementationNotFound,
          {"backend 'tensorrt'", "weights.onnx (backend openvino, available)"});
  refuses({.device = "cuda:0"}, ErrorCode::kModelImplementationNotFound,
          {"device 'cuda:0'", "weights.onnx"});
  refuses({.backend = "onnx"}, ErrorCode::kInvalidParameter, {"'onnx'", "openvino"});
  refuses({.device = "tpu"}, ErrorCode::kInvalidParameter, {"tpu"});
}

TEST_F(AutoModelTest, APlanBesideTheWeightsIsTakenWhereItCanRun) {
  const PackageCopy both("yolov8-letterbox");
  both.write("engine.plan", "no plan");
  both.write("trt_config.json", R"({"static_batch_size": 1})");
  const std::vector<BackendInfo> backends = list_backends();
  const auto tensorrt = std::ranges::find(backends, "tensorrt", &BackendInfo::name);
  if (tensorrt->available) {
    EXPECT_THROW(AutoModel::from_pretrained(both.path()), Error);
  } else {
    EXPECT_EQ(AutoModel::from_pretrained(both.path()).engine().backend_name(), "openvino");
  }
  EXPECT_EQ(
      AutoModel::from_pretrained(both.path(), {.backend = "openvino"}).engine().backend_name(),
      "openvino");
  EXPECT_EQ(AutoModel::from_pretrained(both.path(), {.device = "cpu"}).engine().backend_name(),
            "openvino");
  try {
    AutoModel::from_pretrained(both.path(), {.backend = "tensorrt"});
    ADD_FAILURE() << "a file that is no plan was loaded";
  } catch (const Error& error) {
    EXPECT_NE(error.code(), ErrorCode::kModelImplementationNotFound) << error.what();
  }
}

TEST_F(AutoModelTest, FamiliesThatAreNotKnownAreListed) {
  const PackageCopy package("yolov8-letterbox");
  package.replace("model_config.json", "\"yolov8\"", "\"yolov99\"");
  expect_error(ErrorCode::kModelImplementationNotFound,
               {"yolov99", "model_architecture", "rfdetr (object-detection)"},
               [&] { AutoModel::from_pretrained(package.path()); });
}

TEST_F(AutoModelTest, WeightsThatAreNoneAreNamed) {
  const PackageCopy package("yolov8-letterbox");
  package.write("weights.onnx", "not a model");
  expect_error(ErrorCode::kCorruptedModel, {"weights.onnx"},
               [&] { AutoModel::from_pretrained(package.path()); });
}

TEST_F(AutoModelTest, SizesThatTheNetworkDoesNotTakeAreFoundAtLoad) {
  const PackageCopy yolo("yolov8-letterbox");
  yolo.replace("inference_config.json", "\"height\": ", "\"height\": 1");
  expect_error(ErrorCode::kCorruptedModel, {"training_input_size", "the network takes"},
               [&] { AutoModel::from_pretrained(yolo.path()); });
  // Outputs of RF-DETR are parts of the input, so the weights' own size is used.
  const PackageCopy detr("rfdetr-stretch");
  const Detections before = found(AutoModel::from_pretrained(detr.path()));
  detr.replace("inference_config.json", "\"height\": ", "\"height\": 1");
  EXPECT_EQ(found(AutoModel::from_pretrained(detr.path())).xyxy, before.xyxy);
}

TEST_F(AutoModelTest, RfDetrMayBeLimited) {
  const fs::path package = packages() / "rfdetr-stretch";
  EXPECT_NO_THROW(
      AutoModel::from_pretrained(package, {.rf_detr_max_input_resolution = ImageSize{1000, 1000}}));
  expect_error(
      ErrorCode::kModelPackageRestricted, {"rf_detr_max_input_resolution", "8 x 1000"}, [&] {
        AutoModel::from_pretrained(package, {.rf_detr_max_input_resolution = ImageSize{8, 1000}});
      });
}

TEST_F(AutoModelTest, ThreadsAndPrecisionReachTheEngine) {
  expect_error(ErrorCode::kInvalidParameter, {"inference_threads"}, [] {
    AutoModel::from_pretrained(packages() / "yolov8-letterbox", {.inference_threads = -1});
  });
  const auto confidences = [&](Precision precision) {
    return found(AutoModel::from_pretrained(packages() / "yolov8-letterbox",
                                            {.precision = precision}),
                 {.confidence = 0.0, .max_detections = 1})
        .confidence;
  };
  try {
    EXPECT_NE(confidences(Precision::kBf16), confidences(Precision::kF32));
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnsupported) << error.what();  // A CPU without bf16.
  }
}

TEST_F(AutoModelTest, RefusedCallsLeaveTheModelUsable) {
  const Model model = AutoModel::from_pretrained(packages() / "yolov8-letterbox");
  const std::size_t before = found(model).size();
  expect_error(ErrorCode::kModelInput, {"no images"},
               [&] { (void)model.predict(std::span<const ImageView>()); });
  expect_error(ErrorCode::kInvalidParameter, {"confidence"},
               [&] { (void)found(model, {.confidence = 2.0}); });
  EXPECT_EQ(found(model).size(), before);
}

// 1 x 1, very wide and very high pictures have an answer, too.
TEST_F(AutoModelTest, PicturesOfEverySizeAreTaken) {
  for (const char* name : {"yolov8-letterbox", "yolov8-stretch", "yolov8-center-crop",
                           "rfdetr-stretch", "resnet-letterbox"}) {
    const Model model = AutoModel::from_pretrained(packages() / name);
    for (const ImageSize size : {ImageSize{1, 1}, ImageSize{1, 10000}, ImageSize{10000, 1}}) {
      Image image = Image::allocate(size);
      const auto pixels = image.pixels().as<std::uint8_t>();
      std::fill(pixels.begin(), pixels.end(), std::uint8_t{200});
      EXPECT_NO_THROW((void)model.predict(image.view())) << name << " " << size.height;
    }
  }
}

TEST_F(AutoModelTest, TextNeedsANetworkOfManySizes) {
  const auto expect_refused = [](const std::string& package, const std::string& network,
                                 const std::vector<std::string>& parts) {
    const PackageCopy copy(package);
    fs::remove(copy.path() / "inference.onnx");
    fs::copy(fs::path(REPLAYRT_TEST_DATA_DIR) / network, copy.path() / "inference.onnx");
    expect_error(ErrorCode::kCorruptedModel, parts,
                 [&] { AutoModel::from_pretrained(copy.path()); });
  };
  expect_refused("pp-ocrv6-det", "models/static.onnx", {"expected one that takes any height and"});
  expect_refused("pp-ocrv6-rec", "models/static.onnx", {"expected one that takes any width"});
  expect_refused("pp-ocrv6-det", "models/ppocrv6_rec.onnx", {"expected one that takes any height"});
  expect_refused("pp-ocrv6-rec", "models/two_inputs.onnx", {"2 inputs"});
}

TEST_F(AutoModelTest, TheHeightOfLinesIsTheNetworks) {
  const PackageCopy copy("pp-ocrv6-rec");
  copy.replace("inference.yml", "[3, 48, 320]", "[3, 32, 320]");
  expect_error(ErrorCode::kCorruptedModel, {"image_shape of inference.yml says height 32"},
               [&] { AutoModel::from_pretrained(copy.path()); });
  copy.replace("inference.yml", "[3, 32, 320]", "[3, 48, 320]");
  copy.replace("inference.yml", "  - \"!\"\n", "");
  expect_error(ErrorCode::kCorruptedModel, {"character_dict has 18707 characters", "18708"},
               [&] { AutoModel::from_pretrained(copy.path()); });
}

TEST_F(AutoModelTest, DilationIsAsThePackageSaysUnlessTheReferencesAnswerIsWanted) {
  const cv::Mat page = cv::imread(
      (fs::path(REPLAYRT_TEST_DATA_DIR) / "pictures/numbers.png").string(), cv::IMREAD_COLOR);
  const ImageView view{.data = page.data, .height = page.rows, .width = page.cols};
  const auto regions = [&](bool compatible) {
    const Model model = AutoModel::from_pretrained(packages() / "pp-ocrv6-det",
                                                   {.reference_compatible = compatible});
    return std::get<Detections>(model.predict(view)).size();
  };
  EXPECT_LT(regions(false), regions(true)) << "words that are near each other become one region";
}

TEST(FamilyRegistryTest, EveryFamilyIsFoundByNameAndTask) {
  for (const models::Family& family : models::all_families()) {
    EXPECT_EQ(models::find_family(family.architecture, to_string(family.task)), &family);
    EXPECT_NE(family.decode, nullptr);
    EXPECT_FALSE(family.tested_against.empty());
  }
  EXPECT_EQ(models::find_family("yolov8", "depth-estimation"), nullptr);
  EXPECT_EQ(models::find_family("", ""), nullptr);
}

const FamilyInfo& listed(const std::vector<FamilyInfo>& families, std::string_view architecture,
                         Task task) {
  return *std::ranges::find_if(families, [&](const FamilyInfo& family) {
    return family.architecture == architecture && family.task == task;
  });
}

TEST(FamilyRegistryTest, AllFamiliesAreListedWithWhatTheirPackagesMayHold) {
  const std::vector<FamilyInfo> families = list_families();
  ASSERT_EQ(families.size(), models::all_families().size());
  for (const FamilyInfo& family : families) {
    EXPECT_NE(models::find_family(family.architecture, to_string(family.task)), nullptr);
    ASSERT_EQ(family.weights.size(), list_backends().size());
    EXPECT_EQ(family.weights[0].backend, "openvino");
    EXPECT_EQ(family.weights[1].backend, "tensorrt");
    EXPECT_EQ(family.weights[1].file, "engine.plan");
  }
  const FamilyInfo& boxes = listed(families, "yolov8", Task::kObjectDetection);
  EXPECT_EQ(boxes.weights[0].file, "weights.onnx");
  EXPECT_EQ(boxes.post_processing, PostProcessing::Type::kNms);
  EXPECT_TRUE(boxes.may_be_fused);
  EXPECT_THAT(boxes.features, testing::ElementsAre("nms_fused"));
  EXPECT_FALSE(listed(families, "yolonas", Task::kObjectDetection).may_be_fused);
  EXPECT_EQ(listed(families, "yolov10", Task::kObjectDetection).post_processing, std::nullopt);
  EXPECT_EQ(listed(families, "pp-ocrv6-rec", Task::kTextOnlyOcr).weights[0].file, "inference.onnx");
}

std::vector<std::string> problem_keys(const ModelPackage& package) {
  std::vector<std::string> keys;
  for (const PackageProblem& problem : models::family_problems(package)) {
    keys.push_back(problem.key);
  }
  return keys;
}

TEST(FamilyRegistryTest, PackagesThatAreNotTheFamilysHaveProblems) {
  ModelPackage package;
  package.model_config = {.model_architecture = "yolov8", .task_type = "object-detection"};
  EXPECT_THAT(problem_keys(package), testing::ElementsAre("post_processing.type"));
  package.inference_config.post_processing = PostProcessing{.type = PostProcessing::Type::kSoftmax};
  EXPECT_THAT(problem_keys(package), testing::ElementsAre("post_processing.type"));
  package.inference_config.post_processing = PostProcessing{.fused = true};
  EXPECT_TRUE(problem_keys(package).empty());
  package.model_config.model_features = {"nms_fused", "odd"};
  EXPECT_THAT(problem_keys(package), testing::ElementsAre("model_features.odd"));
  package.model_config.model_features = {};
  package.inference_config.network_input.resize_mode = ResizeMode::kFitLongerEdge;
  package.inference_config.removed_class_names = {"a"};
  EXPECT_THAT(problem_keys(package),
              testing::ElementsAre("class_names_operations", "network_input.resize_mode"));
  package.problems = {{.file = "inference_config.json", .key = "x", .message = "wrong"}};
  package.inference_config = {};
  EXPECT_TRUE(problem_keys(package).empty()) << "what could not be read is missing";
  package.problems = {};
  package.model_config.model_architecture = "yolonas";
  package.inference_config.post_processing = PostProcessing{.fused = true};
  EXPECT_THAT(problem_keys(package), testing::ElementsAre("post_processing.fused"));
}

TEST(FamilyRegistryTest, FitLongerEdgeIsReplacedAsTheFamilySays) {
  ModelPackage package;
  package.inference_config.network_input.resize_mode = ResizeMode::kFitLongerEdge;
  package.inference_config.network_input.padding_value = 5;
  const NetworkInput yolo =
      models::network_input_for(package, *models::find_family("yolov8", "object-detection"));
  EXPECT_EQ(yolo.resize_mode, ResizeMode::kLetterbox);
  EXPECT_EQ(yolo.padding_value, 127);
  const NetworkInput vit =
      models::network_input_for(package, *models::find_family("vit", "classification"));
  EXPECT_EQ(vit.resize_mode, ResizeMode::kStretch);
  EXPECT_EQ(vit.padding_value, 0);
}

}  // namespace
}  // namespace replayrt
