#include <random>

#include "backends/tensorrt/plans.hpp"
#include "contract/engine_contract.hpp"

namespace replayrt::contract {
namespace trt = tensorrt_test;

/// On the doubles, and on a GPU (target tensorrt_real). All numbers are small and whole, so that
/// every order of additions gives the same sum: the tolerance is 0 on both.
class TensorRtSubject final : public ContractSubject {
 public:
  Engine make_engine(int variant) override {
    auto plan = trt::sum_plan(trt::equal_profiles(), trt::Range::fixed(7), 2);
    plan.salt = static_cast<float>(variant);
    plan.auxiliary_streams = 1;
    return trt::load(plan);
  }

  std::vector<Tensor> make_inputs(std::int64_t rows, unsigned seed) override {
    std::mt19937 random(seed);
    const auto made = [&] { return trt::counted({rows, 7}, static_cast<float>(random() % 1000)); };
    return {made(), made()};
  }

  double tolerance() const override { return 0; }

 private:
  const trt::Machine machine_{trt::Machine::Work::kWhenAskedFor};
};

REPLAYRT_INSTANTIATE_ENGINE_CONTRACT(TensorRt, TensorRtSubject);

}  // namespace replayrt::contract
