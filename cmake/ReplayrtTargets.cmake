# Helpers that give every library, program and test of this project the same settings.
set(REPLAYRT_GENERATED_DIR "${PROJECT_BINARY_DIR}/generated")

# replayrt_unity_build(<target> [ALWAYS])
#
# With REPLAYRT_UNITY_BUILD, or ALWAYS, sources of the target are compiled many at a time: several times faster. Names in
# unnamed namespaces must then differ between them; a file that cannot be among others has SKIP_UNITY_BUILD_INCLUSION.
function(replayrt_unity_build target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "ALWAYS" "" "")
  if(REPLAYRT_UNITY_BUILD OR arg_ALWAYS)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 12)
  endif()
endfunction()

# replayrt_add_library(<part> SOURCES <file>... [PUBLIC <target>...] [PRIVATE <target>...] [HEADER_ONLY <target>...])
#
# Adds the static library `replayrt_<part>`, alias `replayrt::<part>`, and puts it into the installed package.
# PUBLIC and PRIVATE targets must be findable by whoever uses the package (cmake/replayrt-config.cmake.in);
# HEADER_ONLY ones are used to compile this library and are unknown to the installed package.
function(replayrt_add_library part)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;PUBLIC;PRIVATE;HEADER_ONLY")
  set(target replayrt_${part})
  add_library(${target} STATIC ${arg_SOURCES})
  add_library(replayrt::${part} ALIAS ${target})
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_include_directories(${target}
    PUBLIC
      $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
      $<BUILD_INTERFACE:${REPLAYRT_GENERATED_DIR}>
      $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
    PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${target} PUBLIC ${arg_PUBLIC} PRIVATE ${arg_PRIVATE})
  foreach(library ${arg_HEADER_ONLY})
    target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:${library}>)
  endforeach()
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${part})
  set_property(GLOBAL APPEND PROPERTY REPLAYRT_INSTALLED_TARGETS ${target})
endfunction()

# replayrt_add_program(<name> SOURCES <file>... [LIBRARIES <target>...] [INSTALL])
#
# Adds a program in <build>/bin. INSTALL puts it into the installed package's bin folder.
function(replayrt_add_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "INSTALL" "" "SOURCES;LIBRARIES")
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LIBRARIES})
  if(arg_INSTALL AND REPLAYRT_INSTALL)
    install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT programs)
  endif()
endfunction()

# replayrt_add_test(<name> SOURCES <file>... [LIBRARIES <target>...] [TIMEOUT <seconds>] [LABELS <label>...]
#                   [SERIAL] [ONE_PROCESS])
#
# Adds a GoogleTest program whose test cases are CTest tests `<name>.<suite>.<case>`. It sees src/ (private
# headers), tests/ (fakes, contract suites) and REPLAYRT_TEST_DATA_DIR (a string: models, pictures, expected).
# SERIAL: runs alone, for tests that measure time or memory. ONE_PROCESS: the whole program is one CTest test,
# for suites that share something slow to load; under sanitizers most programs are.
function(replayrt_add_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "SERIAL;ONE_PROCESS" "TIMEOUT" "SOURCES;LIBRARIES;LABELS")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/src" "${PROJECT_SOURCE_DIR}/tests")
  target_compile_definitions(${name} PRIVATE REPLAYRT_TEST_DATA_DIR="${REPLAYRT_DATA_DIR}")
  target_link_libraries(${name} PRIVATE ${arg_LIBRARIES} GTest::gmock_main)
  # Its own code runs for a moment: neither optimised much nor checked for undefined behaviour it is compiled sooner.
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O1>)
  if(REPLAYRT_SANITIZERS MATCHES "undefined")
    target_compile_options(${name} PRIVATE -fno-sanitize=undefined)
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin/tests")
  set(properties TIMEOUT ${arg_TIMEOUT})
  if(arg_SERIAL)
    list(APPEND properties RUN_SERIAL TRUE)
  endif()
  if(arg_LABELS)
    list(APPEND properties LABELS "${arg_LABELS}")
  endif()
  if(arg_ONE_PROCESS)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES ${properties} SKIP_REGULAR_EXPRESSION "\\[  SKIPPED \\]")
  elseif(REPLAYRT_SANITIZERS AND NOT arg_SERIAL AND NOT name MATCHES "openvino")
    # A process under a sanitizer takes longer to start than most tests: all of a program's run in one.
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES TIMEOUT 900)
    set_property(TEST ${name} PROPERTY LABELS ${arg_LABELS})
  else()
    # Values printed into names may differ from run to run (addresses); the indices do not.
    gtest_discover_tests(${name} TEST_PREFIX "${name}." DISCOVERY_MODE PRE_TEST NO_PRETTY_VALUES
      PROPERTIES ${properties})
  endif()
endfunction()
