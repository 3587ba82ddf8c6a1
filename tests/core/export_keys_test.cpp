// The working set of a cache, from one process to the next.

#include <array>
#include <functional>
#include <stdexcept>

#include "core/expect_error.hpp"
#include "core/fake_calls.hpp"
#include "core/fake_clock.hpp"
#include "replayrt/core/log.hpp"

namespace replayrt {
namespace {

using Rows = std::vector<std::int64_t>;
using std::chrono::milliseconds;

class ExportKeysTest : public testing::Test {
 protected:
  ExportKeysTest() {
    options_.on_capture = [this](const InputSignature& signature) {
      order_.push_back(signature[0].shape[0]);
    };
    options_.content_hash = "c0ffee";
  }
  ~ExportKeysTest() override { set_log_sink({}, LogLevel::kWarning); }

  static Rows rows_of(const std::vector<SavedKey>& keys) {
    Rows rows;
    for (const SavedKey& key : keys) {
      rows.push_back(key.inputs[0].shape[0]);
    }
    return rows;
  }
  static SavedKey saved(std::int64_t rows, std::chrono::nanoseconds worth = {},
                        std::string hash = "c0ffee") {
    return {std::move(hash), {}, {{DType::kF32, {rows, 3}}}, 1, worth};
  }
  /// Eager calls of so long, then a capture and a replay of no time.
  static void use(GraphCache& cache, const Engine& engine, std::int64_t rows, milliseconds eager) {
    for (int i = 0; i < 3; ++i) {
      Lease lease = cache.acquire(engine, key_of(engine, rows));
      const bool is_eager = lease.route() == Route::kEager;
      lease.finish({}, is_eager ? eager : milliseconds(0));
    }
  }
  PrewarmReport import(GraphCache& cache, const std::vector<SavedKey>& keys,
                       std::initializer_list<const Engine*> engines) {
    const std::vector<const Engine*> list(engines);
    return cache.import_keys(keys, list, PrewarmMode::kInline);
  }

  Rows order_;
  fakes::FakeOptions options_;
};

TEST_F(ExportKeysTest, TheHottestComesFirst) {
  const Engine engine = fakes::make_fake_engine(options_);
  GraphCache cache(GraphCacheOptions{.admission = Admission::sightings(2)});
  use(cache, engine, 1, milliseconds(10));
  use(cache, engine, 2, milliseconds(1000));
  use(cache, engine, 3, milliseconds(100));
  const std::vector<SavedKey> keys = cache.export_keys();
  EXPECT_EQ(rows_of(keys), (Rows{2, 3, 1}));
  EXPECT_EQ(keys[0].engine_hash, "c0ffee");
  EXPECT_EQ(keys[0].device, Device{});
  EXPECT_EQ(keys[0].calls, 3U);
  EXPECT_GT(keys[0].worth, milliseconds(900));
  EXPECT_GT(keys[1].worth, milliseconds(0));
}

TEST_F(ExportKeysTest, OfEqualWorthTheMostRecentComesFirst) {
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache = std::make_shared<GraphCache>(8);
  for (const std::int64_t rows : {1, 2, 3, 1}) {
    static_cast<void>(cache->acquire(engine, key_of(engine, rows)));
  }
  EXPECT_EQ(rows_of(cache->export_keys()), (Rows{1, 3, 2}));
}

TEST_F(ExportKeysTest, OnlyWhatIsHeldIsTheWorkingSet) {
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache = std::make_shared<GraphCache>(2);
  for (const std::int64_t rows : {1, 2, 3}) {
    call(engine, counted(rows), cache);
  }
  EXPECT_EQ(rows_of(cache->export_keys()), (Rows{3, 2}));
  cache->purge();
  EXPECT_TRUE(cache->export_keys().empty());
}

TEST_F(ExportKeysTest, AddressesAndEnginesThatCannotBeToldAreLeftOut) {
  options_.binds = true;
  fakes::FakeOptions unknown;
  const auto cache = std::make_shared<GraphCache>(8);
  const Engine engine = fakes::make_fake_engine(options_);
  std::vector<Engine> nameless;
  for (const char* hash : {"", "no hex", "C0FFEE"}) {
    unknown.content_hash = hash;
    nameless.push_back(fakes::make_fake_engine(unknown));
    EXPECT_EQ(nameless.back().content_hash(), "");
  }
  unknown.content_hash = std::string(129, 'a');
  nameless.push_back(fakes::make_fake_engine(unknown));
  for (const Engine& other : nameless) {
    call(other, counted(1), cache);
  }
  InferOptions in_place;
  in_place.input_binding = InputBinding::kInPlace;
  call(engine, counted(2), cache, in_place);
  call(engine, counted(3), cache);
  EXPECT_EQ(cache->get_current_size(), 6);
  EXPECT_EQ(rows_of(cache->export_keys()), Rows{3});
}

TEST_F(ExportKeysTest, EnginesOfOneContentShareTheirKeysAndEachIsPrewarmed) {
  const Engine one = fakes::make_fake_engine(options_);
  const Engine two = fakes::make_fake_engine(options_);
  options_.content_hash = "beef";
  const Engine other = fakes::make_fake_engine(options_);
  const auto cache = std::make_shared<GraphCache>(8);
  call(one, counted(1), cache);
  call(two, counted(1), cache);
  call(two, counted(2), cache);
  call(other, counted(2), cache);
  const std::vector<SavedKey> keys = cache->export_keys();
  ASSERT_EQ(rows_of(keys), (Rows{2, 2, 1}));
  EXPECT_EQ(keys[0].engine_hash, "beef");
  EXPECT_EQ(keys[2].calls, 2U);
  GraphCache next(8);
  EXPECT_EQ(import(next, keys, {&one, &two}), (PrewarmReport{.accepted = 4, .unknown = 1}));
  EXPECT_TRUE(next.contains(key_of(one, 1)));
  EXPECT_TRUE(next.contains(key_of(two, 2)));
}

TEST_F(ExportKeysTest, TheHottestIsPrewarmedFirstWhateverTheOrder) {
  const Engine engine = fakes::make_fake_engine(options_);
  GraphCache cache(2);
  EXPECT_EQ(import(cache,
                   {saved(1, milliseconds(1)), saved(2, milliseconds(3)), saved(3),
                    saved(4, milliseconds(2))},
                   {&engine}),
            (PrewarmReport{.accepted = 2, .no_room = 2}));
  EXPECT_EQ(order_, (Rows{2, 4}));
  EXPECT_EQ(cache.export_keys()[0].worth, milliseconds(3)) << "what was hot is hot";
}

TEST_F(ExportKeysTest, ForeignKeysAreCountedAndUnfitOnesLogged) {
  const Engine engine = fakes::make_fake_engine(options_);
  int logged = 0;
  set_log_sink(
      [&](LogLevel, std::string_view text) {
        EXPECT_NE(text.find("is left out"), std::string_view::npos) << text;
        ++logged;
      },
      LogLevel::kWarning);
  SavedKey on_gpu = saved(1);
  on_gpu.device = {DeviceType::kCuda, 0};
  SavedKey two_inputs = saved(1);
  two_inputs.inputs.push_back(two_inputs.inputs[0]);
  SavedKey fed_on_gpu = saved(1);
  fed_on_gpu.inputs[0].memory = DeviceType::kCuda;
  GraphCache cache(8);
  EXPECT_EQ(
      import(cache, {saved(1, {}, "beef"), on_gpu, two_inputs, fed_on_gpu, saved(5000), saved(2)},
             {&engine}),
      (PrewarmReport{.accepted = 1, .refused = 3, .unknown = 2}));
  EXPECT_EQ(logged, 3);
  EXPECT_EQ(order_, Rows{2});
  EXPECT_EQ(import(cache, {saved(1)}, {}), (PrewarmReport{.unknown = 1}));
}

TEST_F(ExportKeysTest, AnEmptyHashMatchesNothing) {
  options_.content_hash = "";
  const Engine engine = fakes::make_fake_engine(options_);
  GraphCache cache(8);
  EXPECT_EQ(import(cache, {saved(1, {}, "")}, {&engine}), (PrewarmReport{.unknown = 1}));
}

TEST_F(ExportKeysTest, AnErrorChangesNothing) {
  const Engine engine = fakes::make_fake_engine(options_);
  GraphCache cache(8);
  expect_error(ErrorCode::kInvalidParameter, {"null"}, [&] {
    import(cache, {saved(1)}, {&engine, nullptr});
  });
  fakes::FakeOptions failing;
  failing.on_content_hash = [] { throw Error(ErrorCode::kFileAccess, "gone"); };
  const Engine broken = fakes::make_fake_engine(failing);
  expect_error(ErrorCode::kFileAccess, {"gone"}, [&] {
    import(cache, {saved(1)}, {&engine, &broken});
  });
  EXPECT_TRUE(order_.empty());
  EXPECT_TRUE(cache.report().keys.empty());
}

TEST_F(ExportKeysTest, TheBackendIsAskedOutsideTheLock) {
  const auto cache = std::make_shared<GraphCache>(8);
  int asked = 0;
  options_.on_content_hash = [&] {
    static_cast<void>(cache->stats());
    ++asked;
  };
  const Engine engine = fakes::make_fake_engine(options_);
  for (const std::int64_t rows : {1, 2}) {
    call(engine, counted(rows), cache);
  }
  EXPECT_EQ(rows_of(cache->export_keys()), (Rows{2, 1}));
  EXPECT_EQ(asked, 1) << "once for all keys of an engine";
  options_.on_query = [&] { static_cast<void>(cache->stats()); };
  const Engine next = fakes::make_fake_engine(options_);
  EXPECT_EQ(import(*cache, cache->export_keys(), {&next}).accepted, 2U);
}

}  // namespace
}  // namespace replayrt
