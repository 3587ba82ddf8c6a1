// The program replayrt-ocr, run as users run it.
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>
#include <string>

namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const fs::path kData = REPLAYRT_TEST_DATA_DIR;
const std::string kWord = (kData / "pictures" / "word.png").string();
const std::string kPage = (kData / "pictures" / "page.png").string();
const std::string kEmpty = (kData / "bad" / "empty.png").string();
const std::string kNoPicture = (kData / "bad" / "text.png").string();

std::string content_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

class Program : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("replayrt_ocr_test_" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string path(const std::string& name) const {
    return (folder_ / name).string();
  }

  /// Runs it, with the test's models unless told otherwise; fills out_ and err_.
  int run(const std::string& arguments, const fs::path& models = kData / "packages") {
    const std::string command = REPLAYRT_OCR_PROGRAM " --models " + models.string() + " " +
                                arguments + " > " + path("out") + " 2> " + path("err");
    const int status = std::system(command.c_str());
    out_ = content_of(path("out"));
    err_ = content_of(path("err"));
    fs::remove(path("out"));
    fs::remove(path("err"));
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  [[nodiscard]] json json_at(const std::string& name) const {
    return json::parse(content_of(path(name)));
  }
  [[nodiscard]] bool left_nothing() const { return fs::is_empty(folder_); }

  fs::path folder_;
  std::string out_;
  std::string err_;
};

TEST_F(Program, PrintsTextBoxesAndASummary) {
  ASSERT_EQ(run(kPage), 0) << err_;
  EXPECT_THAT(out_,
              AllOf(HasSubstr("384 x 191, 7 lines"), HasSubstr("]  Region-based segmentation\n"),
                    HasSubstr("captures    5 in"), HasSubstr("cache       5 graphs of at most 128"),
                    HasSubstr("memory      ")));
}

TEST_F(Program, WritesJson) {
  ASSERT_EQ(run(kWord + " --repeat 3 --json " + path("out.json")), 0) << err_;
  const json document = json_at("out.json");
  const json& picture = document.at("pictures").at(0);
  EXPECT_EQ(picture.at("file"), kWord);
  EXPECT_EQ(picture.at("milliseconds").size(), 3U);
  ASSERT_EQ(picture.at("lines").size(), 1U);
  EXPECT_FALSE(picture.at("lines")[0].at("text").get<std::string>().empty());
  EXPECT_EQ(picture.at("lines")[0].at("box").size(), 4U);
  for (const std::string model : {"det", "cls", "rec"}) {
    EXPECT_EQ(document.at("models").at(model).at("captured"), 1) << model;
    EXPECT_EQ(document.at("models").at(model).at("replayed"), 2) << model;
  }
  EXPECT_EQ(document.at("cache").at("captures"), 3);
  EXPECT_GT(document.at("cache").at("bytes"), 0);
  EXPECT_GT(document.at("cache").at("capture_ms_total"), 0.0);
  EXPECT_GT(document.at("memory").at("peak_bytes"), 0);
}

TEST_F(Program, WritesOnlyJsonToStandardOutput) {
  ASSERT_EQ(run(kWord + " --json -"), 0) << err_;
  EXPECT_EQ(json::parse(out_).at("pictures").size(), 1U);
}

TEST_F(Program, KeepsToCapacity) {
  ASSERT_EQ(run(kWord + " " + kPage + " --capacity 2 --json -"), 0) << err_;
  const json cache = json::parse(out_).at("cache");
  EXPECT_EQ(cache.at("capacity"), 2);
  EXPECT_EQ(cache.at("size"), 2);
  EXPECT_GE(cache.at("evictions"), 1);
}

TEST_F(Program, RunsEagerlyWithCapacityZeroAndWithoutACache) {
  ASSERT_EQ(run(kWord + " --repeat 2 --capacity 0 --json -"), 0) << err_;
  const json zero = json::parse(out_);
  ASSERT_EQ(run(kWord + " --repeat 2 --no-cache --json -"), 0) << err_;
  const json none = json::parse(out_);
  EXPECT_EQ(zero.at("cache").at("captures"), 0);
  EXPECT_TRUE(none.at("cache").is_null());
  for (const json& document : {zero, none}) {
    EXPECT_EQ(document.at("models").at("rec").at("eager"), 2);
    EXPECT_EQ(document.at("models").at("rec").at("captured"), 0);
  }
  EXPECT_EQ(zero.at("pictures")[0].at("lines"), none.at("pictures")[0].at("lines"));
}

TEST_F(Program, CapturesWhatIsAdmitted) {
  const auto rec_of = [this](const std::string& admission) {
    EXPECT_EQ(run(kWord + " --repeat 3 --json - --admission " + admission), 0) << err_;
    return json::parse(out_).at("models").at("rec");
  };
  const json always = rec_of("always");
  EXPECT_EQ(always.at("captured"), 1);
  EXPECT_EQ(always.at("replayed"), 2);
  const json sightings = rec_of("sightings:3");
  EXPECT_EQ(sightings.at("eager_reasons"), json({{"not_yet", 2}}));
  EXPECT_EQ(sightings.at("captured"), 1);
  const json pays_back = rec_of("pays_back");
  EXPECT_GE(pays_back.at("eager"), 1) << "one call has not cost as much as a capture";
}

TEST_F(Program, KeepsToMaxBytes) {
  ASSERT_EQ(run(kWord + " --repeat 2 --max-bytes 1MB --json -"), 0) << err_;
  const json document = json::parse(out_);
  EXPECT_EQ(document.at("cache").at("max_bytes"), 1 << 20);
  EXPECT_LE(document.at("cache").at("peak_bytes"), 1 << 20);
  EXPECT_EQ(document.at("models").at("det").at("replayed"), 0) << "its graph alone is larger";
  EXPECT_EQ(document.at("pictures")[0].at("lines").size(), 1U);
}

TEST_F(Program, DrawsIntoAFileOrAFolder) {
  ASSERT_EQ(run(kWord + " --no-cache --save " + path("drawing.png")), 0) << err_;
  EXPECT_FALSE(cv::imread(path("drawing.png")).empty());
  const std::string copy = path("in/word.png");
  fs::create_directories(path("in"));
  fs::copy(kWord, copy);
  ASSERT_EQ(run(kWord + " " + copy + " --no-cache --save " + path("made/here")), 0) << err_;
  EXPECT_FALSE(cv::imread(path("made/here/word_ocr.png")).empty());
  EXPECT_FALSE(cv::imread(path("made/here/word_2_ocr.png")).empty()) << "same name, other folder";
}

TEST_F(Program, WritesTracesOfTheFirstReading) {
  ASSERT_EQ(run(kWord + " " + kPage + " --no-cache --repeat 2 --trace-out " + path("traces")), 0)
      << err_;
  EXPECT_THAT(content_of(path("traces/det.trace")), testing::EndsWith("1x3x736x1472\n"));
  EXPECT_EQ(content_of(path("traces/cls.trace")), "1x3x48x192\n6x3x48x192\n1x3x48x192\n");
  EXPECT_THAT(content_of(path("traces/rec.trace")), testing::MatchesRegex("(1x3x48x[0-9]+\n)+"))
      << "line by line";
}

TEST_F(Program, ReadsTheOthersWhenOnePictureIsBad) {
  const std::string missing = path("missing.png");
  EXPECT_EQ(run(kEmpty + " " + kWord + " " + missing + " " + kNoPicture + " --no-cache --json " +
                path("out.json")),
            1);
  EXPECT_THAT(err_, AllOf(HasSubstr(kEmpty), HasSubstr(missing), HasSubstr(kNoPicture)));
  const json pictures = json_at("out.json").at("pictures");
  ASSERT_EQ(pictures.size(), 4U);
  EXPECT_THAT(pictures[0].at("error").get<std::string>(), HasSubstr("is empty"));
  EXPECT_EQ(pictures[1].at("lines").size(), 1U);
  EXPECT_THAT(pictures[2].at("error").get<std::string>(), HasSubstr("no such file"));
  EXPECT_THAT(pictures[3].at("error").get<std::string>(), HasSubstr("cannot be decoded"));
}

TEST_F(Program, WritesNothingWhenNoPictureCanBeRead) {
  EXPECT_EQ(run(kEmpty + " --json " + path("o.json") + " --save " + path("o.png") +
                " --trace-out " + path("t")),
            1);
  EXPECT_THAT(err_, AllOf(HasSubstr(kEmpty), HasSubstr("is empty; expected a picture")));
  EXPECT_TRUE(left_nothing());
}

TEST_F(Program, NamesWhatItCannotWrite) {
  EXPECT_EQ(run(kWord + " --no-cache --json /no/such/folder/out.json"), 1);
  EXPECT_THAT(err_, HasSubstr("/no/such/folder/out.json"));
  EXPECT_EQ(run(kWord + " --no-cache --save " + path("out.xyz")), 1);
  EXPECT_THAT(err_, HasSubstr("out.xyz"));
  EXPECT_TRUE(left_nothing());
}

TEST_F(Program, NamesAMissingModel) {
  EXPECT_EQ(run(kWord, "/no/such/models"), 1);
  EXPECT_THAT(err_, HasSubstr("/no/such/models"));
}

TEST_F(Program, HasExitCodeTwoForUsage) {
  const auto refused = [this](const std::string& arguments, const std::string& word) {
    EXPECT_EQ(run(arguments), 2) << arguments;
    EXPECT_THAT(err_ + out_, HasSubstr(word)) << arguments;
    EXPECT_TRUE(left_nothing());
  };
  refused("", "PICTURE");
  refused(kWord + " --capacity -1", "--capacity");
  refused(kWord + " --max-bytes -5", "--max-bytes");
  refused(kWord + " --max-bytes 5parsecs", "--max-bytes");
  refused(kWord + " --repeat 0", "--repeat");
  refused(kWord + " --admission never",
          "--admission: admission 'never' is unknown: expected always, sightings:N");
  refused(kWord + " --admission sightings:0", "admission 'sightings:0'");
  refused(kWord + " --admission sightings:2x", "admission 'sightings:2x'");
  refused(kWord + " --inference-threads many", "--inference-threads");
  refused(kWord + " --no-such-option", "--no-such-option");
  refused(kWord + " " + kPage + " --save " + path("one.png"), "--save");
}

TEST_F(Program, HelpsItself) {
  EXPECT_EQ(run("--help"), 0);
  for (const std::string option :
       {"PICTURE", "--models", "--json", "--save", "--capacity", "--max-bytes", "--admission",
        "--no-cache", "--repeat", "--inference-threads", "--trace-out"}) {
    EXPECT_THAT(out_, HasSubstr(option));
  }
}

}  // namespace
