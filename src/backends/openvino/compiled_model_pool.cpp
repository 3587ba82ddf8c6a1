#include "backends/openvino/compiled_model_pool.hpp"

#include <algorithm>
#include <exception>
#include <string>

#include "backends/openvino/errors.hpp"
#include "replayrt/core/log.hpp"

namespace replayrt::openvino {

CompiledModelPool::CompiledModelPool(std::size_t most, std::function<ov::CompiledModel()> compile)
    : most_(most), compile_(std::move(compile)) {
  entries_.push_back(std::make_shared<Entry>());
  entries_.back()->model = compile_();
}

CompiledModelPool::Use CompiledModelPool::attach() {
  std::string failure;
  {
    // Held while compiling: whoever else comes meanwhile wants the same.
    const std::lock_guard lock(mutex_);
    const auto least = std::ranges::min_element(
        entries_, {}, [](const auto& entry) { return entry->users.load(); });
    if ((*least)->users == 0 || entries_.size() >= most_) {
      return Use(*least);
    }
    try {
      auto entry = std::make_shared<Entry>();
      entry->model = compile_();
      entries_.push_back(entry);
      return Use(std::move(entry));
    } catch (const std::exception& error) {
      failure = useful_text(error.what());
    }
  }
  log(LogLevel::kWarning,
      "no further compilation for a concurrent run, it will wait instead: " + failure);
  const std::lock_guard lock(mutex_);
  return Use(*std::ranges::min_element(entries_, {},
                                       [](const auto& entry) { return entry->users.load(); }));
}

std::size_t CompiledModelPool::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace replayrt::openvino
