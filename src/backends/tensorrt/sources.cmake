# The adapter's sources: the tests compile the very same against the double of TensorRT.
set(REPLAYRT_TENSORRT_SOURCES
  api.cpp
  captured_executor.cpp
  eager_executor.cpp
  engine_context.cpp
  engine_memory.cpp
  execution_context.cpp
  library.cpp
  logger.cpp
  options.cpp
  output_memory.cpp
  plan_file.cpp
  profiles.cpp
  run_support.cpp
  specs.cpp
  tensorrt_engine.cpp)
