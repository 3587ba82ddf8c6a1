# CUDA's runtime, 12.0 or newer: its headers and the static library. From the toolkit (-DCUDARuntime_ROOT=<folder>,
# $CUDA_PATH, /usr/local/cuda), or else from NVIDIA's wheels, which `make setup` installs into build/venv.
# Targets: CUDARuntime::headers, CUDARuntime::static (with the headers). Variables: CUDARuntime_VERSION ("13.0"),
# CUDARuntime_ROOT_DIR (the folder where it was found).
file(GLOB CUDARuntime_wheels "${PROJECT_SOURCE_DIR}/build/venv/lib/python3*/site-packages/nvidia/cu1[0-9]")
foreach(root "${CUDARuntime_ROOT}" "$ENV{CUDA_PATH}" /usr/local/cuda ${CUDARuntime_wheels})
  # The wheel of the runtime alone lacks crt/, which its headers include.
  if(NOT EXISTS "${root}/include/cuda_runtime_api.h" OR NOT EXISTS "${root}/include/crt/host_defines.h")
    continue()
  endif()
  file(STRINGS "${root}/include/cuda_runtime_api.h" line REGEX "#define CUDART_VERSION")
  string(REGEX MATCH "[0-9]+$" number "${line}")
  file(GLOB library "${root}/lib64/libcudart_static.a" "${root}/lib/libcudart_static.a"
    "${root}/targets/${CMAKE_SYSTEM_PROCESSOR}-linux/lib/libcudart_static.a")
  if(library AND number GREATER_EQUAL 12000)
    list(GET library 0 CUDARuntime_LIBRARY)
    set(CUDARuntime_INCLUDE_DIR "${root}/include")
    set(CUDARuntime_ROOT_DIR "${root}")
    math(EXPR major "${number} / 1000")
    math(EXPR minor "${number} % 1000 / 10")
    set(CUDARuntime_VERSION "${major}.${minor}")
    break()
  endif()
endforeach()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(CUDARuntime
  REQUIRED_VARS CUDARuntime_LIBRARY CUDARuntime_INCLUDE_DIR
  VERSION_VAR CUDARuntime_VERSION
  REASON_FAILURE_MESSAGE
    "Run `make setup` to install it, or pass -DCUDARuntime_ROOT=<CUDA toolkit>, or build without: -DREPLAYRT_CUDA=OFF.")

if(CUDARuntime_FOUND AND NOT TARGET CUDARuntime::static)
  find_package(Threads REQUIRED)
  add_library(CUDARuntime::headers INTERFACE IMPORTED)
  set_target_properties(CUDARuntime::headers PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${CUDARuntime_INCLUDE_DIR}")
  add_library(CUDARuntime::static STATIC IMPORTED)
  set_target_properties(CUDARuntime::static PROPERTIES
    IMPORTED_LOCATION "${CUDARuntime_LIBRARY}"
    INTERFACE_LINK_LIBRARIES "CUDARuntime::headers;Threads::Threads;${CMAKE_DL_LIBS};rt")
endif()
