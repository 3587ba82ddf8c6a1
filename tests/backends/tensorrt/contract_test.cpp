#include <random>

#include "backends/tensorrt/support.hpp"
#include "contract/engine_contract.hpp"

namespace replayrt::contract {
namespace {

class TensorRtSubject final : public ContractSubject {
 public:
  TensorRtSubject() {
    fakes::cuda::reset({.progress = fakes::cuda::Progress::kOnQuery});
    fakes::tensorrt::reset();
    tensorrt_test::use_library();
  }
  ~TensorRtSubject() override {
    EXPECT_EQ(fakes::cuda::violations(), std::vector<std::string>());
    EXPECT_EQ(fakes::cuda::to_string(fakes::cuda::live()), "");
    tensorrt_test::expect_clean();
  }

  Engine make_engine(int variant) override {
    auto plan = tensorrt_test::sum_plan(tensorrt_test::equal_profiles(),
                                        fakes::tensorrt::Range::fixed(7), 2);
    plan.salt = static_cast<float>(variant);
    plan.auxiliary_streams = 1;
    return tensorrt_test::load(plan);
  }

  std::vector<Tensor> make_inputs(std::int64_t rows, unsigned seed) override {
    std::mt19937 random(seed);
    return {tensorrt_test::counted({rows, 7}, static_cast<float>(random() % 1000)),
            tensorrt_test::counted({rows, 7}, static_cast<float>(random() % 1000))};
  }

  double tolerance() const override { return 0; }
};

REPLAYRT_INSTANTIATE_ENGINE_CONTRACT(TensorRt, TensorRtSubject);

}  // namespace
}  // namespace replayrt::contract
