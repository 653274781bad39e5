# SPDX-License-Identifier: BSL-1.0
# Every examples/*.cpp is a program and a CTest test that runs it. Those named check_*.cpp explore their own threads: they
# take the checker, and no sanitizer.
file(GLOB examples CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/examples/*.cpp")
if(NOT TARGET heddle::sched)
  list(FILTER examples EXCLUDE REGEX "/sched_[^/]*$")
endif()
if(NOT TARGET heddle::instrumented)
  list(FILTER examples EXCLUDE REGEX "/check_[^/]*$")
endif()
foreach(file IN LISTS examples)
  get_filename_component(name "${file}" NAME_WE)
  set(target heddle_example_${name})
  add_executable(${target} "${file}")
  target_link_libraries(${target} PRIVATE heddle::heddle heddle_flags)
  if(name MATCHES "^check_")
    target_link_libraries(${target} PRIVATE heddle::check)
    heddle_check(${target})
  endif()
  if(name MATCHES "^sched_")
    target_link_libraries(${target} PRIVATE heddle::sched)
  endif()
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME ${name}
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin/examples")
  set(test "${HEDDLE_TEST_PREFIX}examples.${name}")
  add_test(NAME "${test}" COMMAND ${target})
  set_tests_properties("${test}" PROPERTIES LABELS examples TIMEOUT 120 ENVIRONMENT "${HEDDLE_TEST_ENVIRONMENT}")
endforeach()
