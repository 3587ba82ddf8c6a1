// What names a model by its content: files of ONNX and IR, and the options that change answers.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "backends/openvino/support.hpp"
#include "replayrt/core/log.hpp"
#include "support/temporary_folder.hpp"

namespace replayrt {
namespace {

using namespace openvino_test;

TEST(OpenVinoContentHash, NamesBytesAndOptionsThatChangeAnswers) {
  const TemporaryFolder temporary;
  const std::filesystem::path& folder = temporary.path();
  const std::filesystem::path copy = folder / "copy.onnx";
  std::filesystem::copy_file(model_path("trivial.onnx"), copy);
  const std::string hash = load_engine(model_path("trivial.onnx")).content_hash();
  EXPECT_EQ(hash.size(), 64U);
  EXPECT_EQ(load_engine(copy, {.inference_threads = 1}).content_hash(), hash);
  EXPECT_NE(load_engine(copy, {.precision = Precision::kAuto}).content_hash(), hash);
  LoadOptions options;
  const std::string output = load_engine(copy).outputs()[0].name;
  std::vector<std::string> hashes{hash};
  for (const std::int64_t axis : {0, 1}) {
    options.edits.argmax = {{.output = output, .axis = axis}};
    hashes.push_back(load_engine(copy, options).content_hash());
  }
  std::ranges::sort(hashes);
  EXPECT_EQ(std::ranges::adjacent_find(hashes), hashes.end()) << "two are equal";

  // IR: its weights belong to it.
  for (const char* name : {"ppocrv6_rec.xml", "ppocrv6_rec.bin"}) {
    std::filesystem::copy_file(model_path(name), folder / name);
  }
  const Engine before = load_engine(folder / "ppocrv6_rec.xml");
  const Engine late = load_engine(folder / "ppocrv6_rec.xml");
  EXPECT_EQ(before.content_hash().size(), 64U);
  std::fstream(folder / "ppocrv6_rec.bin", std::ios::in | std::ios::out | std::ios::binary)
      .seekp(1000)
      .put('x')
      .put('y');
  EXPECT_EQ(before.content_hash().size(), 64U) << "it is remembered";
  EXPECT_NE(load_engine(folder / "ppocrv6_rec.xml").content_hash(), before.content_hash());
  std::filesystem::remove(folder / "ppocrv6_rec.bin");
  set_log_sink({}, LogLevel::kOff);
  EXPECT_EQ(late.content_hash(), "") << "not what was loaded";
  set_log_sink({}, LogLevel::kWarning);
}

}  // namespace
}  // namespace replayrt
