# Finds OpenVINO's C++ SDK: the user's own (-DOpenVINO_DIR=...), or the one in the wheel that `make setup` installs.
file(GLOB replayrt_openvino_hints "${PROJECT_SOURCE_DIR}/build/venv/lib/python3*/site-packages/openvino/cmake")
find_package(OpenVINO QUIET COMPONENTS Runtime HINTS ${replayrt_openvino_hints})
if(NOT OpenVINO_FOUND)
  message(FATAL_ERROR
    "OpenVINO's C++ SDK was not found (looked for OpenVINOConfig.cmake in ${PROJECT_SOURCE_DIR}/build/venv and in "
    "CMake's usual places).\n"
    "Run `make setup` to install it, or pass -DOpenVINO_DIR=<folder of OpenVINOConfig.cmake>, or build without it: "
    "-DREPLAYRT_OPENVINO=OFF.")
endif()
message(STATUS "OpenVINO ${OpenVINO_VERSION_MAJOR}.${OpenVINO_VERSION_MINOR}.${OpenVINO_VERSION_PATCH}: ${OpenVINO_DIR}")

# Installed programs find the libraries where they were at build time; a packager may say otherwise. Named outright, as
# CMAKE_INSTALL_RPATH_USE_LINK_PATH leaves out folders inside the project, which build/venv is.
if(NOT DEFINED CMAKE_INSTALL_RPATH)
  set(CMAKE_INSTALL_RPATH "$<TARGET_FILE_DIR:openvino::runtime>")
endif()
