// Device memory for each shape that is added, as cudaMemGetInfo tells it: by graphs of an Engine,
// whose runs share activation memory, and by the reference's scheme, where each graph's execution
// context has its own.

#include <fmt/format.h>

#include <optional>

#include "backends/cuda/check.hpp"
#include "bare_engine.hpp"
#include "commands.hpp"
#include "sides.hpp"

namespace replayrt::benchmarks {
namespace {

std::int64_t used_bytes() {
  std::size_t free = 0;
  std::size_t total = 0;
  cuda::check(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
  return static_cast<std::int64_t>(total - free);
}

/// Device memory that is in use after a shape's graph was made, for each of them.
struct Growth {
  std::int64_t before = 0;  ///< Nothing is loaded.
  std::int64_t loaded = 0;  ///< The engine is, and has run.
  std::vector<std::int64_t> after{};
};

Json row(const char* scheme, const Growth& growth, std::int64_t io_bytes) {
  const auto shapes = static_cast<double>(growth.after.size());
  const double per_shape = static_cast<double>(growth.after.back() - growth.loaded) / shapes;
  const double io = static_cast<double>(io_bytes) / shapes;
  std::vector<std::int64_t> each;
  std::int64_t last = growth.loaded;
  for (const std::int64_t now : growth.after) {
    each.push_back(now - last);
    last = now;
  }
  fmt::print("{:10} loaded {:.1f} MB, each shape {:.2f} MB, of it inputs and outputs {:.2f} MB\n",
             scheme, static_cast<double>(growth.loaded - growth.before) / 1e6, per_shape / 1e6,
             io / 1e6);
  return {{"scheme", scheme},
          {"loaded_bytes", growth.loaded - growth.before},
          {"per_shape_bytes", per_shape},
          {"io_bytes_per_shape", io},
          {"beyond_io_per_shape", per_shape - io},
          {"each_shape_bytes", each}};
}

/// Graphs by themselves, without the results of runs, which come and go.
Json measure_replayrt(const CommonOptions& options, const std::vector<Tensor>& inputs,
                      std::int64_t io_bytes) {
  Growth growth{.before = used_bytes()};
  const Engine engine = load_engine(options.plan, options.load);
  std::vector<InputSignature> signatures;
  for (const Tensor& input : inputs) {
    const Tensor on_device = to_device(engine, input);
    const TensorView view = on_device.view();
    infer(engine, {&view, 1});  // Loads the kernels, and fills the pools.
    signatures.push_back(signature_of({&view, 1}));
  }
  // The first capture makes what all share.
  engine.capture(signatures.front()).reset();
  growth.loaded = used_bytes();
  std::vector<std::unique_ptr<Executor>> graphs;
  for (const InputSignature& signature : signatures) {
    graphs.push_back(engine.capture(signature));
    growth.after.push_back(used_bytes());
  }
  return row("replayrt", growth, io_bytes);
}

struct ReferenceEntry {
  explicit ReferenceEntry(BareEngine& engine, const Shape& shape)
      : context(engine, shape, nullptr), graph(context.capture(stream.get())) {}

  cuda::Stream stream = cuda::make_stream();
  BareContext context;
  cuda::GraphExec graph;
};

Json measure_reference(const CommonOptions& options, const std::vector<Tensor>& inputs,
                       std::int64_t& io_bytes) {
  Growth growth{.before = used_bytes()};
  BareEngine engine(options.plan);
  // As above; its profile is not used again.
  std::optional<ReferenceEntry> first(std::in_place, engine, inputs.front().shape());
  first.reset();
  growth.loaded = used_bytes();
  std::vector<std::unique_ptr<ReferenceEntry>> entries;
  for (const Tensor& input : inputs) {
    const ReferenceEntry& entry =
        *entries.emplace_back(std::make_unique<ReferenceEntry>(engine, input.shape()));
    io_bytes += static_cast<std::int64_t>(entry.context.io_bytes());
    growth.after.push_back(used_bytes());
  }
  return row("reference", growth, io_bytes);
}

}  // namespace

Json measure_memory(const MemoryOptions& options) {
  const std::vector<Tensor> inputs = options.common.inputs();
  Json report = describe(options.common);
  std::int64_t io_bytes = 0;
  const Json reference = measure_reference(options.common, inputs, io_bytes);
  const Json replayrt = measure_replayrt(options.common, inputs, io_bytes);
  report["ratio_beyond_io"] = replayrt["beyond_io_per_shape"].get<double>() /
                              reference["beyond_io_per_shape"].get<double>();
  report["rows"] = {replayrt, reference};
  return report;
}

}  // namespace replayrt::benchmarks
