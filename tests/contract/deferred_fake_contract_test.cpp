#include "contract/fake_subject.hpp"

namespace replayrt::contract {

class DeferredSubject final : public FakeSubject {
 public:
  DeferredSubject() : FakeSubject(std::make_shared<fakes::FakeDevice>()) {}
};

REPLAYRT_INSTANTIATE_ENGINE_CONTRACT(DeferredFake, DeferredSubject);

}  // namespace replayrt::contract
