#include "fakes/tensorrt/plan.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace replayrt::fakes::tensorrt {
namespace {

constexpr std::uint64_t kMagic = 0x314E414C50545252;  // "RRTPLAN1"
constexpr std::size_t kHeader = 3 * sizeof(std::uint64_t);
constexpr std::uint64_t kMostItems = 64;
constexpr std::uint64_t kMostRank = 8;
// What a tensor of TensorRT may have, and what activation memory is counted with, so that no
// product of them overflows.
constexpr std::int64_t kMostElements = (std::int64_t{1} << 31) - 1;
constexpr std::uint64_t kMostActivationBase = std::uint64_t{1} << 48;
constexpr std::uint64_t kMostActivationPerByte = std::uint64_t{1} << 16;

/// FNV-1a.
std::uint64_t checksum(std::span<const std::byte> bytes) {
  std::uint64_t sum = 0xCBF29CE484222325;
  for (const std::byte byte : bytes) {
    sum = (sum ^ static_cast<std::uint64_t>(byte)) * 0x100000001B3;
  }
  return sum;
}

class Writer {
 public:
  template <class T>
  void put(T value) {
    const auto* begin = reinterpret_cast<const std::byte*>(&value);
    bytes_.insert(bytes_.end(), begin, begin + sizeof(value));
  }
  void put(const std::string& text) {
    put<std::uint64_t>(text.size());
    const auto* begin = reinterpret_cast<const std::byte*>(text.data());
    bytes_.insert(bytes_.end(), begin, begin + text.size());
  }
  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : rest_(bytes) {}

  template <class T>
  T get() {
    T value{};
    std::memcpy(&value, next(sizeof(T)).data(), sizeof(T));
    return value;
  }
  std::string text() {
    const auto bytes = next(count(4096));
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  std::uint64_t count(std::uint64_t most) {
    const auto number = get<std::uint64_t>();
    if (number > most) {
      throw std::runtime_error("a count of " + std::to_string(number) + " makes no sense");
    }
    return number;
  }
  bool flag() { return get<std::uint8_t>() != 0; }
  [[nodiscard]] std::size_t left() const { return rest_.size(); }

 private:
  std::span<const std::byte> next(std::size_t bytes) {
    if (bytes > rest_.size()) {
      throw std::runtime_error("it ends within a field");
    }
    const auto taken = rest_.first(bytes);
    rest_ = rest_.subspan(bytes);
    return taken;
  }

  std::span<const std::byte> rest_;
};

DType read_dtype(Reader& reader) {
  const auto dtype = static_cast<DType>(reader.get<std::uint8_t>());
  static_cast<void>(bit_size(dtype));  // Throws for a number that is none.
  return dtype;
}

void require(bool holds, const std::string& what) {
  if (!holds) {
    throw std::runtime_error(what);
  }
}

std::vector<Range> read_ranges(Reader& reader, std::uint64_t rank) {
  std::vector<Range> ranges;
  std::int64_t elements = 1;
  for (std::uint64_t axis = 0; axis < rank; ++axis) {
    Range range;
    range.min = reader.get<std::int64_t>();
    range.opt = reader.get<std::int64_t>();
    range.max = reader.get<std::int64_t>();
    require(range.min >= 0 && range.opt >= range.min && range.max >= range.opt,
            "a range is impossible");
    const std::int64_t most = std::max<std::int64_t>(range.max, 1);
    require(most <= kMostElements / elements, "a tensor has too many elements");
    elements *= most;
    ranges.push_back(range);
  }
  return ranges;
}

Input read_input(Reader& reader, std::uint64_t profiles) {
  Input input{reader.text(), read_dtype(reader), {}};
  const std::uint64_t rank = reader.count(kMostRank);
  for (std::uint64_t profile = 0; profile < profiles; ++profile) {
    input.profiles.push_back(read_ranges(reader, rank));
  }
  return input;
}

std::size_t rank_of(const Input& input) {
  return input.profiles.front().size();
}

/// Whether the function can be computed of tensors of such types and ranks.
bool is_computable(const Plan& plan) {
  const auto all_of = [](const auto& tensors, DType dtype) {
    return std::ranges::all_of(tensors, [&](const auto& tensor) { return tensor.dtype == dtype; });
  };
  const std::vector<Input>& inputs = plan.inputs;
  switch (plan.function) {
    case Function::kSum:
      return all_of(inputs, DType::kF32) && all_of(plan.outputs, DType::kF32) &&
             std::ranges::all_of(inputs, [&](const Input& input) {
               return rank_of(input) == rank_of(inputs.front());
             });
    case Function::kCopy:
      for (std::size_t i = 0; i < plan.outputs.size(); ++i) {
        if (plan.outputs[i].dtype != inputs[std::min(i, inputs.size() - 1)].dtype) {
          return false;
        }
      }
      return true;
    case Function::kNonZero:
      return inputs.size() == 1 && plan.outputs.size() == 1 && rank_of(inputs[0]) == 1 &&
             all_of(inputs, DType::kF32) && all_of(plan.outputs, DType::kI32);
    case Function::kExpand:
      return inputs.size() == 2 && rank_of(inputs[0]) == 1 && rank_of(inputs[1]) == 1 &&
             inputs[0].dtype == DType::kF32 && inputs[1].dtype == DType::kI32 &&
             all_of(plan.outputs, DType::kF32) &&
             std::ranges::all_of(inputs[1].profiles, [](const std::vector<Range>& ranges) {
               return ranges[0].max <= static_cast<std::int64_t>(kMostRank);
             });
  }
  return false;
}

/// Each tensor has a name, which no other has.
bool names_are_good(const Plan& plan) {
  std::vector<std::string> names;
  std::ranges::transform(plan.inputs, std::back_inserter(names), &Input::name);
  std::ranges::transform(plan.outputs, std::back_inserter(names), &Output::name);
  std::ranges::sort(names);
  return std::ranges::adjacent_find(names) == names.end() &&
         std::ranges::none_of(names, [](const std::string& name) {
           return name.empty() || name.find('\0') != std::string::npos;
         });
}

Plan read_plan(Reader& reader) {
  Plan plan;
  plan.version = reader.get<std::int32_t>();
  plan.gpu = reader.get<std::uint32_t>();
  plan.function = static_cast<Function>(reader.get<std::uint32_t>());
  require(plan.function <= Function::kExpand, "its function is unknown");
  plan.salt = reader.get<float>();
  plan.activation_base = reader.get<std::uint64_t>();
  plan.activation_per_byte = reader.get<std::uint64_t>();
  plan.auxiliary_streams = reader.get<std::uint32_t>();
  require(plan.activation_base <= kMostActivationBase &&
              plan.activation_per_byte <= kMostActivationPerByte &&
              plan.auxiliary_streams <= kMostItems,
          "it needs more than there can be");
  plan.shares_profiles = reader.flag();
  plan.needs_host_code = reader.flag();
  plan.plugin_synchronizes = reader.flag();
  plan.captures_nothing = reader.flag();
  plan.blocked_format = reader.flag();
  const std::uint64_t profiles = reader.count(kMostItems);
  for (std::uint64_t left = reader.count(kMostItems); left > 0; --left) {
    plan.inputs.push_back(read_input(reader, profiles));
  }
  for (std::uint64_t left = reader.count(kMostItems); left > 0; --left) {
    std::string name = reader.text();
    plan.outputs.push_back({std::move(name), read_dtype(reader)});
  }
  require(profiles > 0 && !plan.inputs.empty() && !plan.outputs.empty() && reader.left() == 0,
          "it describes no engine");
  require(names_are_good(plan), "two tensors have one name, or one has none");
  require(is_computable(plan), "its function does not fit its tensors");
  return plan;
}

}  // namespace

std::vector<std::byte> serialize(const Plan& plan) {
  Writer body;
  body.put(plan.version);
  body.put(plan.gpu);
  body.put(static_cast<std::uint32_t>(plan.function));
  body.put(plan.salt);
  body.put(plan.activation_base);
  body.put(plan.activation_per_byte);
  body.put(plan.auxiliary_streams);
  for (const bool flag : {plan.shares_profiles, plan.needs_host_code, plan.plugin_synchronizes,
                          plan.captures_nothing, plan.blocked_format}) {
    body.put(static_cast<std::uint8_t>(flag));
  }
  body.put<std::uint64_t>(plan.inputs.front().profiles.size());
  body.put<std::uint64_t>(plan.inputs.size());
  for (const Input& input : plan.inputs) {
    body.put(input.name);
    body.put(static_cast<std::uint8_t>(input.dtype));
    body.put<std::uint64_t>(input.profiles.front().size());
    for (const std::vector<Range>& ranges : input.profiles) {
      for (const Range& range : ranges) {
        body.put(range.min);
        body.put(range.opt);
        body.put(range.max);
      }
    }
  }
  body.put<std::uint64_t>(plan.outputs.size());
  for (const Output& output : plan.outputs) {
    body.put(output.name);
    body.put(static_cast<std::uint8_t>(output.dtype));
  }
  return seal(body.take());
}

std::vector<std::byte> seal(std::span<const std::byte> description) {
  Writer file;
  file.put(kMagic);
  file.put<std::uint64_t>(description.size());
  file.put(checksum(description));
  std::vector<std::byte> whole = file.take();
  whole.insert(whole.end(), description.begin(), description.end());
  return whole;
}

std::variant<Plan, std::string> parse(std::span<const std::byte> bytes) {
  try {
    Reader header(bytes);
    if (header.get<std::uint64_t>() != kMagic) {
      return "Magic tag does not match";
    }
    const auto size = header.get<std::uint64_t>();
    const auto sum = header.get<std::uint64_t>();
    if (size != bytes.size() - kHeader) {
      return "the plan is " + std::to_string(bytes.size()) + " bytes long, " +
             std::to_string(size + kHeader) + " are expected";
    }
    if (sum != checksum(bytes.subspan(kHeader))) {
      return "Checksum does not match";
    }
    Reader body(bytes.subspan(kHeader));
    return read_plan(body);
  } catch (const std::exception& error) {
    return std::string("the plan cannot be read: ") + error.what();
  }
}

}  // namespace replayrt::fakes::tensorrt
