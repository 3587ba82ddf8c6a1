#include "replayrt/models/model_package.hpp"

#include "core/expect_error.hpp"
#include "expect_problem.hpp"
#include "replayrt/core/log.hpp"
#include "valid_package.hpp"

namespace replayrt::models {
namespace {

namespace fs = std::filesystem;

ModelPackage read(const ValidPackage& files) {
  const TemporaryFolder folder;
  return read_model_package(files.write(folder));
}

TEST(PackageReadTest, AnOnnxPackage) {
  const TemporaryFolder folder;
  const ModelPackage package = read_model_package(ValidPackage::onnx().write(folder));
  expect_none(package.problems);
  EXPECT_TRUE(package.usable());
  EXPECT_EQ(package.folder, folder.path());
  EXPECT_EQ(package.model_config.model_architecture, "yolov8");
  EXPECT_EQ(package.class_names, (std::vector<std::string>{"cat", "dog"}));
  EXPECT_EQ(package.inference_config.network_input.training_input_size, (ImageSize{64, 96}));
  EXPECT_EQ(package.onnx_weights, folder.path() / "weights.onnx");
  EXPECT_FALSE(package.trt_plan);
  EXPECT_FALSE(package.trt_config);
  EXPECT_TRUE(package.key_points.empty());
  EXPECT_FALSE(package.has_manifest);
  require_usable(package);
}

TEST(PackageReadTest, ATensorRtPackage) {
  const TemporaryFolder folder;
  ValidPackage files = ValidPackage::trt();
  files.files["keypoints_metadata.json"] = std::string(kValidKeyPoints);
  files.files["local_trt_package_manifest.json"] = valid_manifest();
  const ModelPackage package = read_model_package(files.write(folder));
  expect_none(package.problems);
  EXPECT_EQ(package.trt_plan, folder.path() / "engine.plan");
  EXPECT_FALSE(package.onnx_weights);
  EXPECT_EQ(package.trt_config.value().dynamic_batch_size_max, 8);
  EXPECT_EQ(package.key_points.size(), 2U);
  EXPECT_TRUE(package.has_manifest);
}

TEST(PackageReadTest, PackagesOfTextHaveAnInferenceYml) {
  const TemporaryFolder folder;
  const ModelPackage detection = read_model_package(ValidPackage::text_detection().write(folder));
  expect_none(detection.problems);
  EXPECT_EQ(detection.onnx_weights, folder.path() / "inference.onnx");
  EXPECT_EQ(detection.class_names, (std::vector<std::string>{"text"}));
  EXPECT_EQ(detection.text_detection.value().unclip_ratio, 1.6);
  EXPECT_FALSE(detection.text_recognition);
  EXPECT_TRUE(detection.inference_config.network_input.dynamic_spatial_size.supported);

  const ModelPackage recognition = read(ValidPackage::text_recognition());
  expect_none(recognition.problems);
  EXPECT_TRUE(recognition.class_names.empty());
  EXPECT_EQ(recognition.text_recognition.value().characters.at(2), "ü");
  EXPECT_FALSE(recognition.text_detection);
}

TEST(PackageReadTest, FilesOfOtherPackagesAreNoneOfText) {
  ValidPackage files = ValidPackage::text_detection();
  files.files.erase("inference.yml");
  files.files.erase("inference.onnx");
  files.files["weights.onnx"] = "a network";
  files.files["class_names.txt"] = "a name";
  files.files["inference_config.json"] = "nonsense";
  const ModelPackage package = read(files);
  EXPECT_EQ(texts_of(package.problems),
            (std::vector<std::string>{
                "E the package has neither inference.onnx nor engine.plan, it has "
                "'class_names.txt', 'inference_config.json', 'model_config.json', 'weights.onnx'",
                "W class_names.txt: is not read: architecture pp-ocrv6-det has inference.yml in "
                "its place",
                "W inference_config.json: is not read: architecture pp-ocrv6-det has "
                "inference.yml in its place",
                "E inference.yml: is missing: the package needs it"}));
  EXPECT_TRUE(package.text_detection) << "as its defaults are";
}

TEST(PackageReadTest, ABadInferenceYmlIsNamed) {
  ValidPackage files = ValidPackage::text_recognition();
  files.files["inference.yml"] = "PostProcess: [";
  expect_only(read(files).problems, Severity::kError, "", "is not valid YAML");
  files.files["inference.yml"] = std::string((std::size_t{4} << 20) + 1, ' ');
  expect_only(read(files).problems, Severity::kError, "", "is larger than 4194304 bytes");
}

TEST(PackageReadTest, RequiredFilesAreMissed) {
  for (const char* name :
       {"model_config.json", "class_names.txt", "inference_config.json", "trt_config.json"}) {
    ValidPackage files = ValidPackage::trt();
    files.files.erase(name);
    const ModelPackage package = read(files);
    expect_only(package.problems, Severity::kError, "", "is missing");
    EXPECT_EQ(package.problems.at(0).file, name);
    EXPECT_FALSE(package.usable());
  }
}

TEST(PackageReadTest, DepthAndTextHaveNoClassNames) {
  for (const char* task : {R"("depth-estimation")", R"("text-only-ocr")"}) {
    ValidPackage files = ValidPackage::onnx();
    files.set("model_config.json", "/task_type", task);
    files.files.erase("class_names.txt");
    const auto without_family = [&] {
      std::vector<PackageProblem> problems = read(files).problems;
      std::erase_if(problems, [](const PackageProblem& problem) {
        return problem.code == ErrorCode::kModelImplementationNotFound;
      });
      return problems;
    };
    expect_none(without_family());
    files.files["class_names.txt"] = "";  // But what is there must be right.
    expect_only(without_family(), Severity::kError, "", "has no name");
  }
}

TEST(PackageReadTest, SegmentationNeedsABackgroundAndAClass) {
  const auto problems_with = [](const char* architecture, const char* task, const char* names) {
    ValidPackage files = ValidPackage::onnx();
    files.set("model_config.json", "/model_architecture", architecture);
    files.set("model_config.json", "/task_type", task);
    files.files["class_names.txt"] = names;
    return read(files).problems;
  };
  for (const char* architecture : {R"("deep-lab-v3-plus")", R"("yolo26")"}) {
    constexpr const char* kTask = R"("semantic-segmentation")";
    expect_none(problems_with(architecture, kTask, "cat\nBackGround\n"));
    expect_only(problems_with(architecture, kTask, "cat\nback ground\n"), Severity::kError, "",
                "has no name background");
    expect_only(problems_with(architecture, kTask, "background\n"), Severity::kError, "",
                "needs one more class");
    expect_only(problems_with(architecture, kTask, ""), Severity::kError, "", "has no name:");
  }
  expect_none(problems_with(R"("yolo26")", R"("object-detection")", "cat\n"));
}

ValidPackage package_of_key_points() {
  ValidPackage files = ValidPackage::onnx();
  files.set("model_config.json", "/task_type", R"("keypoint-detection")");
  files.files["keypoints_metadata.json"] = std::string(kValidKeyPoints);
  return files;
}

TEST(PackageReadTest, KeyPointsMustBeDescribed) {
  expect_none(read(package_of_key_points()).problems);
  ValidPackage files = package_of_key_points();
  files.files.erase("keypoints_metadata.json");
  const ModelPackage package = read(files);
  expect_only(package.problems, Severity::kError, "", "is missing");
  EXPECT_EQ(package.problems.at(0).file, "keypoints_metadata.json");
}

TEST(PackageReadTest, KeyPointsAreThoseOfTheClassNames) {
  for (const char* names : {"cat\n", "cat\ndog\nfox\n"}) {
    ValidPackage files = package_of_key_points();
    files.files["class_names.txt"] = names;
    expect_only(read(files).problems, Severity::kError, "", "describes 2 classes, but");
    // Of another task they are read, and that is all.
    files.set("model_config.json", "/task_type", R"("object-detection")");
    expect_none(read(files).problems);
  }
}

TEST(PackageReadTest, RemovedClassesNeedNoKeyPoints) {
  ValidPackage files = package_of_key_points();
  files.set("model_config.json", "/model_architecture", R"("rfdetr")");
  files.files["class_names.txt"] = "background\ncat\n";
  files.set("inference_config.json", "/class_names_operations",
            R"([{"type": "class_name_removal", "class_name": "background"}])");
  files.files["keypoints_metadata.json"] =
      R"([{"object_class_id": 1, "keypoints": {"0": "nose"}, "edges": []}])";
  const ModelPackage package = read(files);
  expect_none(package.problems);
  ASSERT_EQ(package.key_points.size(), 2U);
  EXPECT_TRUE(package.key_points[0].names.empty());
  EXPECT_EQ(package.key_points[1].names, (std::vector<std::string>{"nose"}));
  files.set("inference_config.json", "/class_names_operations/0/class_name", R"("cat")");
  expect_only(read(files).problems, Severity::kError, "", "does not describe class 0");
}

TEST(PackageReadTest, WhatTheFamilyDoesNotTakeIsAProblemOfThePackage) {
  ValidPackage files = ValidPackage::onnx();
  files.set("model_config.json", "/model_architecture", R"("yolov99")");
  expect_only(read(files).problems, Severity::kError, "model_architecture", "'yolov99'",
              ErrorCode::kModelImplementationNotFound);
  files = ValidPackage::onnx();
  files.set("inference_config.json", "/post_processing/type", R"("softmax")");
  expect_only(read(files).problems, Severity::kError, "post_processing.type", "needs nms");
}

TEST(PackageReadTest, ATrtConfigIsReadOnlyWithAPlan) {
  ValidPackage files = ValidPackage::onnx();
  files.files["trt_config.json"] = "nonsense";
  const ModelPackage package = read(files);
  expect_only(package.problems, Severity::kWarning, "", "there is no engine.plan");
  EXPECT_FALSE(package.trt_config);
}

TEST(PackageReadTest, AChangedFileDoesNotFitTheManifest) {
  ValidPackage files = ValidPackage::trt();
  files.files["local_trt_package_manifest.json"] = valid_manifest();
  files.files["engine.plan"] = "another plan";
  expect_only(read(files).problems, Severity::kError, "files.engine.plan", "damaged");
  files.files["local_trt_package_manifest.json"] = "{";
  expect_only(read(files).problems, Severity::kError, "", "is not valid JSON");
}

TEST(PackageReadTest, AManifestIsAPlans) {
  ValidPackage files = ValidPackage::onnx();
  files.files["local_trt_package_manifest.json"] = with_value(valid_manifest(), "/files", "{}");
  expect_only(read(files).problems, Severity::kWarning, "", "belongs to an engine.plan");
}

TEST(PackageReadTest, AllProblemsAreFoundAtOnceInTheOrderOfFilesAndKeys) {
  ValidPackage files = ValidPackage::trt();
  files.files["keypoints_metadata.json"] = "[]";
  files.files["local_trt_package_manifest.json"] =
      with_value(valid_manifest(), "/packageManifest/type", "\"x\"");
  files.files["engine.plan"] = "another";
  files.files["class_names.txt"] = "\n";
  files.set("model_config.json", "/task_type", "7").set("model_config.json", "/tasktype", "7");
  files.set("inference_config.json", "/network_input/color_mode", "\"RGB\"");
  files.set("inference_config.json", "/network_input/padding_value", "1.5");
  files.set("inference_config.json", "/post_processing/type", "\"nmm\"");
  files.set("trt_config.json", "/dynamic_batch_size_min", "0");
  const std::vector<PackageProblem> problems = read(files).problems;
  std::vector<std::string> places;
  for (const PackageProblem& problem : problems) {
    places.push_back(problem.file + ":" + problem.key);
  }
  EXPECT_EQ(
      places,
      (std::vector<std::string>{
          "model_config.json:task_type", "model_config.json:tasktype",
          "class_names.txt:", "inference_config.json:network_input.color_mode",
          "inference_config.json:network_input.padding_value",
          "inference_config.json:post_processing.type", "trt_config.json:dynamic_batch_size_min",
          "keypoints_metadata.json:", "local_trt_package_manifest.json:packageManifest.type",
          "local_trt_package_manifest.json:files.engine.plan"}))
      << listed(problems);
}

TEST(PackageReadTest, LinksOutOfThePackageAreRefused) {
  const TemporaryFolder outside;
  outside.write("names", "cat\n");
  const TemporaryFolder folder;
  ValidPackage files = ValidPackage::onnx();
  files.files.erase("class_names.txt");
  files.files.erase("weights.onnx");
  files.write(folder);
  fs::create_symlink(outside.path() / "names", folder.path() / "class_names.txt");
  fs::create_symlink(outside.path() / "names", folder.path() / "weights.onnx");
  const ModelPackage package = read_model_package(folder.path());
  ASSERT_EQ(package.problems.size(), 2U) << listed(package.problems);
  EXPECT_NE(package.problems[0].text().find("weights.onnx: is a link out of the package"),
            std::string::npos);
  EXPECT_FALSE(package.onnx_weights);
  EXPECT_TRUE(package.class_names.empty());
}

TEST(PackageReadTest, LargeFilesAreRefused) {
  const TemporaryFolder folder;
  ValidPackage files = ValidPackage::onnx();
  files.files["class_names.txt"] = std::string((std::size_t{4} << 20) + 1, 'x');
  files.files["inference_config.json"] = std::string((std::size_t{16} << 20) + 1, ' ');
  const ModelPackage package = read(files);
  EXPECT_EQ(
      texts_of(package.problems),
      (std::vector<std::string>{
          "E class_names.txt: is larger than 4194304 bytes: expected a smaller file",
          "E inference_config.json: is larger than 16777216 bytes: expected a smaller file"}));
}

TEST(PackageReadTest, WhatIsNoFolderThrows) {
  const TemporaryFolder folder;
  expect_error(ErrorCode::kFileAccess, {"nothing"},
               [&] { read_model_package(folder.path() / "nothing"); });
  expect_error(ErrorCode::kFileAccess, {"file"},
               [&] { read_model_package(folder.write("file", "x")); });
}

TEST(PackageRequireUsableTest, ThrowsTheFirstErrorAndCountsTheOthers) {
  const TemporaryFolder folder;
  ValidPackage files = ValidPackage::onnx();
  files.files["model_config.json"] = R"({"model_class": "X"})";
  const ModelPackage one = read_model_package(files.write(folder));
  expect_error(ErrorCode::kForbiddenLocalCode,
               {folder.path().string(), "model_config.json: model_class: is given"},
               [&] { require_usable(one); });
  files.files["class_names.txt"] = "";
  const ModelPackage two = read_model_package(files.write(folder));
  expect_error(ErrorCode::kForbiddenLocalCode, {"(and 1 more error)"},
               [&] { require_usable(two); });
  files.files["inference_config.json"] = "";
  const ModelPackage three = read_model_package(files.write(folder));
  expect_error(ErrorCode::kForbiddenLocalCode, {"(and 2 more errors)"},
               [&] { require_usable(three); });
}

TEST(PackageRequireUsableTest, SendsWarningsToTheLog) {
  std::vector<std::string> lines;
  set_log_sink([&](LogLevel, std::string_view line) { lines.emplace_back(line); },
               LogLevel::kWarning);
  ValidPackage files = ValidPackage::onnx();
  files.set("inference_config.json", "/comment", "1");
  const ModelPackage package = read(files);
  EXPECT_TRUE(lines.empty());
  require_usable(package);
  set_log_sink({}, LogLevel::kOff);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_NE(lines[0].find("inference_config.json: comment: is not known and ignored"),
            std::string::npos);
}

TEST(PackageProblemTest, TextNamesFileAndKey) {
  PackageProblem problem;
  problem.message = "m";
  EXPECT_EQ(problem.text(), "m");
  problem.key = "k";
  EXPECT_EQ(problem.text(), "k: m");
  problem.file = "f";
  EXPECT_EQ(problem.text(), "f: k: m");
  problem.key = "";
  EXPECT_EQ(problem.text(), "f: m");
}

}  // namespace
}  // namespace replayrt::models
