# Install rules and the package config behind find_package(replayrt).
include(CMakePackageConfigHelpers)
set(replayrt_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/replayrt")

get_property(replayrt_targets GLOBAL PROPERTY REPLAYRT_INSTALLED_TARGETS)
install(TARGETS replayrt ${replayrt_targets} EXPORT replayrt-targets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/" "${REPLAYRT_GENERATED_DIR}/"
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development FILES_MATCHING PATTERN "*.hpp")
install(EXPORT replayrt-targets NAMESPACE replayrt:: DESTINATION ${replayrt_package_dir} COMPONENT development)

configure_package_config_file(cmake/replayrt-config.cmake.in
  "${PROJECT_BINARY_DIR}/replayrt-config.cmake" INSTALL_DESTINATION ${replayrt_package_dir})
write_basic_package_version_file("${PROJECT_BINARY_DIR}/replayrt-config-version.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/replayrt-config.cmake" "${PROJECT_BINARY_DIR}/replayrt-config-version.cmake"
  DESTINATION ${replayrt_package_dir} COMPONENT development)
install(FILES "${PROJECT_SOURCE_DIR}/cmake/FindLibmd.cmake"
  DESTINATION ${replayrt_package_dir} COMPONENT development)
if(REPLAYRT_MODELS)
  set(replayrt_find_modules OpenCVImage Polyclipping YamlCpp)
  list(TRANSFORM replayrt_find_modules REPLACE "(.+)" "${PROJECT_SOURCE_DIR}/cmake/Find\\1.cmake"
    OUTPUT_VARIABLE replayrt_find_files)
  install(FILES ${replayrt_find_files}
    DESTINATION ${replayrt_package_dir} COMPONENT development)
endif()
if(REPLAYRT_HAS_TENSORRT)
  install(FILES "${PROJECT_SOURCE_DIR}/cmake/FindCUDARuntime.cmake"
    DESTINATION ${replayrt_package_dir} COMPONENT development)
endif()
