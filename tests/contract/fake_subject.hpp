#pragma once

#include <random>

#include "contract/engine_contract.hpp"
#include "fakes/fake_engine.hpp"

namespace replayrt::contract {

/// The fake engine of two inputs as a subject; also checks that no executor was ever misused.
class FakeSubject : public ContractSubject {
 public:
  explicit FakeSubject(std::shared_ptr<fakes::FakeDevice> device) : device_(std::move(device)) {}
  ~FakeSubject() override {
    EXPECT_EQ(counters_->violations, 0);
    EXPECT_EQ(counters_->live_graphs, 0);
    EXPECT_EQ(counters_->live_engines, 0);
  }

  Engine make_engine(int variant) override {
    const std::vector<DimensionRange> dims{{1, 64, {}}, {1, 64, {}}};
    return fakes::make_fake_engine({.salt = static_cast<float>(variant),
                                    .inputs = {{"a", DType::kF32, dims}, {"b", DType::kF32, dims}},
                                    .max_eager = 2,
                                    .device = device_,
                                    .counters = counters_});
  }

  std::vector<Tensor> make_inputs(std::int64_t rows, unsigned seed) override {
    std::mt19937 random(seed);
    std::uniform_real_distribution<float> values(-1, 1);
    std::vector<Tensor> inputs{Tensor::allocate(DType::kF32, {rows, 7}),
                               Tensor::allocate(DType::kF32, {rows, 7})};
    for (const Tensor& input : inputs) {
      for (float& value : input.as<float>()) {
        value = values(random);
      }
    }
    return inputs;
  }

  double tolerance() const override { return 0; }

  /// Zeros add nothing to sums of rows.
  std::vector<DimensionBuckets> paddable() const override {
    const Buckets buckets = Buckets::powers_of_two();
    return {{.input = 0, .axis = 1, .buckets = buckets, .outputs = {{0, 1, 1}}},
            {.input = 1, .axis = 1, .buckets = buckets}};
  }

 private:
  std::shared_ptr<fakes::FakeDevice> device_;
  std::shared_ptr<fakes::FakeCounters> counters_ = std::make_shared<fakes::FakeCounters>();
};

}  // namespace replayrt::contract
