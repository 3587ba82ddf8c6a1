// Runs the model that its argument names ([N, 8] -> [N, 8]) twice through a cache; without an
// argument it checks that a missing model is a clear error.
#include <array>
#include <iostream>
#include <replayrt/replayrt.hpp>

int main(int argc, char** argv) {
  try {
    const replayrt::Engine engine =
        replayrt::load_engine(argc > 1 ? argv[1] : "no_such_model.onnx");
    replayrt::InferOptions options;
    options.graph_cache = std::make_shared<replayrt::TRTCudaGraphCache>(
        replayrt::GraphCacheOptions{.capacity = 4, .admission = replayrt::Admission::always()});
    const std::array<float, 8> values{1, 2, 3, 4, 5, 6, 7, 8};
    const std::array inputs{replayrt::view_of<float>(values, replayrt::Shape{1, 8})};
    for (const replayrt::Route expected :
         {replayrt::Route::kCaptured, replayrt::Route::kReplayed}) {
      const replayrt::InferResult result = replayrt::infer(engine, inputs, options);
      std::cout << "replayrt " << replayrt::kVersion << ": " << replayrt::to_string(result.route)
                << '\n';
      if (result.route != expected || result.outputs[0].as<float>()[7] != 8) {
        return 1;
      }
    }
    return argc > 1 ? 0 : 1;
  } catch (const replayrt::Error& error) {
    std::cout << replayrt::to_string(error.code()) << ": " << error.what() << '\n';
    return argc > 1 ? 1 : 0;
  }
}
