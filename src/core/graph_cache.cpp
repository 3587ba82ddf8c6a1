#include "replayrt/core/graph_cache.hpp"

#include <utility>

#include "core/completion_guard.hpp"
#include "core/environment.hpp"
#include "core/graph_cache_state.hpp"
#include "core/prewarm.hpp"

namespace replayrt {

std::string_view to_string(Route route) noexcept {
  switch (route) {
    case Route::kEager:
      return "eager";
    case Route::kCaptured:
      return "captured";
    case Route::kReplayed:
      return "replayed";
  }
  return "unknown";
}

Lease::Lease() noexcept = default;
Lease::Lease(Lease&& other) noexcept = default;

Lease& Lease::operator=(Lease&& other) noexcept {
  if (this != &other) {
    end(Completion{}, true, std::nullopt);
    cache_ = std::move(other.cache_);
    entry_ = std::move(other.entry_);
    record_ = std::move(other.record_);
    engine_ = std::move(other.engine_);
    eager_ = std::move(other.eager_);
    executor_ = other.executor_;
    route_ = other.route_;
    reason_ = other.reason_;
  }
  return *this;
}

Lease::~Lease() {
  end(Completion{}, true, std::nullopt);
}

void Lease::finish(const Completion& completion,
                   std::optional<std::chrono::nanoseconds> run_time) noexcept {
  end(completion, true, run_time);
}

void Lease::discard() noexcept {
  end(Completion{}, false, std::nullopt);
}

void Lease::end(const Completion& completion, bool keep,
                std::optional<std::chrono::nanoseconds> run_time) noexcept {
  using End = detail::GraphCacheState::End;
  const std::shared_ptr<detail::GraphCacheState> cache = std::exchange(cache_, nullptr);
  if (entry_ != nullptr) {
    cache->end_lease(std::move(entry_), completion, keep ? End::kKeep : End::kDiscard, route_,
                     run_time);
  } else if (eager_ != nullptr) {
    const bool measured = keep && detail::is_over(completion);  // Otherwise only the start was.
    std::exchange(engine_, nullptr)->end_eager(std::move(eager_), completion, keep);
    if (cache != nullptr && record_ != nullptr) {
      cache->end_eager(*std::exchange(record_, nullptr), measured ? run_time : std::nullopt);
    }
  }
}

GraphCache::GraphCache(std::int64_t capacity)
    : GraphCache(GraphCacheOptions{.capacity = capacity}) {}

GraphCache::GraphCache(const GraphCacheOptions& options)
    : state_(std::make_shared<detail::GraphCacheState>(options)) {}

GraphCache::~GraphCache() {
  state_->close();
}

std::int64_t GraphCache::get_current_size() const {
  return state_->size();
}
std::vector<GraphKey> GraphCache::list_keys() const {
  return state_->list_keys();
}
bool GraphCache::contains(const GraphKey& key) const {
  return state_->contains(key);
}
void GraphCache::safe_remove(const GraphKey& key) {
  state_->safe_remove(key);
}
void GraphCache::purge(std::optional<std::int64_t> n_oldest) {
  state_->purge(n_oldest);
}
Lease GraphCache::acquire(const Engine& engine, const GraphKey& key) {
  std::optional<detail::Answer> no_answer;  // There are no inputs to answer to.
  return state_->acquire(engine.state(), key, {{}, {}}, no_answer);
}
void GraphCache::remove_engine(EngineId engine) {
  state_->remove_engine(engine);
}
std::optional<Refusal> GraphCache::refusal(const GraphKey& key) const {
  return state_->refusal(key);
}
GraphCacheReport GraphCache::report() const {
  return state_->report();
}
GraphCacheStats GraphCache::stats() const {
  return state_->stats();
}
PrewarmReport GraphCache::prewarm(const Engine& engine, std::span<const InputSignature> signatures,
                                  PrewarmMode mode) {
  std::vector<detail::GraphCacheState::Wish> wishes;
  wishes.reserve(signatures.size());
  for (const InputSignature& signature : signatures) {
    detail::require_prewarmable(engine.state()->backend(), signature);
    wishes.push_back({engine.state(), GraphKey(engine.id(), engine.device(), signature)});
  }
  return state_->prewarm(wishes, mode);
}
std::vector<SavedKey> GraphCache::export_keys() const {
  return state_->export_keys();
}
PrewarmReport GraphCache::import_keys(std::span<const SavedKey> keys,
                                      std::span<const Engine* const> engines, PrewarmMode mode) {
  return detail::import_keys(*state_, keys, engines, mode);
}
std::string GraphCache::metrics(std::string_view labels) const {
  return to_prometheus(state_->settled_report(), labels);
}
void GraphCache::wait_idle() {
  state_->wait_idle();
}

std::shared_ptr<GraphCache> establish_trt_cuda_graph_cache(
    std::int64_t default_cuda_graph_cache_size, std::shared_ptr<GraphCache> cuda_graph_cache,
    CacheBackend backend) {
  if (cuda_graph_cache != nullptr) {
    return cuda_graph_cache;
  }
  const char* const variable = backend == CacheBackend::kTensorRt
                                   ? "ENABLE_AUTO_CUDA_GRAPHS_FOR_TRT_BACKEND"
                                   : "ENABLE_AUTO_GRAPHS_FOR_OPENVINO_BACKEND";
  if (!detail::environment_bool(variable, false)) {
    return nullptr;
  }
  return std::make_shared<GraphCache>(default_cuda_graph_cache_size);
}

}  // namespace replayrt
