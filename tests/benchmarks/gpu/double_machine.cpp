// Makes the double of CUDA a machine for programs: enough memory, and work that is done when it is
// asked for. A program that has broken one of CUDA's rules says so and fails.

#include <cstdio>
#include <cstdlib>

#include "fakes/cuda/control.hpp"

namespace {

class DoubleMachine {
 public:
  DoubleMachine() {
    namespace cuda = replayrt::fakes::cuda;
    cuda::reset({.memory_bytes = std::size_t{8} << 30, .progress = cuda::Progress::kOnQuery});
  }
  DoubleMachine(const DoubleMachine&) = delete;
  DoubleMachine& operator=(const DoubleMachine&) = delete;
  ~DoubleMachine() {
    const auto violations = replayrt::fakes::cuda::violations();
    for (const std::string& violation : violations) {
      std::fprintf(stderr, "CUDA's double: %s\n", violation.c_str());
    }
    if (!violations.empty()) {
      std::_Exit(3);
    }
  }
};

// After all else has ended.
const DoubleMachine kMachine __attribute__((init_priority(101)));

}  // namespace
