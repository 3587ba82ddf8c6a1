// The double's machine for the tests of CUDA's rules, which know nothing of the double: two
// devices, so that no rule is skipped.

#include "fakes/cuda/control.hpp"

namespace replayrt::fakes::cuda {
namespace {

[[maybe_unused]] const bool kMachineIsReady = [] {
  reset({.devices = 2});
  return true;
}();

}  // namespace
}  // namespace replayrt::fakes::cuda
