#include "contract/fake_subject.hpp"

namespace replayrt::contract {

class ImmediateSubject final : public FakeSubject {
 public:
  ImmediateSubject() : FakeSubject(nullptr) {}
};

REPLAYRT_INSTANTIATE_ENGINE_CONTRACT(Fake, ImmediateSubject);

}  // namespace replayrt::contract
