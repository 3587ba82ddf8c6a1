# TensorRT's headers, 8.5 or newer; its library is opened when it is needed. From -DREPLAYRT_TENSORRT_INCLUDE_DIR=<folder>,
# or the usual places. Target: TensorRT::headers. Variable: TensorRT_VERSION ("10.3").
find_path(REPLAYRT_TENSORRT_INCLUDE_DIR NvInferRuntime.h
  PATH_SUFFIXES include
  DOC "Folder of TensorRT's NvInfer.h and NvInferRuntime.h")
if(REPLAYRT_TENSORRT_INCLUDE_DIR AND EXISTS "${REPLAYRT_TENSORRT_INCLUDE_DIR}/NvInferVersion.h")
  # Since 10.11 NV_TENSORRT_MAJOR is TRT_MAJOR_ENTERPRISE.
  file(READ "${REPLAYRT_TENSORRT_INCLUDE_DIR}/NvInferVersion.h" TensorRT_text)
  foreach(part MAJOR MINOR)
    string(REGEX MATCH "#define (NV_TENSORRT_${part}|TRT_${part}_ENTERPRISE) ([0-9]+)" line "${TensorRT_text}")
    set(TensorRT_${part} "${CMAKE_MATCH_2}")
  endforeach()
  set(TensorRT_VERSION "${TensorRT_MAJOR}.${TensorRT_MINOR}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(TensorRT
  REQUIRED_VARS REPLAYRT_TENSORRT_INCLUDE_DIR
  VERSION_VAR TensorRT_VERSION
  REASON_FAILURE_MESSAGE
    "Pass -DREPLAYRT_TENSORRT_INCLUDE_DIR=<folder of NvInfer.h>, or build without: -DREPLAYRT_TENSORRT=OFF.")

if(TensorRT_FOUND AND NOT TARGET TensorRT::headers)
  add_library(TensorRT::headers INTERFACE IMPORTED)
  # As system headers: they are not clean under this project's warnings, and call what they deprecate.
  set_target_properties(TensorRT::headers PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${REPLAYRT_TENSORRT_INCLUDE_DIR}")
endif()
