// The double's builder: it writes plans of the double's own, and keeps what it was told to do.

#include <NvInfer.h>

#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "fakes/tensorrt/model.hpp"
#include "fakes/tensorrt/network.hpp"
#include "fakes/tensorrt/state.hpp"

namespace replayrt::fakes::tensorrt {
namespace {

using nvinfer1::BuilderFlag;
using nvinfer1::Dims;
using nvinfer1::OptProfileSelector;

/// Counted, so that tests see what is left behind.
class Counted {
 public:
  Counted() { ++State::instance().builders; }
  ~Counted() { --State::instance().builders; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
};

class HostMemory final : public nvinfer1::IHostMemory {
 public:
  explicit HostMemory(std::vector<std::byte> bytes) : bytes_(std::move(bytes)) {}
  void* data() const noexcept override { return const_cast<std::byte*>(bytes_.data()); }
  std::size_t size() const noexcept override { return bytes_.size(); }

 private:
  const Counted counted_;
  std::vector<std::byte> bytes_;
};

/// Serialized: "timings of 10.3.0;" and one name for each build that used it.
class TimingCache final : public nvinfer1::ITimingCache {
 public:
  TimingCache(nvinfer1::ILogger& logger, std::string content)
      : text(std::move(content)), logger_(logger) {}

  static std::string head() { return "timings of " + version() + ";"; }

  nvinfer1::IHostMemory* serialize() const noexcept override {
    if (!may_proceed(logger_, "serialize")) {
      return nullptr;
    }
    const auto bytes = std::as_bytes(std::span(text));
    return new HostMemory({bytes.begin(), bytes.end()});
  }

  mutable std::string text;

 private:
  const Counted counted_;
  nvinfer1::ILogger& logger_;
};

class Profile final : public nvinfer1::IOptimizationProfile {
 public:
  explicit Profile(nvinfer1::ILogger& logger) : logger_(logger) {}

#if REPLAYRT_FAKE_TENSORRT >= 1000
  bool setDimensions(char const* input, OptProfileSelector select,
                     Dims const& dims) noexcept override {
#else
  bool setDimensions(char const* input, OptProfileSelector select, Dims dims) noexcept override {
#endif
    if (!may_proceed(logger_, "setDimensions")) {
      return false;
    }
    std::vector<Range>& ranges = of[input];
    ranges.resize(static_cast<std::size_t>(dims.nbDims));
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      std::int64_t& extent = select == OptProfileSelector::kMIN   ? ranges[i].min
                             : select == OptProfileSelector::kOPT ? ranges[i].opt
                                                                  : ranges[i].max;
      extent = dims.d[i];
    }
    return true;
  }

  std::map<std::string, std::vector<Range>, std::less<>> of;

 private:
  const Counted counted_;
  nvinfer1::ILogger& logger_;
};

class Config final : public nvinfer1::IBuilderConfig {
 public:
  explicit Config(nvinfer1::ILogger& logger) : logger_(logger) {
    asked.flags.insert("tf32");  // On unless told otherwise, as TensorRT has it.
#if REPLAYRT_FAKE_TENSORRT < 1000
    asked.library_kernels = true;
#endif
  }

  void setFlag(BuilderFlag flag) noexcept override {
    asked.flags.insert(name_of(flag));
  }
  void clearFlag(BuilderFlag flag) noexcept override {
    asked.flags.erase(name_of(flag));
  }
  void setMemoryPoolLimit(nvinfer1::MemoryPoolType, std::size_t bytes) noexcept override {
    asked.workspace_bytes = bytes;
  }
  bool setTacticSources(nvinfer1::TacticSources sources) noexcept override {
    if (!may_proceed(logger_, "setTacticSources")) {
      return false;
    }
    sources_ = sources;
    asked.library_kernels = (sources & kLibraries) != 0;
    return true;
  }
  nvinfer1::TacticSources getTacticSources() const noexcept override {
    return sources_;
  }
  std::int32_t addOptimizationProfile(
      nvinfer1::IOptimizationProfile const* profile) noexcept override {
    if (!may_proceed(logger_, "addOptimizationProfile")) {
      return -1;
    }
    profiles.push_back(static_cast<const Profile*>(profile));
    return static_cast<std::int32_t>(profiles.size()) - 1;
  }
  nvinfer1::ITimingCache* createTimingCache(void const* blob,
                                            std::size_t size) const noexcept override {
    if (!may_proceed(logger_, "createTimingCache")) {
      return nullptr;
    }
    std::string text(static_cast<const char*>(blob), size);
    if (size > 0 && !text.starts_with("timings of ")) {
      report(logger_, "createTimingCache", "the blob is no timing cache");
      return nullptr;
    }
    return new TimingCache(logger_, size == 0 ? TimingCache::head() : std::move(text));
  }
  bool setTimingCache(nvinfer1::ITimingCache const& cache, bool ignore) noexcept override {
    if (!may_proceed(logger_, "setTimingCache")) {
      return false;
    }
    const auto& ours = static_cast<const TimingCache&>(cache);
    if (!ignore && !ours.text.starts_with(TimingCache::head())) {
      report(logger_, "setTimingCache", "it was made by another version");
      return false;
    }
    timings = &ours;
    return true;
  }
#if REPLAYRT_FAKE_TENSORRT >= 806 && REPLAYRT_FAKE_TENSORRT < 1000
  void setPreviewFeature(nvinfer1::PreviewFeature, bool enable) noexcept override {
    asked.shares_profiles = enable;
  }
#endif
#if REPLAYRT_FAKE_TENSORRT >= 1000
  void setProgressMonitor(nvinfer1::IProgressMonitor* told) noexcept override {
    monitor = told;
  }
  nvinfer1::IProgressMonitor* monitor = nullptr;
#endif

  Build asked;
  std::vector<const Profile*> profiles;
  const TimingCache* timings = nullptr;

 private:
  static constexpr nvinfer1::TacticSources kLibraries = 7;

  static std::string name_of(BuilderFlag flag) {
    switch (flag) {
#if REPLAYRT_FAKE_TENSORRT < 1100
      case BuilderFlag::kFP16:
        return "f16";
      case BuilderFlag::kINT8:
        return "i8";
#endif
#if REPLAYRT_FAKE_TENSORRT >= 1000 && REPLAYRT_FAKE_TENSORRT < 1100
      case BuilderFlag::kBF16:
        return "bf16";
#endif
      default:
        return "tf32";
    }
  }

  const Counted counted_;
  nvinfer1::ILogger& logger_;
  nvinfer1::TacticSources sources_ = 31;  ///< All that TensorRT 8.5 knows.
};

/// The plan, or why there can be none.
std::variant<Plan, std::string> build(const Network& network, const Config& config) {
  if (!network.model.has_value() || network.weights.expired()) {
    return "the network is empty, or its weights are gone";
  }
  Plan plan = *network.model;
  plan.version = kVersion;
  plan.shares_profiles = config.asked.shares_profiles;
  if (config.profiles.empty()) {
    for (const Input& input : plan.inputs) {
      for (const Range& range : input.profiles.front()) {
        if (range.min != range.max) {
          return "input " + input.name + " is dynamic, but there is no optimization profile";
        }
      }
    }
    return plan;
  }
  for (Input& input : plan.inputs) {
    std::vector<std::vector<Range>> profiles;
    for (const Profile* profile : config.profiles) {
      const auto found = profile->of.find(input.name);
      if (found == profile->of.end() || found->second.size() != input.profiles.front().size()) {
        return "a profile lacks input " + input.name;
      }
      profiles.push_back(found->second);
    }
    input.profiles = std::move(profiles);
  }
  return plan;
}

class Builder final : public nvinfer1::IBuilder {
 public:
  explicit Builder(nvinfer1::ILogger& logger) : logger_(logger) {}

  nvinfer1::INetworkDefinition* createNetworkV2(std::uint32_t flags) noexcept override {
    if (!may_proceed(logger_, "createNetworkV2")) {
      return nullptr;
    }
    if (flags != (NV_TENSORRT_MAJOR < 10 ? 1U : 0U)) {
      State::instance().violate("a network of flags " + std::to_string(flags));
    }
    return new Network;
  }
  nvinfer1::IOptimizationProfile* createOptimizationProfile() noexcept override {
    if (!may_proceed(logger_, "createOptimizationProfile")) {
      return nullptr;
    }
    return profiles_.emplace_back(std::make_unique<Profile>(logger_)).get();
  }
  nvinfer1::IBuilderConfig* createBuilderConfig() noexcept override {
    return may_proceed(logger_, "createBuilderConfig") ? new Config(logger_) : nullptr;
  }
  nvinfer1::IHostMemory* buildSerializedNetwork(
      nvinfer1::INetworkDefinition& network, nvinfer1::IBuilderConfig& config) noexcept override {
    if (!may_proceed(logger_, "buildSerializedNetwork")) {
      return nullptr;
    }
    auto& ours = static_cast<Config&>(config);
    const auto plan = build(static_cast<const Network&>(network), ours);
    if (const auto* why = std::get_if<std::string>(&plan)) {
      report(logger_, "buildSerializedNetwork", *why);
      return nullptr;
    }
#if REPLAYRT_FAKE_TENSORRT >= 1000
    if (ours.monitor != nullptr) {
      constexpr int kSteps = 3;
      ours.monitor->phaseStart("Tactic Selection", nullptr, kSteps);
      bool go_on = true;
      for (int step = 0; step < kSteps && go_on; ++step) {
        go_on = ours.monitor->stepComplete("Tactic Selection", step);
      }
      ours.monitor->phaseFinish("Tactic Selection");
      if (!go_on) {
        return nullptr;
      }
    }
#endif
    if (ours.timings != nullptr) {
      ours.asked.timing_cache = ours.timings->text;
      ours.timings->text += std::get<Plan>(plan).inputs.front().name + ";";
    }
    State& state = State::instance();
    {
      const std::lock_guard lock(state.mutex);
      state.last_build = ours.asked;
    }
    return new HostMemory(serialize(std::get<Plan>(plan)));
  }

 private:
  const Counted counted_;
  nvinfer1::ILogger& logger_;
  std::vector<std::unique_ptr<Profile>> profiles_;
};

}  // namespace
}  // namespace replayrt::fakes::tensorrt

extern "C" __attribute__((visibility("default"))) void* createInferBuilder_INTERNAL(
    void* logger, std::int32_t /*version*/) noexcept {
  namespace trt = replayrt::fakes::tensorrt;
  auto& log = *static_cast<nvinfer1::ILogger*>(logger);
  if (!trt::may_proceed(log, "createInferBuilder_INTERNAL")) {
    return nullptr;
  }
  return static_cast<nvinfer1::IBuilder*>(new trt::Builder(log));
}
