#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <thread>
#include <unordered_map>
#include <vector>

#include "core/admission.hpp"
#include "core/annotated_mutex.hpp"
#include "core/cache_entry.hpp"
#include "core/eviction.hpp"
#include "core/verification.hpp"
#include "replayrt/core/graph_cache.hpp"

namespace replayrt::detail {

/// The one implementation behind GraphCache, shared with its leases. See GraphCache for the
/// contract. Its sources are: graph_cache_state.cpp (looking, removing, reporting),
/// graph_cache_acquire.cpp (how a call is served), graph_cache_capture.cpp (captures),
/// graph_cache_eviction.cpp (what goes), graph_cache_background.cpp (the thread that makes them in
/// the background), graph_cache_prewarm.cpp (captures before a call asks).
class GraphCacheState : public std::enable_shared_from_this<GraphCacheState> {
 public:
  /// What becomes of a captured graph when its lease ends.
  enum class End : std::uint8_t {
    kKeep,
    kDiscard,  ///< Its run failed: it leaves the cache.
    // The rest while the call goes on, to be served eagerly:
    kUnused,   ///< The work of its previous lease is not complete: it was not run.
    kRefused,  ///< It failed its verification: it leaves the cache.
  };
  using RunTime = std::optional<std::chrono::nanoseconds>;

  /// A key that is to be prewarmed; the engine takes it.
  struct Wish {
    std::shared_ptr<EngineState> engine;
    GraphKey key;
    double worth = 0;  ///< In seconds, as `KeyUsage::worth`.
  };

  explicit GraphCacheState(const GraphCacheOptions& options);
  ~GraphCacheState();
  GraphCacheState(const GraphCacheState&) = delete;
  GraphCacheState& operator=(const GraphCacheState&) = delete;

  /// `inputs.views` may be empty: then nothing can be verified yet. `answer` is filled where the
  /// leased graph has run on the inputs already, and need not run again.
  Lease acquire(const std::shared_ptr<EngineState>& engine, const GraphKey& key,
                const LiveInputs& inputs, std::optional<Answer>& answer);
  void end_lease(EntryPtr entry, const Completion& completion, End end, Route route,
                 RunTime run_time) noexcept;
  void end_eager(KeyRecord& record, RunTime run_time) noexcept;

  std::int64_t size() const;
  std::vector<GraphKey> list_keys() const;
  bool contains(const GraphKey& key) const;
  void safe_remove(const GraphKey& key);
  void purge(std::optional<std::int64_t> n_oldest);
  void remove_engine(EngineId engine) noexcept;
  std::optional<Refusal> refusal(const GraphKey& key) const;
  GraphCacheStats stats() const;
  GraphCacheReport report() const;
  /// The same where calls count as captured or replayed only when they are over.
  GraphCacheReport settled_report() const;
  PrewarmReport prewarm(std::span<const Wish> wishes, PrewarmMode mode);
  std::vector<SavedKey> export_keys() const;
  void wait_idle();

  /// The GraphCache is gone: drops everything, and what is being captured is not kept.
  void close() noexcept;

 private:
  /// One capture under way; those who need its outcome wait on `changed_`.
  struct Flight {
    bool done = false;
    bool in_background = false;  ///< Nobody waits for it, whatever the cache's `capture` says.
  };

  /// A capture that waits for the background thread.
  struct Job {
    std::shared_ptr<EngineState> engine;
    std::shared_ptr<KeyRecord> record;
    TensorList inputs;  ///< Copies of the first missing call's, for verification.
    Completion copied;  ///< Of `inputs`: they may be under way in the caller's stream.
    std::shared_ptr<Flight> flight{};
    bool prewarms = false;
  };

  /// What is to be done for one call: one of the four.
  struct Decision {
    EntryPtr entry{};                  ///< Replay this, leased to the caller.
    std::shared_ptr<Flight> flight{};  ///< Capture now.
    bool enqueue = false;              ///< Leave it to the background thread, and serve eagerly.
    Reason reason = Reason::kNone;     ///< Serve eagerly.
    std::shared_ptr<KeyRecord> record{};
    bool verify = false;  ///< Of a capture.
  };

  /// What a capture came to.
  struct Outcome {
    EntryPtr entry{};
    std::optional<Answer> answer{};  ///< Of the new graph, to the inputs that there were.
    Refusal refusal{};
    bool passing = false;   ///< The refusal is not for good.
    bool prewarms = false;  ///< Nothing is evicted for it.
    bool no_room = false;   ///< So it was not kept.
    std::chrono::nanoseconds took{0};
    std::chrono::nanoseconds eager_took{0};  ///< The run that it was compared with.
  };

  /// What is known of a key before the lock is taken to prewarm it.
  struct Expectation {
    std::size_t bytes;
    TimePoint now;
  };

  /// A prewarming that the caller goes on with; none without a flight.
  struct Prewarming {
    std::shared_ptr<Flight> flight{};
    std::shared_ptr<KeyRecord> record{};
    bool verify = false;
  };

  /// What a first look for a graph came to.
  struct Look {
    std::optional<Decision> hit{};
    bool engine_is_known = true;  ///< The engine tells this cache when it retires.
  };

  /// A call that found no free graph, with all that must not be asked for under the lock.
  struct Miss {
    const EngineState& engine;
    const GraphKey& key;
    TimePoint now;
    CaptureEstimate estimate;
  };

  // graph_cache_acquire.cpp
  /// What the backend expects, if the admission wants to know.
  CaptureEstimate estimate(const EngineState& engine, const GraphKey& key) const
      REPLAYRT_EXCLUDES(mutex_);
  Look decide_hit(const EngineState& engine, const GraphKey& key) REPLAYRT_EXCLUDES(mutex_);
  Decision decide_miss(const Miss& miss) REPLAYRT_EXCLUDES(mutex_);
  /// No graph is free and none is waited for: captures, or says why not. `node` holds the leased
  /// ones, if any.
  Decision decide_capture(const Miss& miss, std::shared_ptr<KeyRecord> record,
                          const SlotIndex::Node* node) REPLAYRT_REQUIRES(mutex_);
  Decision replay(SlotIndex::Node& node, const EntryPtr& entry) REPLAYRT_REQUIRES(mutex_);
  bool may_add_instance(const CacheSlot& slot) const noexcept;
  void wait_for(const Flight& flight, TimePoint deadline) REPLAYRT_REQUIRES(mutex_);
  /// Why nothing of this engine can be held at all.
  Reason why_no_graphs(const EngineState& engine) const REPLAYRT_REQUIRES(mutex_);
  /// Books that so many of a counted call's input elements are padding.
  void note_padding(KeyRecord& record, std::int64_t elements) noexcept REPLAYRT_EXCLUDES(mutex_);
  /// Books the begin of a call.
  void count(KeyRecord& record, Route route) REPLAYRT_REQUIRES(mutex_);
  Decision eagerly(Reason reason, std::shared_ptr<KeyRecord> record) REPLAYRT_REQUIRES(mutex_);
  Reason why_not_capture(const Miss& miss, KeyRecord& record) REPLAYRT_REQUIRES(mutex_);
  /// What a graph for `miss` would push out is worth.
  double worth_of_victims(const Miss& miss, const EngineRecord& engine) const
      REPLAYRT_REQUIRES(mutex_);
  bool captures_exhausted(TimePoint now) REPLAYRT_REQUIRES(mutex_);
  bool draw_verification() REPLAYRT_REQUIRES(mutex_);
  std::shared_ptr<KeyRecord> record_of(const EngineState& engine, const GraphKey& key)
      REPLAYRT_REQUIRES(mutex_);
  Admission admission_of(const EngineState& engine) const;
  Lease lease_of(EntryPtr entry, Route route) noexcept;
  Lease lease_eager(EngineState& engine, Reason reason, std::shared_ptr<KeyRecord> record);
  Lease capture_and_lease(const std::shared_ptr<EngineState>& engine, const Decision& decision,
                          const LiveInputs& inputs, std::optional<Answer>& answer);
  /// Whether the leased `entry` may be used: its earlier device work is complete, and it is
  /// verified. Verifying it answers the call.
  Reason make_ready(EngineState& engine, const EntryPtr& entry, const LiveInputs& inputs,
                    std::optional<Answer>& answer) noexcept;

  // graph_cache_capture.cpp
  /// `verify`: the graph is to be compared with the eager answer; without inputs its first replay
  /// does that.
  Outcome capture(const std::shared_ptr<EngineState>& engine,
                  const std::shared_ptr<KeyRecord>& record, const LiveInputs& inputs,
                  bool verify) noexcept;
  /// With inputs it also runs the graph on them.
  static std::unique_ptr<Executor> try_capture(EngineState& engine, const GraphKey& key,
                                               const LiveInputs& inputs, Outcome& outcome) noexcept;
  static void try_run(Executor& graph, const LiveInputs& inputs, Outcome& outcome) noexcept;
  /// Compares the answer in `outcome` with the eager one; a refusal there if the graph is not to be
  /// used.
  void check(EngineState& engine, const LiveInputs& inputs, Outcome& outcome) const noexcept;
  /// Ends the flight and files the outcome; the entry leased if `lease`. Whether it was kept.
  bool publish(Outcome& outcome, KeyRecord& record, Flight& flight, bool lease) noexcept;
  Refusal why_not_kept(const CacheEntry& entry) const REPLAYRT_REQUIRES(mutex_);
  bool file(const EntryPtr& entry) REPLAYRT_REQUIRES(mutex_);
  void make_room(const CacheSlot& keep, EntryChain& victims) REPLAYRT_REQUIRES(mutex_);
  /// What goes after the graphs of rank `last`, as the options say; see `next_victim`.
  SlotIndex::ConstHandle next_out(SlotIndex::ConstHandle keep,
                                  std::optional<VictimRank>& last) const REPLAYRT_REQUIRES(mutex_);
  void refuse(KeyRecord& record, const Outcome& outcome, TimePoint now) noexcept
      REPLAYRT_REQUIRES(mutex_);
  TimePoint retry_at(TimePoint now) const noexcept;
  std::string thrash_warning(TimePoint now) REPLAYRT_REQUIRES(mutex_);
  void report_outcome(const Outcome& outcome, const KeyRecord& record, bool kept) const noexcept;

  // graph_cache_background.cpp
  /// Leaves the capture to the background thread; if that cannot be, a later call tries again.
  void enqueue(const std::shared_ptr<EngineState>& engine, const std::shared_ptr<KeyRecord>& record,
               const LiveInputs& inputs) noexcept;
  Job copied_job(const std::shared_ptr<EngineState>& engine,
                 const std::shared_ptr<KeyRecord>& record, const LiveInputs& inputs) const;
  std::optional<Job> push_job(Job job) REPLAYRT_REQUIRES(mutex_);
  void work() noexcept;
  std::optional<Job> next_job() REPLAYRT_EXCLUDES(mutex_);
  void drop_jobs(EngineId engine, std::list<Job>& out) noexcept REPLAYRT_REQUIRES(mutex_);

  // graph_cache_prewarm.cpp
  /// Begins to prewarm `wish`: counts it in `report`, or gives a flight that the caller captures
  /// for.
  Prewarming begin_prewarm(const Wish& wish, PrewarmMode mode, const Expectation& expected,
                           PrewarmReport& report) REPLAYRT_EXCLUDES(mutex_);
  void prewarm_now(const Wish& wish, const Prewarming& begun, PrewarmReport& report) noexcept;
  /// Whether the key is held, being captured, or to be captured for a call.
  bool is_in_hand(const KeyRecord& record) const REPLAYRT_REQUIRES(mutex_);
  /// Whether so many keys, of which the next holds so many bytes, fit beside what is held.
  bool has_room_for(std::int64_t bytes, std::int64_t keys) const REPLAYRT_REQUIRES(mutex_);
  /// The next of `prewarms_`; without a flight if it is not to be captured any more.
  Job next_prewarm() noexcept REPLAYRT_REQUIRES(mutex_);
  /// Nothing more is prewarmed.
  void drop_prewarms(std::list<Job>& out) noexcept REPLAYRT_REQUIRES(mutex_);
  void start_worker() REPLAYRT_REQUIRES(mutex_);

  // graph_cache_state.cpp; what is taken out is destroyed by the caller after the lock.
  /// All graphs of a key; their number.
  std::uint64_t take_out(SlotIndex::Handle node, EntryChain& out) noexcept
      REPLAYRT_REQUIRES(mutex_);
  void take_out(CacheEntry& entry, EntryChain& out) noexcept REPLAYRT_REQUIRES(mutex_);
  void release(EntryPtr entry, EntryChain& out) noexcept REPLAYRT_REQUIRES(mutex_);
  void recount_as_eager(Route route, EngineRecord& engine, KeyRecord& key) noexcept
      REPLAYRT_REQUIRES(mutex_);
  void fill_totals(GraphCacheStats& stats) const REPLAYRT_REQUIRES(mutex_);
  void fill_report(GraphCacheReport& report, std::vector<std::chrono::nanoseconds>& capture_times,
                   bool settled) const REPLAYRT_EXCLUDES(mutex_);
  GraphCacheReport report(bool settled) const;
  /// One call by a graph more (+1) or less (-1) whose lease is not over.
  void book_open(Route route, KeyRecord& record, int change) noexcept REPLAYRT_REQUIRES(mutex_);
  void reap() noexcept;

  /// Capture times that the median is taken over.
  static constexpr std::size_t kKeptCaptureTimes = 4096;

  const GraphCacheOptions options_;
  const Clock clock_;

  mutable Mutex mutex_;
  CondVar changed_;  ///< A flight has ended, a job was queued, or the cache is closed.
  SlotIndex index_ REPLAYRT_GUARDED_BY(mutex_);
  LruIndex<GraphKey, std::shared_ptr<KeyRecord>> keys_ REPLAYRT_GUARDED_BY(mutex_);
  std::unordered_map<EngineId, std::shared_ptr<EngineRecord>> engines_ REPLAYRT_GUARDED_BY(mutex_);
  std::unordered_map<GraphKey, std::shared_ptr<Flight>> flights_ REPLAYRT_GUARDED_BY(mutex_);
  EntryChain draining_
      REPLAYRT_GUARDED_BY(mutex_);  ///< Taken out; device work not known to be complete.
  bool closed_ REPLAYRT_GUARDED_BY(mutex_) = false;

  CacheUsage usage_ REPLAYRT_GUARDED_BY(mutex_);
  GraphCacheStats stats_ REPLAYRT_GUARDED_BY(mutex_);  ///< Without what fill_totals() adds.
  std::vector<std::chrono::nanoseconds> capture_times_ REPLAYRT_GUARDED_BY(mutex_);  ///< A ring.
  std::vector<TimePoint> capture_begins_
      REPLAYRT_GUARDED_BY(mutex_);  ///< A ring, for the rate limit.
  std::uint64_t captures_begun_ REPLAYRT_GUARDED_BY(mutex_) = 0;
  std::uint64_t verification_draws_ REPLAYRT_GUARDED_BY(mutex_) = 0;
  std::uint64_t window_captures_ REPLAYRT_GUARDED_BY(mutex_) = 0;
  std::uint64_t window_futile_ REPLAYRT_GUARDED_BY(mutex_) = 0;
  std::optional<TimePoint> warned_at_ REPLAYRT_GUARDED_BY(mutex_);

  std::list<Job> queue_ REPLAYRT_GUARDED_BY(mutex_);
  std::list<Job> prewarms_ REPLAYRT_GUARDED_BY(mutex_);  ///< In the order given; all that fit.
  OpenCalls open_ REPLAYRT_GUARDED_BY(mutex_);
  std::thread worker_ REPLAYRT_GUARDED_BY(mutex_);    ///< Started by the first job.
  bool working_ REPLAYRT_GUARDED_BY(mutex_) = false;  ///< On a job, or still letting go of it.
  std::int64_t active_ REPLAYRT_GUARDED_BY(mutex_) =
      0;  ///< Calls between acquire and the end of their lease.
  std::uint64_t calls_at_capture_ REPLAYRT_GUARDED_BY(mutex_) = 0;
  TimePoint rest_until_ REPLAYRT_GUARDED_BY(mutex_) = TimePoint::min();
};

}  // namespace replayrt::detail
