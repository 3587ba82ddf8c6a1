# yaml-cpp, Debian's libyaml-cpp-dev. Target: YamlCpp::YamlCpp. Found by itself, as yaml-cpp's own config calls its
# target by another name in every release.
find_path(YamlCpp_INCLUDE_DIR yaml-cpp/eventhandler.h)
find_library(YamlCpp_LIBRARY yaml-cpp)
mark_as_advanced(YamlCpp_INCLUDE_DIR YamlCpp_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(YamlCpp
  REQUIRED_VARS YamlCpp_LIBRARY YamlCpp_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "yaml-cpp is missing. Run `make setup`, or install Debian's libyaml-cpp-dev.")

if(YamlCpp_FOUND AND NOT TARGET YamlCpp::YamlCpp)
  add_library(YamlCpp::YamlCpp UNKNOWN IMPORTED)
  set_target_properties(YamlCpp::YamlCpp PROPERTIES
    IMPORTED_LOCATION "${YamlCpp_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${YamlCpp_INCLUDE_DIR}")
endif()
