// The whole pipeline on real models and pictures, against what rapidocr reads in them.
#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "files.hpp"
#include "ocr_pipeline.hpp"
#include "replayrt/replayrt.hpp"

namespace ocr {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const fs::path kData = REPLAYRT_TEST_DATA_DIR;
const fs::path kModels = kData / "packages";

fs::path picture_file(const std::string& name) {
  return kData / "pictures" / (name + ".png");
}

std::shared_ptr<replayrt::TRTCudaGraphCache> shared_cache() {
  static const auto kCache = std::make_shared<replayrt::TRTCudaGraphCache>(
      replayrt::GraphCacheOptions{.capacity = 32,
                                  .max_bytes = std::int64_t{1} << 30,
                                  .admission = replayrt::Admission::always()});
  return kCache;
}

/// Loaded once: the tests share them.
OcrPipeline& cached_pipeline() {
  static OcrPipeline pipeline(kModels, {.cache = shared_cache()});
  return pipeline;
}
OcrPipeline& plain_pipeline() {
  static OcrPipeline pipeline(kModels, {});
  return pipeline;
}

std::vector<std::string> texts_of(const std::vector<TextLine>& lines) {
  std::vector<std::string> texts;
  std::transform(lines.begin(), lines.end(), std::back_inserter(texts),
                 [](const TextLine& line) { return line.text; });
  return texts;
}

std::vector<TextLine> expected_lines(const fs::path& file) {
  std::ifstream stream(file);
  std::vector<TextLine> lines;
  const auto document = nlohmann::json::parse(stream);
  for (const auto& entry : document.at("lines")) {
    TextLine& line = lines.emplace_back();
    line.text = entry.at("text");
    line.confidence = entry.at("score");
    for (std::size_t i = 0; i < line.box.size(); ++i) {
      line.box[i] = {entry.at("box")[i][0].get<float>(), entry.at("box")[i][1].get<float>()};
    }
  }
  return lines;
}

/// Insertions, deletions and replacements of bytes that turn `a` into `b`.
std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

TEST(OcrPipeline, ReadsWhatRapidocrReads) {
  std::size_t characters = 0;
  std::size_t different = 0;
  std::size_t pictures = 0;
  for (const auto& entry : fs::directory_iterator(kData / "expected" / "ocr")) {
    const std::string name = entry.path().stem();
    SCOPED_TRACE(name);
    const std::vector<TextLine> expected = expected_lines(entry.path());
    const std::vector<TextLine> lines = cached_pipeline().read(read_picture(picture_file(name)));
    ++pictures;
    EXPECT_EQ(lines.size(), expected.size());
    for (std::size_t i = 0; i < std::min(lines.size(), expected.size()); ++i) {
      SCOPED_TRACE(expected[i].text);
      characters += expected[i].text.size();
      different += edit_distance(lines[i].text, expected[i].text);
      for (std::size_t corner = 0; corner < lines[i].box.size(); ++corner) {
        EXPECT_LE(cv::norm(lines[i].box[corner] - expected[i].box[corner]), 2.0);
      }
      if (lines[i].text == expected[i].text) {
        // Decoding and scaling pictures is not bit for bit the same in two versions of OpenCV; and
        // the corners of boxes are cut to whole pixels, as the reference does, where rapidocr
        // rounds. A pixel matters most to what is no text: "camera" has a camera's dials.
        EXPECT_NEAR(lines[i].confidence, expected[i].confidence, name == "camera" ? 0.1 : 0.05);
      }
    }
  }
  EXPECT_GE(pictures, 10U);
  EXPECT_GE(characters, 1000U);
  EXPECT_LE(static_cast<double>(different), 0.01 * static_cast<double>(characters));
}

TEST(OcrPipeline, ReadsTheScannedPage) {
  const auto texts = texts_of(cached_pipeline().read(read_picture(picture_file("page"))));
  EXPECT_THAT(texts, testing::Contains(HasSubstr("segmentation")));
}

TEST(OcrPipeline, ReadsTheSameOnEveryRoute) {
  for (const std::string name : {"page", "numbers", "upside_down"}) {
    SCOPED_TRACE(name);
    const cv::Mat picture = read_picture(picture_file(name));
    const std::vector<TextLine> plain = plain_pipeline().read(picture);
    const std::vector<TextLine> first = cached_pipeline().read(picture);
    const std::uint64_t replays = cached_pipeline().recognition().counts().replayed;
    const std::vector<TextLine> replayed = cached_pipeline().read(picture);
    EXPECT_GT(cached_pipeline().recognition().counts().replayed, replays);
    EXPECT_EQ(texts_of(first), texts_of(plain));
    EXPECT_EQ(texts_of(replayed), texts_of(plain));
    for (std::size_t i = 0; i < plain.size(); ++i) {
      EXPECT_EQ(first[i].box, plain[i].box);
      EXPECT_NEAR(replayed[i].confidence, plain[i].confidence, 1e-4);
    }
  }
  EXPECT_EQ(plain_pipeline().recognition().counts().captured, 0U);
  EXPECT_EQ(plain_pipeline().recognition().counts().replayed, 0U);
}

TEST(OcrPipeline, CountsEveryCallOnce) {
  const OcrPipeline& pipeline = cached_pipeline();
  const auto before = shared_cache()->stats();
  const auto calls = [&pipeline] {
    return pipeline.detection().counts().calls() + pipeline.direction().counts().calls() +
           pipeline.recognition().counts().calls();
  };
  const std::uint64_t calls_before = calls();
  cached_pipeline().read(read_picture(picture_file("page")));
  const auto after = shared_cache()->stats();
  EXPECT_EQ(after.calls - before.calls, calls() - calls_before);
  EXPECT_EQ(pipeline.detection().shapes().size(), pipeline.detection().counts().calls());
  EXPECT_EQ(pipeline.recognition().shapes().back()[2], 48);
}

TEST(OcrPipeline, RefusesABadPictureAndGoesOn) {
  const cv::Mat good = read_picture(picture_file("word"));
  const auto expected = texts_of(cached_pipeline().read(good));
  EXPECT_THROW(cached_pipeline().read(cv::Mat()), replayrt::Error);
  EXPECT_THROW(cached_pipeline().read(cv::Mat(40, 40, CV_32FC3)), replayrt::Error);
  EXPECT_EQ(texts_of(cached_pipeline().read(good)), expected);
}

TEST(OcrPipeline, FindsNothingOnABlankPicture) {
  EXPECT_TRUE(cached_pipeline().read(cv::Mat(64, 64, CV_8UC3, cv::Scalar::all(255))).empty());
  EXPECT_TRUE(cached_pipeline().read(cv::Mat(1, 1, CV_8UC3, cv::Scalar::all(0))).empty());
}

TEST(OcrPipeline, NamesWhatIsWrongWithItsModels) {
  const auto error_with = [](const fs::path& models) -> std::string {
    try {
      OcrPipeline pipeline(models, {});
    } catch (const replayrt::Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_THAT(error_with("/no/such/folder"), HasSubstr("/no/such/folder/pp-ocrv6-det"));

  const fs::path folder =
      fs::temp_directory_path() / ("replayrt_ocr_models_" + std::to_string(::getpid()));
  fs::create_directories(folder);
  for (const std::string name : {"pp-ocrv6-det", "ppocr_cls.onnx", "pp-ocrv6-rec"}) {
    fs::create_symlink(kModels / name, folder / name);
  }
  fs::remove(folder / "pp-ocrv6-rec");
  fs::copy(kModels / "pp-ocrv6-rec", folder / "pp-ocrv6-rec");
  fs::remove(folder / "pp-ocrv6-rec" / "inference.yml");
  EXPECT_THAT(error_with(folder),
              testing::AllOf(HasSubstr("pp-ocrv6-rec"), HasSubstr("inference.yml: is missing")));
  fs::remove(folder / "ppocr_cls.onnx");
  fs::create_symlink(kData / "models" / "two_inputs.onnx", folder / "ppocr_cls.onnx");
  EXPECT_THAT(error_with(folder), testing::AllOf(HasSubstr("ppocr_cls.onnx"), HasSubstr("rank 4")));
  fs::remove_all(folder);
}

TEST(TextDirection, TurnsLinesThatStandOnTheirHead) {
  const cv::Mat picture = read_picture(picture_file("title"));
  const std::vector<TextLine> lines = cached_pipeline().read(picture);
  ASSERT_FALSE(lines.empty());
  const cv::Mat upright =
      picture(cv::boundingRect(std::vector<cv::Point2f>(lines[0].box.begin(), lines[0].box.end())) &
              cv::Rect({}, picture.size()));
  cv::Mat turned;
  cv::rotate(upright, turned, cv::ROTATE_180);
  const cv::Mat before = picture.clone();

  TextDirection direction(kModels / "ppocr_cls.onnx", {});
  std::vector<cv::Mat> crops{upright, turned};
  direction.turn_upright(crops);
  EXPECT_EQ(cv::norm(crops[0], upright, cv::NORM_INF), 0.0);
  EXPECT_EQ(cv::norm(crops[1], upright, cv::NORM_INF), 0.0);
  EXPECT_EQ(cv::norm(picture, before, cv::NORM_INF), 0.0) << "the picture itself stays as it is";

  crops.clear();
  direction.turn_upright(crops);
  EXPECT_EQ(direction.record().counts().calls(), 1U) << "no lines, no call";
}

/// The classifier and the recognition model both take 2x3x48x320.
TEST(SharedCache, NeverMixesModelsThatGetTheSameShape) {
  const auto cache = std::make_shared<replayrt::TRTCudaGraphCache>(
      replayrt::GraphCacheOptions{.capacity = 4, .admission = replayrt::Admission::always()});
  const replayrt::Engine cls = replayrt::load_engine(kData / "models" / "ppocr_cls.onnx");
  const replayrt::Engine rec = replayrt::load_engine(kData / "models" / "ppocrv6_rec.onnx");
  std::vector<float> values(2 * 3 * 48 * 320);
  cv::Mat header(1, static_cast<int>(values.size()), CV_32F, values.data());
  cv::RNG(3).fill(header, cv::RNG::UNIFORM, -1.0, 1.0);
  const auto input = replayrt::view_of<float>(values, {2, 3, 48, 320});
  const auto run = [&](const replayrt::Engine& engine, const replayrt::InferOptions& options) {
    return replayrt::infer(engine, {&input, 1}, options);
  };
  const auto cls_plain = run(cls, {});
  const auto rec_plain = run(rec, {});
  for (const auto route :
       {replayrt::Route::kCaptured, replayrt::Route::kReplayed, replayrt::Route::kReplayed}) {
    for (const auto& [engine, plain] : {std::pair(&cls, &cls_plain), std::pair(&rec, &rec_plain)}) {
      const auto result = run(*engine, {.graph_cache = cache});
      EXPECT_EQ(result.route, route);
      ASSERT_EQ(result.outputs[0].shape(), plain->outputs[0].shape());
      const auto actual = result.outputs[0].as<float>();
      const auto expected = plain->outputs[0].as<float>();
      for (std::size_t i = 0; i < expected.size(); ++i) {
        ASSERT_NEAR(actual[i], expected[i], 1e-4);
      }
    }
  }
  const auto keys = cache->list_keys();
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_EQ(keys[0].inputs(), keys[1].inputs()) << "the same shape";
  EXPECT_NE(keys[0].engine(), keys[1].engine()) << "two engines";
  cache->remove_engine(cls.id());
  EXPECT_FALSE(cache->contains(cls.key_for({&input, 1})));
  EXPECT_TRUE(cache->contains(rec.key_for({&input, 1})));
}

}  // namespace
}  // namespace ocr
