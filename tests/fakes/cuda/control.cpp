#include "fakes/cuda/control.hpp"

#include <algorithm>
#include <utility>

#include "fakes/cuda/machine.hpp"

namespace replayrt::fakes::cuda {
namespace {

Machine& machine() {
  return Machine::instance();
}

std::size_t count_works(const std::deque<OpRef>& ops, std::uint64_t stream) {
  return static_cast<std::size_t>(std::ranges::count_if(ops, [&](const OpRef& op) {
    return !op->works.empty() && (stream == 0 || op->stream == stream);
  }));
}

}  // namespace

void reset(const MachineOptions& options) {
  machine().reset(options);
}

void set_progress(Progress progress) {
  const Lock lock(machine().mutex);
  machine().options.progress = progress;
}

bool run_next(cudaStream_t handle) {
  Lock lock(machine().mutex);
  const Stream* stream = machine().find(lock, handle);
  if (stream == nullptr) {
    return false;
  }
  const std::deque<OpRef>& ops = machine().pending(lock);
  const auto next = std::ranges::find_if(
      ops, [&](const OpRef& op) { return op->stream == stream->number && !op->works.empty(); });
  if (next == ops.end()) {
    return false;
  }
  machine().complete(lock, {*next}, true);
  return true;
}

void run_all() {
  Lock lock(machine().mutex);
  const std::deque<OpRef>& ops = machine().pending(lock);
  machine().complete(lock, {ops.begin(), ops.end()}, true);
}

std::size_t pending_work() {
  const Lock lock(machine().mutex);
  return count_works(machine().pending(lock), 0);
}

std::size_t pending_work(cudaStream_t handle) {
  const Lock lock(machine().mutex);
  const Stream* stream = machine().find(lock, handle);
  return stream == nullptr ? 0 : count_works(machine().pending(lock), stream->number);
}

void hold() {
  const Lock lock(machine().mutex);
  machine().held = true;
}

void release() {
  const Lock lock(machine().mutex);
  machine().held = false;
  machine().changed.notify_all();
}

void await_waiting(std::size_t threads) {
  Lock lock(machine().mutex);
  machine().changed.wait(lock, [&] { return machine().waiting >= threads; });
}

void fail_call(std::int64_t n, std::optional<cudaError_t> error) {
  fail_call({}, n, error);
}

void fail_call(std::string_view function, std::int64_t n, std::optional<cudaError_t> error) {
  const Lock lock(machine().mutex);
  machine().failure = {std::string(function), n, error, {}};
}

std::string failed_call() {
  const Lock lock(machine().mutex);
  return machine().failure.failed;
}

void set_call_hook(std::function<void(std::string_view)> hook) {
  const Lock lock(machine().mutex);
  machine().hook = std::move(hook);
}

std::int64_t call_count(std::string_view function) {
  const Lock lock(machine().mutex);
  const auto at = machine().calls.find(function);
  return at == machine().calls.end() ? 0 : at->second;
}

std::vector<std::string> violations() {
  const Lock lock(machine().mutex);
  return machine().violations;
}

std::vector<std::string> take_violations() {
  const Lock lock(machine().mutex);
  return std::exchange(machine().violations, {});
}

Live live() {
  const Lock lock(machine().mutex);
  Live live;
  live.streams = machine().streams.size();
  live.events = machine().events.size();
  live.graphs = machine().graphs.size();
  live.graph_execs = machine().graph_execs.size();
  live.captures = machine().captures.size();
  for (const auto& [address, block] : machine().blocks) {
    ++(block.pinned ? live.pinned_blocks : live.device_blocks);
  }
  return live;
}

std::string to_string(const Live& live) {
  std::string text;
  const auto add = [&](std::size_t count, const char* what) {
    if (count != 0) {
      text +=
          (text.empty() ? "" : ", ") + std::to_string(count) + " " + what + (count == 1 ? "" : "s");
    }
  };
  add(live.streams, "stream");
  add(live.events, "event");
  add(live.graphs, "graph");
  add(live.graph_execs, "executable graph");
  add(live.device_blocks, "device block");
  add(live.pinned_blocks, "pinned block");
  add(live.captures, "capture");
  return text;
}

MemoryUse memory_use(int device) {
  const Lock lock(machine().mutex);
  return machine().devices[static_cast<std::size_t>(device)].use;
}

void set_memory_budget(int device, std::size_t bytes) {
  const Lock lock(machine().mutex);
  machine().devices[static_cast<std::size_t>(device)].budget = bytes;
}

}  // namespace replayrt::fakes::cuda
