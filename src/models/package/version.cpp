#include "models/package/version.hpp"

#include <initializer_list>
#include <string>

#include "models/package/text.hpp"

namespace replayrt::models {
namespace {

/// Reads lower case text from left to right.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool done() const { return rest_.empty(); }

  bool take(std::string_view word) {
    const bool there = rest_.starts_with(word);
    rest_.remove_prefix(there ? word.size() : 0);
    return there;
  }
  bool take_any(std::initializer_list<std::string_view> words) {
    for (const std::string_view word : words) {
      if (take(word)) {
        return true;
      }
    }
    return false;
  }
  bool take_digits() {
    return take_while([](char c) { return c >= '0' && c <= '9'; });
  }
  bool take_letters_and_digits() {
    return take_while([](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'); });
  }
  /// [separator] word [separator] [digits], or nothing at all.
  bool take_suffix(std::initializer_list<std::string_view> words) {
    const std::string_view before = rest_;
    take_any({".", "_", "-"});
    if (!take_any(words)) {
      rest_ = before;
      return false;
    }
    take_any({".", "_", "-"});  // Belongs to the suffix even where no number follows.
    take_digits();
    return true;
  }
  [[nodiscard]] std::string_view rest() const { return rest_; }
  void go_back(std::string_view rest) { rest_ = rest; }

 private:
  template <class Belongs>
  bool take_while(Belongs belongs) {
    std::size_t count = 0;
    while (count < rest_.size() && belongs(rest_[count])) {
      ++count;
    }
    rest_.remove_prefix(count);
    return count > 0;
  }

  std::string_view rest_;
};

bool take_release(Scanner& scanner) {
  if (!scanner.take_digits()) {
    return false;
  }
  while (true) {
    const std::string_view before = scanner.rest();
    if (!scanner.take(".")) {
      return true;
    }
    if (!scanner.take_digits()) {
      scanner.go_back(before);  // The dot of ".post1".
      return true;
    }
  }
}

void take_post_release(Scanner& scanner) {
  const std::string_view before = scanner.rest();
  if (scanner.take("-") && scanner.take_digits()) {
    return;
  }
  scanner.go_back(before);
  scanner.take_suffix({"post", "rev", "r"});
}

bool take_local(Scanner& scanner) {
  if (!scanner.take("+")) {
    return true;
  }
  do {
    if (!scanner.take_letters_and_digits()) {
      return false;
    }
  } while (scanner.take_any({".", "_", "-"}));
  return true;
}

}  // namespace

bool is_version(std::string_view text) {
  const std::string lower = lower_case(strip(text, Whitespace::kPython));
  Scanner scanner(lower);
  scanner.take("v");
  const std::string_view before_epoch = scanner.rest();
  if (!scanner.take_digits() || !scanner.take("!")) {
    scanner.go_back(before_epoch);
  }
  if (!take_release(scanner)) {
    return false;
  }
  scanner.take_suffix({"alpha", "a", "beta", "b", "preview", "pre", "c", "rc"});
  take_post_release(scanner);
  scanner.take_suffix({"dev"});
  return take_local(scanner) && scanner.done();
}

}  // namespace replayrt::models
