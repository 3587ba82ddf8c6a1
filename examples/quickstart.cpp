// Two threads share one engine and one cache. Usage: replayrt-quickstart MODEL.onnx
#include <iostream>
#include <replayrt/replayrt.hpp>
#include <syncstream>
#include <thread>

int main(int argc, char** argv) try {
  if (argc != 2) return std::cerr << "usage: replayrt-quickstart MODEL.onnx\n", 2;
  const replayrt::Engine engine = replayrt::load_engine(argv[1]);
  const auto cache = std::make_shared<replayrt::TRTCudaGraphCache>(replayrt::GraphCacheOptions{
      .capacity = 8, .admission = replayrt::Admission::always()});  // 8 shapes at most

  const auto work = [&](std::int64_t width) {
    const auto picture = replayrt::Tensor::allocate(replayrt::DType::kF32, {1, 3, 48, width});
    for (float& value : picture.as<float>()) value = 0.5F;
    for (int i = 0; i < 3; ++i) {
      const replayrt::TensorView input = picture.view();
      const auto result = replayrt::infer(engine, {&input, 1}, {.graph_cache = cache});
      std::osyncstream(std::cout) << "width " << width << ": " << to_string(result.route) << ", "
                                  << result.outputs[0].shape().to_string() << "\n";
    }
  };
  { const std::jthread first(work, 320), second(work, 480); }

  const replayrt::GraphCacheStats stats = cache->stats();
  std::cout << stats.captured << " captured, " << stats.replayed << " replayed, " << stats.bytes
            << " bytes\n";
} catch (const replayrt::Error& error) {
  return std::cerr << "quickstart: " << error.what() << "\n", 1;
}
