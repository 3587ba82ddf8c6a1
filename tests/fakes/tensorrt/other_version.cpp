// A library of TensorRT's name and another version, of which only the version is asked.

#include <cstdint>

extern "C" __attribute__((visibility("default"))) std::int32_t getInferLibVersion() noexcept {
  return REPLAYRT_OTHER_VERSION;
}

extern "C" __attribute__((visibility("default"))) void* createInferRuntime_INTERNAL(
    void* /*logger*/, std::int32_t /*version*/) noexcept {
  return nullptr;
}
