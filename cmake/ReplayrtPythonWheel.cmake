# What scikit-build-core installs into the wheel (component `python`): the extension and its stub; pyproject.toml names
# the Python files. Included by python/CMakeLists.txt.
install(TARGETS replayrt_python LIBRARY DESTINATION replayrt COMPONENT python)
install(FILES "$<TARGET_FILE_DIR:replayrt_python>/_core.pyi" DESTINATION replayrt COMPONENT python)

# The libraries of OpenVINO are those of its own wheel, which pip installs beside this one.
set_target_properties(replayrt_python PROPERTIES INSTALL_RPATH "$ORIGIN/../openvino/libs")

# A wheel for another release than the one that it requires would not load.
set_property(DIRECTORY "${PROJECT_SOURCE_DIR}" APPEND PROPERTY
  CMAKE_CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/pyproject.toml")
file(STRINGS "${PROJECT_SOURCE_DIR}/pyproject.toml" pins REGEX "\"openvino==[0-9.]+\"")
list(TRANSFORM pins REPLACE ".*openvino==([0-9.]+).*" "\\1")
list(REMOVE_DUPLICATES pins)
set(found "${OpenVINO_VERSION_MAJOR}.${OpenVINO_VERSION_MINOR}.${OpenVINO_VERSION_PATCH}")
if(REPLAYRT_OPENVINO AND NOT pins STREQUAL found)
  message(FATAL_ERROR
    "The wheel requires OpenVINO ${pins} (pyproject.toml), but this build found ${found} in ${OpenVINO_DIR}. "
    "Build with the required release, or change it in pyproject.toml and tools/requirements.txt.")
endif()
