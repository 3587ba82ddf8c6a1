#pragma once

#include <memory>
#include <openvino/core/model.hpp>
#include <string>
#include <vector>

#include "backends/content/content_hash.hpp"
#include "backends/openvino/core_gate.hpp"
#include "core/host_block_pool.hpp"
#include "replayrt/core/engine.hpp"

namespace replayrt::openvino {

/// What an engine and its executors share; lives as long as any of them.
struct EngineContext {
  std::string file;  ///< For messages.
  std::shared_ptr<const ov::Model> model;
  std::vector<TensorSpec> inputs;
  std::vector<TensorSpec> outputs;
  std::size_t threads = 1;  ///< Of one run.
  ov::AnyMap properties;    ///< For every compilation of this engine.
  std::unique_ptr<const content::FileContent> content;
  HostBlockPool blocks;
  CoreGate& gate = process_core_gate();
};

}  // namespace replayrt::openvino
