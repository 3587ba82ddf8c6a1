#include "models/package/weights.hpp"

#include "expect_problem.hpp"
#include "valid_package.hpp"

namespace replayrt::models {
namespace {

/// What is found of a package that has these files and says this backend.
std::vector<PackageProblem> problems_of(const std::string& backend,
                                        const std::vector<std::string>& files) {
  const TemporaryFolder folder;
  for (const std::string& file : files) {
    folder.write(file, "x");
  }
  ModelPackage package;
  package.model_config.backend_type = backend;
  find_weights(PackageFiles(folder.path()), package);
  return package.problems;
}

TEST(PackageWeightsTest, WhatTheBackendNeedsMustBeThere) {
  expect_none(problems_of("onnx", {"weights.onnx"}));
  expect_none(problems_of("trt", {"engine.plan"}));
  expect_none(problems_of("trt", {"engine.plan", "weights.onnx"}));
  expect_only(problems_of("onnx", {"engine.plan"}), Severity::kError, "backend_type",
              "is 'onnx', which needs weights.onnx; the package has engine.plan");
  expect_only(problems_of("trt", {"weights.onnx"}), Severity::kError, "backend_type",
              "is 'trt', which needs engine.plan; the package has weights.onnx");
}

TEST(PackageWeightsTest, WithoutWeightsTheFilesAreListed) {
  for (const char* backend : {"onnx", "trt", ""}) {
    expect_only(problems_of(backend, {"b.pt", "a.txt"}), Severity::kError, "",
                "neither weights.onnx nor engine.plan, it has 'a.txt', 'b.pt'");
  }
  expect_only(problems_of("onnx", {}), Severity::kError, "", "it has nothing");
}

TEST(PackageWeightsTest, OtherBackendsAreNotImplemented) {
  expect_only(problems_of("torch", {"weights.pt"}), Severity::kError, "backend_type",
              "is 'torch': ReplayRT runs weights.onnx ('onnx') and engine.plan ('trt'); the "
              "package has 'weights.pt'",
              ErrorCode::kModelImplementationNotFound);
  expect_only(problems_of("coreml", {"weights.onnx", "engine.plan"}), Severity::kWarning,
              "backend_type", "weights.onnx and engine.plan, which is there, too");
}

TEST(PackageWeightsTest, AFolderIsNoWeights) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.path() / "weights.onnx");
  ModelPackage package;
  package.model_config.backend_type = "onnx";
  find_weights(PackageFiles(folder.path()), package);
  expect_only(package.problems, Severity::kError, "", "no regular file");
  EXPECT_FALSE(package.onnx_weights);
}

}  // namespace
}  // namespace replayrt::models
