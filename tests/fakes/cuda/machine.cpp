#include "fakes/cuda/machine.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace replayrt::fakes::cuda {

void join(Clock& clock, const Clock& other) {
  for (const auto& [stream, position] : other) {
    std::uint64_t& mine = clock[stream];
    mine = std::max(mine, position);
  }
}

namespace {

bool overlap(const Range& a, const Range& b) {
  const auto* a_begin = static_cast<const std::byte*>(a.begin);
  const auto* b_begin = static_cast<const std::byte*>(b.begin);
  return a.bytes != 0 && b.bytes != 0 && std::less<>()(a_begin, b_begin + b.bytes) &&
         std::less<>()(b_begin, a_begin + a.bytes);
}

/// Whether `op` is among what `clock` says comes before.
bool covers(const Clock& clock, const Op& op) {
  const auto at = clock.find(op.stream);
  return at != clock.end() && at->second >= op.position;
}

}  // namespace

Machine& Machine::instance() {
  static Machine& machine = *[] {  // Never destroyed: handles may end after static objects.
    auto* made = new Machine;
    made->reset({});
    return made;
  }();
  return machine;
}

ThreadState& this_thread() {
  thread_local ThreadState state;
  return state;
}

void Machine::reset(const MachineOptions& wanted) {
  const std::lock_guard run(run_mutex_);
  const Lock lock(mutex);
  options = wanted;
  ++generation;
  streams.clear();
  thread_streams.clear();
  events.clear();
  graphs.clear();
  graph_execs.clear();
  captures.clear();
  pending_.clear();
  unobserved_.clear();
  blocks.clear();
  freed.clear();
  devices.clear();
  for (int device = 0; device < wanted.devices; ++device) {
    DeviceState& state = devices.emplace_back();
    state.budget = wanted.memory_bytes;
    state.legacy.device = device;
    state.legacy.legacy = true;
    number(state.legacy);
  }
  held = false;
  failure = {};
  failing = false;
  calls.clear();
  hook = nullptr;
  violations.clear();
}

void Machine::violate(const Lock& /*lock*/, std::string text) {
  violations.push_back(std::move(text));
}

cudaError_t Machine::broken(const Lock& /*lock*/, int device) const {
  return devices[static_cast<std::size_t>(device)].broken;
}

Stream* Machine::find(const Lock& lock, cudaStream_t handle) {
  const int device = this_thread().device;
  if (handle == nullptr || handle == cudaStreamLegacy) {
    return &devices[static_cast<std::size_t>(device)].legacy;
  }
  if (handle == cudaStreamPerThread) {
    std::unique_ptr<Stream>& stream = thread_streams[{std::this_thread::get_id(), device}];
    if (stream == nullptr) {
      stream = std::make_unique<Stream>();
      stream->device = device;
      stream->blocking = true;
      number(*stream);
    }
    return stream.get();
  }
  const auto at = streams.find(handle);
  if (at == streams.end()) {
    violate(lock, "a stream is used that was destroyed, or never made");
    return nullptr;
  }
  return at->second.get();
}

Event* Machine::find(const Lock& lock, cudaEvent_t handle) {
  const auto at = events.find(handle);
  if (at == events.end()) {
    violate(lock, "an event is used that was destroyed, or never made");
    return nullptr;
  }
  return &at->second;
}

OpRef Machine::mark(const Lock& lock, Stream& stream, const OpRef& also_after,
                    const Clock* also_clock) {
  auto op = std::make_shared<Op>();
  op->sequence = ++last_sequence_;
  op->stream = stream.number;
  op->position = ++stream.position;
  op->device = stream.device;
  const auto follow = [&](const OpRef& other, const Clock& clock) {
    if (other != nullptr && !other->done) {
      op->after.push_back(other);
    }
    join(stream.clock, clock);
  };
  follow(stream.tail, stream.clock);
  if (also_clock != nullptr) {
    follow(also_after, *also_clock);
  }
  // The legacy stream and the blocking streams of its device wait for each other.
  if (stream.legacy) {
    const auto follow_blocking = [&](const Stream& other) {
      if (other.blocking && other.device == stream.device) {
        follow(other.tail, other.clock);
      }
    };
    std::ranges::for_each(streams, [&](const auto& entry) { follow_blocking(*entry.second); });
    std::ranges::for_each(thread_streams,
                          [&](const auto& entry) { follow_blocking(*entry.second); });
  } else if (stream.blocking) {
    const Stream& legacy = devices[static_cast<std::size_t>(stream.device)].legacy;
    follow(legacy.tail, legacy.clock);
  }
  stream.clock[stream.number] = op->position;
  op->clock = stream.clock;
  stream.tail = op;
  pending_.push_back(op);
  static_cast<void>(lock);
  return op;
}

cudaError_t Machine::submit(const Lock& lock, Stream& stream, std::vector<Work> works, OpRef* op,
                            const OpRef& also_after, const Clock* also_clock) {
  if (stream.capture != nullptr) {
    Capture& capture = *stream.capture;
    if (capture.invalidated) {
      return cudaErrorStreamCaptureInvalidated;
    }
    for (Work& work : works) {
      Graph::Node node{std::move(work), {stream.capture_after.begin(), stream.capture_after.end()}};
      stream.capture_after = {capture.graph.nodes.size()};
      capture.graph.nodes.push_back(std::move(node));
    }
    return cudaSuccess;
  }
  if (stream.legacy) {
    if (const cudaError_t error = legacy_use(lock, stream.device, true); error != cudaSuccess) {
      return error;
    }
  }
  for (const Work& work : works) {
    if (std::string fault = fault_of(lock, work, stream.device); !fault.empty()) {
      violate(lock, std::move(fault));
    }
  }
  const OpRef made = mark(lock, stream, also_after, also_clock);
  made->works = std::move(works);
  find_races(lock, *made);
  unobserved_.push_back(made);
  if (op != nullptr) {
    *op = made;
  }
  return cudaSuccess;
}

void Machine::find_races(const Lock& lock, const Op& op) {
  for (const OpRef& other : unobserved_) {
    if (covers(op.clock, *other)) {
      continue;
    }
    for (const Work& theirs : other->works) {
      for (const Work& mine : op.works) {
        const bool race = std::ranges::any_of(mine.accesses, [&](const Access& access) {
          return std::ranges::any_of(theirs.accesses, [&](const Access& before) {
            return (access.write || before.write) && overlap(access.range, before.range);
          });
        });
        if (race) {
          violate(lock, "'" + mine.name + "' uses memory that '" + theirs.name +
                            "' may still use: nothing orders the one behind the other");
        }
      }
    }
  }
}

std::vector<OpRef> Machine::undone_ancestors(const Lock& /*lock*/,
                                             const std::vector<OpRef>& ops) const {
  std::map<std::uint64_t, OpRef> found;
  std::vector<OpRef> open(ops);
  while (!open.empty()) {
    const OpRef op = std::move(open.back());
    open.pop_back();
    if (op != nullptr && !op->done && found.emplace(op->sequence, op).second) {
      open.insert(open.end(), op->after.begin(), op->after.end());
    }
  }
  std::vector<OpRef> in_order;
  for (auto& [sequence, op] : found) {
    in_order.push_back(std::move(op));
  }
  return in_order;
}

bool Machine::is_done(const Lock& lock, const OpRef& op) {
  const std::vector<OpRef> left = undone_ancestors(lock, {op});
  if (!std::ranges::all_of(left, [](const OpRef& before) { return before->works.empty(); })) {
    return false;
  }
  for (const OpRef& marker : left) {
    finish(lock, marker);
  }
  return true;
}

void Machine::finish(const Lock& /*lock*/, const OpRef& op) {
  op->done = true;
  op->after.clear();
  std::erase(pending_, op);
}

void Machine::do_work(Lock& lock, const OpRef& op) {
  const std::uint64_t began_in = generation;
  ThreadState& thread = this_thread();
  for (const Work& work : op->works) {
    if (broken(lock, op->device) != cudaSuccess) {
      break;
    }
    if (std::string fault = fault_of(lock, work, op->device); !fault.empty()) {
      violate(lock, std::move(fault));
      continue;
    }
    bool failed = false;
    lock.unlock();
    thread.in_work = true;
    try {
      work.run();
    } catch (const std::exception&) {
      failed = true;
    }
    thread.in_work = false;
    lock.lock();
    if (generation != began_in) {
      return;
    }
    if (failed) {
      devices[static_cast<std::size_t>(op->device)].broken = cudaErrorLaunchFailure;
    }
  }
  finish(lock, op);
}

void Machine::complete(Lock& lock, const std::vector<OpRef>& ops, bool forced) {
  while (true) {
    // What a hold keeps back is waited for without the right to do work, so that a test can.
    if (held && !forced &&
        !std::ranges::all_of(ops, [&](const OpRef& op) { return is_done(lock, op); })) {
      ++waiting;
      changed.notify_all();
      changed.wait(lock);
      --waiting;
      continue;
    }
    lock.unlock();
    const std::lock_guard run(run_mutex_);
    lock.lock();
    if (held && !forced) {
      const auto left = undone_ancestors(lock, ops);
      if (std::ranges::any_of(left, [](const OpRef& op) { return !op->works.empty(); })) {
        continue;
      }
    }
    for (const OpRef& op : undone_ancestors(lock, ops)) {
      do_work(lock, op);
    }
    changed.notify_all();
    return;
  }
}

void Machine::observe(const Lock& /*lock*/, const Clock& clock) {
  std::erase_if(unobserved_, [&](const OpRef& op) { return covers(clock, *op); });
}

void Machine::observe_device(const Lock& /*lock*/, int device) {
  std::erase_if(unobserved_, [&](const OpRef& op) { return op->device == device && op->done; });
}

void Machine::progress(Lock& lock, const OpRef& op) {
  if (op == nullptr || is_done(lock, op) || options.progress != Progress::kImmediate || held) {
    return;
  }
  complete(lock, {op});
}

std::vector<OpRef> Machine::pending_of(const Lock& /*lock*/, int device) const {
  std::vector<OpRef> ops;
  std::ranges::copy_if(pending_, std::back_inserter(ops),
                       [&](const OpRef& op) { return op->device == device; });
  return ops;
}

bool Machine::is_observed(const Lock& /*lock*/, const OpRef& op) const {
  return std::ranges::find(unobserved_, op) == unobserved_.end();
}

bool Machine::in_use(const Lock& /*lock*/, Range range) const {
  return std::ranges::any_of(unobserved_, [&](const OpRef& op) {
    return std::ranges::any_of(op->works, [&](const Work& work) {
      return std::ranges::any_of(
          work.accesses, [&](const Access& access) { return overlap(access.range, range); });
    });
  });
}

}  // namespace replayrt::fakes::cuda
