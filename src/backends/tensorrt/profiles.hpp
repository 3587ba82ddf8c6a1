#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "replayrt/core/engine.hpp"

namespace replayrt::tensorrt {

/// For every input, in the engine's order: the extents that one optimization profile allows.
using Profile = std::vector<std::vector<DimensionRange>>;

/// The optimization profiles of an engine, and who uses which. TensorRT before 8.6 lets one
/// execution context use a profile at a time (later that depends on how the engine was built, and
/// since 10 there is no such bound). There every captured graph takes a profile away, for good; the
/// eager contexts keep enough of them to run every shape. Thread-safe.
class ProfileBook : public std::enable_shared_from_this<ProfileBook> {
 public:
  /// Use of a profile by one context; ends when destroyed, which must be after the context.
  class Hold {
   public:
    Hold() noexcept = default;
    Hold(Hold&& other) noexcept
        : book_(std::move(other.book_)), index_(std::exchange(other.index_, -1)) {}
    Hold& operator=(Hold&& other) noexcept {
      std::swap(book_, other.book_);
      std::swap(index_, other.index_);
      return *this;
    }
    ~Hold();

    [[nodiscard]] std::int32_t index() const noexcept { return index_; }  ///< -1: none.

   private:
    friend class ProfileBook;
    Hold(std::shared_ptr<ProfileBook> book, std::int32_t index) noexcept
        : book_(std::move(book)), index_(index) {}

    std::shared_ptr<ProfileBook> book_;  ///< Null where profiles are shared.
    std::int32_t index_ = -1;
  };

  /// `inputs` names the inputs that the profiles speak of.
  ProfileBook(std::vector<TensorSpec> inputs, std::vector<Profile> profiles, bool shared);

  [[nodiscard]] bool shared() const noexcept { return shared_; }
  [[nodiscard]] std::size_t size() const noexcept { return profiles_.size(); }

  /// A profile for a captured graph of `signature`: of those that allow it the one that was tuned
  /// for the closest shape. Throws Error(kModelInput) that lists all ranges if none allows it, and
  /// CaptureRefused(kNoFreeProfile) if none can be spared.
  Hold hold_for_graph(const InputSignature& signature);

  /// The profile that an eager context which holds `current` should change to; null: none, it
  /// stays. Throws Error(kModelInput), and Error(kModelRuntime) if other contexts use all that
  /// would do.
  std::optional<Hold> move_eager(const InputSignature& signature, const Hold& current);

 private:
  enum class User : std::uint8_t { kNobody, kEager, kGraph };

  /// How far `signature` is from what the profile was tuned for; null if it does not allow it.
  [[nodiscard]] std::optional<double> distance(std::size_t profile,
                                               const InputSignature& signature) const;
  [[nodiscard]] bool covers(std::size_t wide, std::size_t narrow) const;
  [[nodiscard]] bool can_be_spared(std::size_t profile) const;
  template <class Usable>
  [[nodiscard]] std::int32_t closest(const InputSignature& signature, Usable usable) const;
  void require_allowed(const InputSignature& signature) const;
  Hold hold(std::int32_t profile, User user);

  const std::vector<TensorSpec> inputs_;
  const std::vector<Profile> profiles_;
  const bool shared_;
  mutable std::mutex mutex_;
  std::vector<User> users_;
};

}  // namespace replayrt::tensorrt
