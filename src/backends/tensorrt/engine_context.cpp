#include "backends/tensorrt/engine_context.hpp"

#include "backends/tensorrt/on_device.hpp"

namespace replayrt::tensorrt {

EngineContext::~EngineContext() {
  end_on_device(device, [this] {
    engine.reset();
    runtime.reset();
  });
}

std::vector<cuda::Stream> make_streams(std::size_t count) {
  std::vector<cuda::Stream> streams;
  streams.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    streams.push_back(cuda::make_stream());
  }
  return streams;
}

}  // namespace replayrt::tensorrt
