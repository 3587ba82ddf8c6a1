# The parts of OpenCV that ReplayRT uses, by component (all if none is named):
#   imgproc    OpenCVImage::OpenCVProcessing  core and imgproc: resize, draw
#   imgcodecs  OpenCVImage::OpenCVImage       these, and to decode and encode pictures
#   videoio    OpenCVImage::OpenCVVideo       these, and to read videos
#
# Debian keeps OpenCVConfig.cmake in libopencv-dev, which pulls in 370 packages; the parts need far fewer. So an OpenCV
# without its config is found by its headers and libraries.
if(NOT OpenCVImage_FIND_COMPONENTS)
  set(OpenCVImage_FIND_COMPONENTS imgproc imgcodecs videoio)
endif()
set(OpenCVImage_parts core ${OpenCVImage_FIND_COMPONENTS})

find_package(OpenCV QUIET COMPONENTS ${OpenCVImage_parts})
if(OpenCV_FOUND)
  set(OpenCVImage_INCLUDE_DIR ${OpenCV_INCLUDE_DIRS})
else()
  find_path(OpenCVImage_INCLUDE_DIR opencv2/imgproc.hpp PATH_SUFFIXES opencv4)
  mark_as_advanced(OpenCVImage_INCLUDE_DIR)
endif()
set(OpenCVImage_required)
foreach(part ${OpenCVImage_parts})
  if(OpenCV_FOUND)
    set(OpenCVImage_${part}_LIBRARY opencv_${part})
  else()
    find_library(OpenCVImage_${part}_LIBRARY opencv_${part})
    mark_as_advanced(OpenCVImage_${part}_LIBRARY)
  endif()
  list(APPEND OpenCVImage_required OpenCVImage_${part}_LIBRARY)
endforeach()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OpenCVImage
  REQUIRED_VARS ${OpenCVImage_required} OpenCVImage_INCLUDE_DIR
  REASON_FAILURE_MESSAGE
    "A part of OpenCV is missing. Run `make setup`, or install Debian's libopencv-imgproc-dev, libopencv-imgcodecs-dev and libopencv-videoio-dev.")

# replayrt_opencv_target(<name> <part> <library>...): the target of a component, once.
function(replayrt_opencv_target name part)
  if(OpenCVImage_FOUND AND "${part}" IN_LIST OpenCVImage_FIND_COMPONENTS AND NOT TARGET OpenCVImage::${name})
    add_library(OpenCVImage::${name} INTERFACE IMPORTED)
    set_target_properties(OpenCVImage::${name} PROPERTIES
      INTERFACE_INCLUDE_DIRECTORIES "${OpenCVImage_INCLUDE_DIR}"
      INTERFACE_LINK_LIBRARIES "${ARGN}")
  endif()
endfunction()
replayrt_opencv_target(OpenCVProcessing imgproc ${OpenCVImage_imgproc_LIBRARY} ${OpenCVImage_core_LIBRARY})
replayrt_opencv_target(OpenCVImage imgcodecs ${OpenCVImage_imgcodecs_LIBRARY} OpenCVImage::OpenCVProcessing)
# Apart: it loads a whole media framework with every program that links to it.
replayrt_opencv_target(OpenCVVideo videoio ${OpenCVImage_videoio_LIBRARY} OpenCVImage::OpenCVImage)
