# What holds for every target of this build. Nothing here reaches an installed target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
  set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
  if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
  endif()

  find_program(REPLAYRT_CCACHE ccache)
  if(REPLAYRT_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${REPLAYRT_CCACHE}")
  endif()
  mark_as_advanced(REPLAYRT_CCACHE)

  add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # GCC 12 warns about std::string's own operator+ (GCC bug 105651).
    add_compile_options(-Wno-restrict)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    # Proves that what a lock guards is touched only under it (src/core/annotated_mutex.hpp).
    add_compile_options(-Werror=thread-safety)
  endif()
  if(REPLAYRT_WERROR)
    add_compile_options(-Werror)
  endif()
endif()

if(REPLAYRT_SANITIZERS)
  # vptr needs the type information of OpenVINO's classes, which its libraries do not export.
  set(REPLAYRT_SANITIZER_FLAGS
    -fsanitize=${REPLAYRT_SANITIZERS} -fno-sanitize-recover=all -fno-sanitize=vptr -fno-omit-frame-pointer)
  add_compile_options(${REPLAYRT_SANITIZER_FLAGS})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Instrumented code hides from GCC that std::optional checks before it destroys (GCC bug 80635); its manual warns of
    # false positives under -fsanitize. The other builds keep the warning.
    add_compile_options(-Wno-maybe-uninitialized)
  endif()
  add_link_options(${REPLAYRT_SANITIZER_FLAGS})
endif()
