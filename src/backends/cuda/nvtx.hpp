#pragma once

#if __has_include(<nvtx3/nvToolsExt.h>)
#include <nvtx3/nvToolsExt.h>
#define REPLAYRT_HAS_NVTX 1
#else
#define REPLAYRT_HAS_NVTX 0
#endif

namespace replayrt::cuda {

/// Shows a scope by name in NVIDIA's profilers: "replayrt capture", "replay", "eager", "copy".
/// Costs next to nothing unless one is attached; nothing where NVTX's header was absent.
class NvtxRange {
 public:
#if REPLAYRT_HAS_NVTX
  explicit NvtxRange(const char* name) noexcept {
    nvtxRangePushA(name);
  }
  ~NvtxRange() {
    nvtxRangePop();
  }
#else
  explicit NvtxRange(const char* /*name*/) noexcept {}
  ~NvtxRange() {}  // NOLINT(modernize-use-equals-default): a scope, not an unused variable.
#endif
  NvtxRange(const NvtxRange&) = delete;
  NvtxRange& operator=(const NvtxRange&) = delete;
};

}  // namespace replayrt::cuda
