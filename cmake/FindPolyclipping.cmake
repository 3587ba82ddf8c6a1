# Angus Johnson's Clipper 6, Debian's libpolyclipping-dev. Target: Polyclipping::Polyclipping.
find_path(Polyclipping_INCLUDE_DIR polyclipping/clipper.hpp)
find_library(Polyclipping_LIBRARY polyclipping)
mark_as_advanced(Polyclipping_INCLUDE_DIR Polyclipping_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Polyclipping
  REQUIRED_VARS Polyclipping_LIBRARY Polyclipping_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "Clipper is missing. Run `make setup`, or install Debian's libpolyclipping-dev.")

if(Polyclipping_FOUND AND NOT TARGET Polyclipping::Polyclipping)
  add_library(Polyclipping::Polyclipping UNKNOWN IMPORTED)
  set_target_properties(Polyclipping::Polyclipping PROPERTIES
    IMPORTED_LOCATION "${Polyclipping_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${Polyclipping_INCLUDE_DIR}")
endif()
