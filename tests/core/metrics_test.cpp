#include <gmock/gmock.h>

#include <array>
#include <atomic>
#include <latch>
#include <map>
#include <sstream>
#include <thread>

#include "core/expect_error.hpp"
#include "core/fake_calls.hpp"
#include "replayrt/core/log.hpp"

namespace replayrt {
namespace {

using testing::HasSubstr;
using testing::Not;

/// The value of each series, by its name and labels.
std::map<std::string, std::string> series_in(const std::string& text) {
  std::map<std::string, std::string> series;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with('#')) {
      const std::size_t space = line.rfind(' ');
      EXPECT_TRUE(series.emplace(line.substr(0, space), line.substr(space + 1)).second)
          << "twice: " << line;
    }
  }
  return series;
}

TEST(MetricsTest, TotalsEnginesAndKeysAreTold) {
  fakes::FakeOptions options;
  options.shared_bytes = 77;
  const Engine engine = fakes::make_fake_engine(options);
  const auto cache = std::make_shared<GraphCache>(
      GraphCacheOptions{.capacity = 1, .max_bytes = 5000, .admission = Admission::sightings(2)});
  for (const std::int64_t rows : {1, 1, 1, 2, 2}) {
    call(engine, counted(rows), cache);
  }
  auto series = series_in(cache->metrics());
  const auto total = [&](const std::string& name) {
    return series.at("replayrt_graph_cache_" + name);
  };
  EXPECT_EQ(total("calls_total{route=\"eager\"}"), "2");
  EXPECT_EQ(total("calls_total{route=\"captured\"}"), "2");
  EXPECT_EQ(total("calls_total{route=\"replayed\"}"), "1");
  EXPECT_EQ(total("hits_total"), "1");
  EXPECT_EQ(total("misses_total"), "4");
  EXPECT_EQ(total("captures_total"), "2");
  EXPECT_EQ(total("evictions_total"), "1");
  EXPECT_EQ(total("prewarmed_total"), "0");
  EXPECT_EQ(total("input_elements_total"), "21");
  EXPECT_EQ(total("padding_elements_total"), "0");
  EXPECT_EQ(total("keys"), "1");
  EXPECT_EQ(total("capacity"), "1");
  EXPECT_EQ(total("bytes"), "1000");
  EXPECT_EQ(total("max_bytes"), "5000");
  EXPECT_EQ(total("shared_bytes"), "77");
  const std::string id = "engine=\"" + std::to_string(engine.id()) + "\"";
  EXPECT_EQ(total("engine_calls_total{" + id + ",route=\"captured\"}"), "2");
  EXPECT_EQ(total("engine_bytes{" + id + "}"), "1000");
  const std::string key = "{" + id + ",key=\"f32 1x3\"";
  EXPECT_EQ(total("key_calls_total" + key + ",route=\"eager\"}"), "1");
  EXPECT_EQ(total("key_calls_total" + key + ",route=\"captured\"}"), "1");
  EXPECT_EQ(total("key_calls_total" + key + ",route=\"replayed\"}"), "1");
  EXPECT_EQ(total("key_bytes" + key + "}"), "0") << "evicted, but remembered";
  EXPECT_GT(std::stod(total("capture_seconds_total")), 0);
}

TEST(MetricsTest, AnEmptyCacheHasTotalsOnlyAndNoBound) {
  const std::string text = GraphCache(3).metrics();
  EXPECT_THAT(text, HasSubstr("\nreplayrt_graph_cache_max_bytes +Inf\n"));
  EXPECT_THAT(text, Not(HasSubstr("{engine")));
  EXPECT_THAT(text, Not(HasSubstr("key_")));
  EXPECT_THAT(text, testing::EndsWith("\n"));
}

TEST(MetricsTest, TimesAreSeconds) {
  GraphCacheReport report;
  report.totals.capture_time_total = std::chrono::milliseconds(1500);
  report.totals.time_saved = -std::chrono::microseconds(25);
  const auto series = series_in(to_prometheus(report));
  EXPECT_EQ(series.at("replayrt_graph_cache_capture_seconds_total"), "1.5");
  EXPECT_EQ(std::stod(series.at("replayrt_graph_cache_time_saved_seconds")), -0.000025);
}

TEST(MetricsTest, OnlyTheFiftyKeysWithTheMostCallsHaveSeries) {
  const Engine engine = fakes::make_fake_engine();
  const auto cache = std::make_shared<GraphCache>(100);
  for (std::int64_t rows = 1; rows <= 60; ++rows) {
    for (int again = 0; again < (rows <= 10 ? 1 : 2); ++again) {
      call(engine, counted(rows), cache);
    }
  }
  std::size_t keys = 0;
  for (const auto& [name, value] : series_in(cache->metrics())) {
    keys += name.find("key_calls_total") != std::string::npos ? 1U : 0U;
    EXPECT_EQ(name.find("\"f32 5x3\""), std::string::npos);
  }
  EXPECT_EQ(keys, 50U * 3) << "and three routes";
}

TEST(MetricsTest, ConstantLabelsAreOnEverySeries) {
  const Engine engine = fakes::make_fake_engine();
  const auto cache = std::make_shared<GraphCache>(2);
  call(engine, counted(1), cache);
  const std::string labels = R"(service="a \"b\" \\ c\nd",_zone9="")";
  for (const auto& [name, value] : series_in(cache->metrics(labels))) {
    EXPECT_THAT(name, HasSubstr("{" + labels));
  }
}

TEST(MetricsTest, WrongLabelsAreRefused) {
  const GraphCache cache(1);
  for (const char* wrong :
       {"a", "a=", "a=b", "a=\"b", "a=\"b\"c=\"d\"", "a=\"b\",", ",a=\"b\"", "9a=\"b\"", "=\"b\"",
        "a=\"b\\x\"", "a=\"b\\", "a=\"b\",a=\"c\"", "route=\"x\"", "key=\"x\"", "engine=\"x\"",
        "__a=\"x\"", "a =\"b\"", "a=\"b\nc\"", "a-b=\"c\""}) {
    SCOPED_TRACE(wrong);
    expect_error(ErrorCode::kInvalidParameter, {wrong},
                 [&] { static_cast<void>(cache.metrics(wrong)); });
  }
}

TEST(MetricsTest, ACallCountsByItsRouteWhenItIsOver) {
  const Engine engine = fakes::make_fake_engine();
  GraphCache cache(2);
  const auto count = [&](const std::string& route) {
    const auto series = series_in(cache.metrics());
    const std::string id = "engine=\"" + std::to_string(engine.id()) + "\",";
    const std::string text = series.at("replayrt_graph_cache_calls_total{route=\"" + route + "\"}");
    EXPECT_EQ(text, series.at("replayrt_graph_cache_engine_calls_total{" + id + "route=\"" + route +
                              "\"}"));
    EXPECT_EQ(text, series.at("replayrt_graph_cache_key_calls_total{" + id +
                              "key=\"f32 1x3\",route=\"" + route + "\"}"));
    return text;
  };
  {
    const Lease captured = cache.acquire(engine, key_of(engine, 1));
    EXPECT_EQ(count("captured"), "0");
    EXPECT_EQ(cache.stats().captured, 1U);
  }
  EXPECT_EQ(count("captured"), "1");
  {
    Lease replayed = cache.acquire(engine, key_of(engine, 1));
    EXPECT_EQ(count("replayed"), "0");
    replayed.discard();
  }
  EXPECT_EQ(count("replayed"), "0") << "it failed";
  EXPECT_EQ(count("eager"), "1");
  EXPECT_EQ(count("captured"), "1");
}

TEST(MetricsTest, CountersNeverFall) {
  constexpr int kThreads = 3;
  std::atomic<unsigned> captures{0};
  std::atomic<unsigned> runs{0};
  fakes::FakeOptions options;
  options.max_eager = kThreads;
  options.on_capture = [&](const InputSignature&) {
    if (++captures % 3 == 0) {
      throw Error(ErrorCode::kOutOfMemory, "every third capture fails");
    }
  };
  options.on_run = [&](bool captured) {
    if (captured && ++runs % 17 == 0) {
      throw Error(ErrorCode::kModelRuntime, "now and then a replay fails");
    }
  };
  set_log_sink({}, LogLevel::kOff);
  const Engine engine = fakes::make_fake_engine(options);
  const auto cache = std::make_shared<GraphCache>(
      GraphCacheOptions{.capacity = 3, .retry_interval = std::chrono::nanoseconds(0)});
  std::latch begin(kThreads + 1);
  std::atomic<int> working{kThreads};
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      begin.arrive_and_wait();
      for (int i = 0; i < 300; ++i) {
        call(engine, counted((i * 5 + thread) % 4 + 1), cache);
      }
      --working;
    });
  }
  begin.arrive_and_wait();
  std::map<std::string, double> last;
  bool is_last = false;
  while (!is_last) {
    is_last = working == 0;
    for (const auto& [name, value] : series_in(cache->metrics())) {
      if (name.find("_total") != std::string::npos) {
        const double now = std::stod(value);
        EXPECT_GE(now, last[name]) << name;
        last[name] = now;
      }
    }
  }
  const double eager = last["replayrt_graph_cache_calls_total{route=\"eager\"}"];
  EXPECT_GT(eager, 0);
  EXPECT_EQ(eager + last["replayrt_graph_cache_calls_total{route=\"captured\"}"] +
                last["replayrt_graph_cache_calls_total{route=\"replayed\"}"],
            kThreads * 300);
  threads.clear();
  set_log_sink({}, LogLevel::kWarning);
}

}  // namespace
}  // namespace replayrt
