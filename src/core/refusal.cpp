#include "core/refusal.hpp"

#include <exception>
#include <new>

#include "replayrt/core/engine.hpp"
#include "replayrt/core/error.hpp"

namespace replayrt::detail {

void set_refusal(Refusal& refusal, Reason reason, const char* message) noexcept {
  refusal.reason = reason;
  refusal.message.clear();
  try {
    refusal.message = message;
  } catch (...) {  // NOLINT(bugprone-empty-catch)
  }
}

void set_refusal_from_exception(Refusal& refusal) noexcept {
  try {
    throw;
  } catch (const CaptureRefused& refused) {
    set_refusal(refusal, refused.reason(), refused.what());
  } catch (const Error& error) {
    const bool memory = error.code() == ErrorCode::kOutOfMemory;
    set_refusal(refusal, memory ? Reason::kOutOfMemory : Reason::kCaptureFailed, error.what());
  } catch (const std::bad_alloc& error) {
    set_refusal(refusal, Reason::kOutOfMemory, error.what());
  } catch (const std::exception& error) {
    set_refusal(refusal, Reason::kCaptureFailed, error.what());
  } catch (...) {
    set_refusal(refusal, Reason::kCaptureFailed,
                "the backend threw something that is no std::exception");
  }
}

}  // namespace replayrt::detail
