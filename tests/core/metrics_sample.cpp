// Writes the metrics of a cache that has seen something of everything, for test_metrics.py.

#include <cstdio>
#include <string>

#include "core/fake_calls.hpp"
#include "replayrt/core/log.hpp"

int main() {
  using namespace replayrt;
  set_log_sink({}, LogLevel::kOff);
  fakes::FakeOptions options;
  options.on_capture = [](const InputSignature& signature) {
    if (signature[0].shape[0] == 5) {
      throw CaptureRefused(Reason::kRandom, "dice");
    }
  };
  const Engine engine = fakes::make_fake_engine(options);
  options.inputs.push_back({"y", DType::kF32, options.inputs[0].dims});
  const Engine other = fakes::make_fake_engine(options);
  const auto cache = std::make_shared<GraphCache>(3);
  for (const std::int64_t rows : {1, 1, 2, 3, 4, 5, 1}) {
    call(engine, counted(rows), cache);
  }
  const std::vector<InputSignature> signatures{{{DType::kF32, {6, 3}}, {DType::kF32, {6, 3}}}};
  cache->purge(1);
  cache->prewarm(other, signatures);
  const std::string text = cache->metrics(R"(service="with \"quotes\", a \\ and\na line")");
  std::fwrite(text.data(), 1, text.size(), stdout);
}
