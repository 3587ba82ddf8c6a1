# The parts of OpenCV that decode, resize and draw: core, imgproc, imgcodecs. Target: OpenCVImage::OpenCVImage.
#
# Debian keeps OpenCVConfig.cmake in libopencv-dev, which pulls in 370 packages; the three parts need 150. So an
# OpenCV without its config is found by its headers and libraries.
find_package(OpenCV QUIET COMPONENTS core imgproc imgcodecs)
if(OpenCV_FOUND)
  set(OpenCVImage_INCLUDE_DIR ${OpenCV_INCLUDE_DIRS})
  set(OpenCVImage_LIBRARIES ${OpenCV_LIBS})
else()
  find_path(OpenCVImage_INCLUDE_DIR opencv2/imgcodecs.hpp PATH_SUFFIXES opencv4)
  mark_as_advanced(OpenCVImage_INCLUDE_DIR)
  set(OpenCVImage_LIBRARIES)
  foreach(part imgcodecs imgproc core)
    find_library(OpenCVImage_${part}_LIBRARY opencv_${part})
    mark_as_advanced(OpenCVImage_${part}_LIBRARY)
    list(APPEND OpenCVImage_LIBRARIES ${OpenCVImage_${part}_LIBRARY})
  endforeach()
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OpenCVImage
  REQUIRED_VARS OpenCVImage_LIBRARIES OpenCVImage_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "OpenCV is missing. Run `make setup`, or install Debian's libopencv-imgcodecs-dev.")

if(OpenCVImage_FOUND AND NOT TARGET OpenCVImage::OpenCVImage)
  add_library(OpenCVImage::OpenCVImage INTERFACE IMPORTED)
  set_target_properties(OpenCVImage::OpenCVImage PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${OpenCVImage_INCLUDE_DIR}"
    INTERFACE_LINK_LIBRARIES "${OpenCVImage_LIBRARIES}")
endif()
