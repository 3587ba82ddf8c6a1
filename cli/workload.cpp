#include "workload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "elements.hpp"
#include "error.hpp"
#include "machine.hpp"
#include "replayrt/core/error.hpp"
#include "text.hpp"

namespace replayrt::cli {
namespace {

using Shapes = std::vector<Shape>;  // In the engine's order.

std::string inputs_text(const Engine& engine) {
  std::vector<std::string> texts;
  for (const TensorSpec& input : engine.inputs()) {
    texts.push_back(fmt::format("{}:{}", input.name, input.shape_text()));
  }
  return join(texts, ";");
}

/// The spec's shapes in the engine's order; every input must have one.
Shapes in_engine_order(const Engine& engine, const ShapeSpec& spec) {
  const std::vector<TensorSpec>& inputs = engine.inputs();
  if (spec.size() == 1 && spec[0].name.empty()) {
    if (inputs.size() != 1) {
      throw Error(
          ErrorCode::kModelInput,
          fmt::format("the model has {} inputs, so every shape needs the name of its input; "
                      "expected {}",
                      inputs.size(), inputs_text(engine)));
    }
    return {spec[0].shape};
  }
  Shapes shapes(inputs.size());
  std::vector<bool> given(inputs.size());
  for (const NamedShape& input : spec) {
    const std::size_t index = engine.input_index(input.name);
    shapes[index] = input.shape;
    given[index] = true;
  }
  const auto missing = std::ranges::find(given, false);
  if (missing != given.end()) {
    const TensorSpec& input = inputs[static_cast<std::size_t>(missing - given.begin())];
    throw Error(ErrorCode::kModelInput, fmt::format("no shape for input {}; expected {}",
                                                    in_quotes(input.name), inputs_text(engine)));
  }
  return shapes;
}

/// Throws as Engine::validate does, without any memory for the inputs.
void require_fit(const Engine& engine, const Shapes& shapes) {
  const std::byte somewhere{};
  std::vector<TensorView> views;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    views.push_back({&somewhere, engine.inputs()[i].dtype, shapes[i], Device{}});
  }
  engine.validate(views);
}

std::size_t bytes_of(const Engine& engine, const Shapes& shapes) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    bytes += packed_bytes(engine.inputs()[i].dtype, shapes[i].num_elements());
  }
  return bytes;
}

}  // namespace

std::vector<RequestedCall> requested_calls(const std::string& shapes, const std::string& trace) {
  if (shapes.empty() == trace.empty()) {
    throw UsageError("expected either --shapes or --trace");
  }
  std::vector<RequestedCall> calls;
  if (trace.empty()) {
    for (ShapeSpec& spec : parse_shape_list(shapes)) {
      calls.push_back({"--shapes", std::move(spec)});
    }
    return calls;
  }
  for (TraceLine& line : read_trace(trace)) {
    calls.push_back({fmt::format("{}:{}", trace, line.number), std::move(line.spec)});
  }
  return calls;
}

Case make_case(const Engine& engine, std::string name, const std::vector<Shape>& shapes,
               std::uint64_t seed) {
  std::vector<Tensor> inputs;
  std::vector<TensorView> views;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    inputs.push_back(random_tensor(engine.inputs()[i].dtype, shapes[i], seed + i));
    views.push_back(inputs.back().view());
  }
  GraphKey key = engine.key_for(views);
  return {std::move(name), std::move(inputs), std::move(views), std::move(key)};
}

CheckedCalls check_calls(const Engine& engine, const std::vector<RequestedCall>& calls,
                         InputsHeld held) {
  CheckedCalls checked;
  std::unordered_map<std::string, std::size_t> index_of;
  std::size_t bytes = 0;
  for (const RequestedCall& call : calls) {
    const std::string name = to_string(call.spec);
    const auto [known, is_new] = index_of.try_emplace(name, checked.names.size());
    checked.calls.push_back(known->second);
    if (!is_new) {
      continue;
    }
    try {
      const Shapes shapes = in_engine_order(engine, call.spec);
      require_fit(engine, shapes);
      checked.names.push_back(name);
      checked.shapes.push_back(shapes);
      // Overcommitted memory would be granted now and kill the process later.
      bytes = held == InputsHeld::kAll ? bytes : 0;
      if (__builtin_add_overflow(bytes, bytes_of(engine, shapes), &bytes) ||
          bytes > static_cast<std::size_t>(physical_memory())) {
        throw Error(ErrorCode::kOutOfMemory,
                    fmt::format("the inputs up to here take more than this machine's {} of memory",
                                byte_size_text(physical_memory())));
      }
    } catch (const Error& error) {
      const ErrorCode code =
          error.code() == ErrorCode::kOutOfMemory ? error.code() : ErrorCode::kModelInput;
      throw Error(code,
                  fmt::format("{}: shape {}: {}", call.origin, in_quotes(name), error.what()));
    }
  }
  return checked;
}

void repeat_calls(std::vector<std::size_t>& calls, std::int64_t times) {
  const std::size_t once = calls.size();
  calls.resize(once * static_cast<std::size_t>(times));
  for (std::size_t i = once; i < calls.size(); ++i) {
    calls[i] = calls[i - once];
  }
}

Workload make_workload(const Engine& engine, const std::vector<RequestedCall>& calls,
                       std::uint64_t seed) {
  CheckedCalls checked = check_calls(engine, calls, InputsHeld::kAll);
  Workload workload;
  workload.calls = std::move(checked.calls);
  for (std::size_t i = 0; i < checked.names.size(); ++i) {
    // Far apart, so that no two inputs of two cases share a seed.
    constexpr std::uint64_t kSeedsPerCase = 1U << 16U;
    workload.cases.push_back(make_case(engine, std::move(checked.names[i]), checked.shapes[i],
                                       seed * 0x9E3779B97F4A7C15ULL + i * kSeedsPerCase));
  }
  return workload;
}

}  // namespace replayrt::cli
