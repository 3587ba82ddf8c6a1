# Which backends there are is a matter of what this is linked to: the rehearsal of tools/gpu_proof.sh takes doubles.
set(REPLAYRT_AUTO_SOURCES
  backend_table.cpp
  build_plan.cpp
  load_engine.cpp
  model_file.cpp
  precision.cpp
  saved_keys.cpp
  saved_keys_text.cpp)
