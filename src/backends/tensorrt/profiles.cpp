#include "backends/tensorrt/profiles.hpp"

#include <algorithm>
#include <cmath>

namespace replayrt::tensorrt {

ProfileBook::Hold::~Hold() {
  if (book_ != nullptr) {
    const std::lock_guard lock(book_->mutex_);
    book_->users_[static_cast<std::size_t>(index_)] = User::kNobody;
  }
}

ProfileBook::ProfileBook(std::vector<TensorSpec> inputs, std::vector<Profile> profiles, bool shared)
    : inputs_(std::move(inputs)),
      profiles_(std::move(profiles)),
      shared_(shared),
      users_(profiles_.size(), User::kNobody) {}

std::optional<double> ProfileBook::distance(std::size_t profile,
                                            const InputSignature& signature) const {
  double sum = 0;
  for (std::size_t i = 0; i < signature.size(); ++i) {
    const std::vector<DimensionRange>& dims = profiles_[profile][i];
    const Shape& shape = signature[i].shape;
    if (shape.rank() != dims.size()) {
      return std::nullopt;
    }
    for (std::size_t axis = 0; axis < dims.size(); ++axis) {
      const DimensionRange& range = dims[axis];
      if (shape[axis] < range.min || shape[axis] > range.max) {
        return std::nullopt;
      }
      const auto tuned =
          static_cast<double>(std::max<std::int64_t>(range.opt.value_or(range.max), 1));
      sum +=
          std::fabs(std::log(static_cast<double>(std::max<std::int64_t>(shape[axis], 1)) / tuned));
    }
  }
  return sum;
}

template <class Usable>
std::int32_t ProfileBook::closest(const InputSignature& signature, Usable usable) const {
  std::int32_t found = -1;
  double least = 0;
  for (std::size_t i = 0; i < profiles_.size(); ++i) {
    const std::optional<double> here = distance(i, signature);
    if (here.has_value() && usable(i) && (found < 0 || *here < least)) {
      found = static_cast<std::int32_t>(i);
      least = *here;
    }
  }
  return found;
}

bool ProfileBook::covers(std::size_t wide, std::size_t narrow) const {
  return std::ranges::equal(
      profiles_[wide], profiles_[narrow], [](const auto& wide_dims, const auto& narrow_dims) {
        return std::ranges::equal(wide_dims, narrow_dims,
                                  [](const DimensionRange& w, const DimensionRange& n) {
                                    return w.min <= n.min && w.max >= n.max;
                                  });
      });
}

bool ProfileBook::can_be_spared(std::size_t profile) const {
  for (std::size_t other = 0; other < profiles_.size(); ++other) {
    if (other != profile && users_[other] != User::kGraph && covers(other, profile)) {
      return true;
    }
  }
  return false;
}

void ProfileBook::require_allowed(const InputSignature& signature) const {
  if (closest(signature, [](std::size_t) { return true; }) >= 0) {
    return;
  }
  std::string ranges;
  for (std::size_t i = 0; i < profiles_.size(); ++i) {
    ranges.append(i == 0 ? "profile " : "; profile ").append(std::to_string(i)).append(":");
    for (std::size_t k = 0; k < inputs_.size(); ++k) {
      const TensorSpec as_in_profile{inputs_[k].name, inputs_[k].dtype, profiles_[i][k]};
      ranges.append(k == 0 ? " " : ", ").append(inputs_[k].name);
      ranges.append(" ").append(as_in_profile.shape_text());
    }
  }
  throw Error(ErrorCode::kModelInput, "the shapes " + to_string(signature) +
                                          " lie in no optimization profile of the engine: "
                                          "expected those of one of " +
                                          ranges);
}

ProfileBook::Hold ProfileBook::hold(std::int32_t profile, User user) {
  if (shared_) {
    return {nullptr, profile};
  }
  users_[static_cast<std::size_t>(profile)] = user;
  return {shared_from_this(), profile};
}

ProfileBook::Hold ProfileBook::hold_for_graph(const InputSignature& signature) {
  require_allowed(signature);
  const std::lock_guard lock(mutex_);
  const std::int32_t profile = closest(signature, [&](std::size_t i) {
    return shared_ || (users_[i] == User::kNobody && can_be_spared(i));
  });
  if (profile < 0) {
    throw CaptureRefused(
        Reason::kNoFreeProfile,
        "no optimization profile can be spared for a graph of " + to_string(signature) + ": of " +
            std::to_string(profiles_.size()) +
            " one for every graph and one for eager runs are needed, as contexts of this engine "
            "cannot share them (build it with more profiles, or with TensorRT 10)");
  }
  return hold(profile, User::kGraph);
}

std::optional<ProfileBook::Hold> ProfileBook::move_eager(const InputSignature& signature,
                                                         const Hold& current) {
  require_allowed(signature);
  const std::lock_guard lock(mutex_);
  const std::int32_t profile = closest(signature, [&](std::size_t i) {
    return shared_ || users_[i] == User::kNobody || static_cast<std::int32_t>(i) == current.index();
  });
  if (profile < 0) {
    throw Error(ErrorCode::kModelRuntime, "every optimization profile for " + to_string(signature) +
                                              " is in use by another execution context");
  }
  return profile == current.index() ? std::nullopt : std::optional(hold(profile, User::kEager));
}

}  // namespace replayrt::tensorrt
