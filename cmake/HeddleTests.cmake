# SPDX-License-Identifier: BSL-1.0
# How tests are declared. By default nobody has to: in tests/<layer>/ every
#   *_test.cpp            is part of heddle_<layer>_tests, label <layer>;
#   *_stress_test.cpp     is part of heddle_<layer>_stress_tests, labels <layer> and stress;
#   compile_fail/*.cpp    must not compile, and the compiler must print what its line "// expects: TEXT" says.
# The files are found by globs that the build re-checks (CONFIGURE_DEPENDS). A tests/<layer>/CMakeLists.txt, where there
# is one, adds what globs cannot say, usually by heddle_test().
include(GoogleTest)

# One precompiled header for all tests: a test file compiles in about half the time.
heddle_precompile(heddle_test_pch <gtest/gtest.h> <gmock/gmock.h> ${HEDDLE_PCH_HEADERS})
if(TARGET heddle_test_pch)
  target_link_libraries(heddle_test_pch PRIVATE GTest::gmock)
endif()

# heddle_test(<name> SOURCES <file>… [LINK <target>…] [LABELS <label>…] [TIMEOUT <seconds>] [PROCESSORS <n>])
#
# Makes the executable heddle_<name> out of GoogleTest files and one CTest test out of each of its tests.
function(heddle_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT;PROCESSORS" "SOURCES;LINK;LABELS")
  if(NOT arg_SOURCES OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "heddle_test(${name}): SOURCES is needed, '${arg_UNPARSED_ARGUMENTS}' is not understood")
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  if(NOT arg_PROCESSORS)
    set(arg_PROCESSORS 1)
  endif()

  set(target heddle_${name})
  add_executable(${target} ${arg_SOURCES})
  target_link_libraries(${target} PRIVATE ${arg_LINK} heddle::heddle GTest::gmock GTest::gtest_main heddle_flags)
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  # Function names in the stacks that a test prints, and functions that a worker process looks up.
  # Without DEFINE_SYMBOL each target had a macro of its own, and could not share a precompiled header.
  set_target_properties(${target} PROPERTIES ENABLE_EXPORTS ON DEFINE_SYMBOL "")
  heddle_use_precompiled(${target} heddle_test_pch)
  gtest_discover_tests(${target}
    DISCOVERY_MODE PRE_TEST
    DISCOVERY_TIMEOUT 60
    TEST_PREFIX "${HEDDLE_TEST_PREFIX}"
    PROPERTIES TIMEOUT ${arg_TIMEOUT} PROCESSORS ${arg_PROCESSORS})
  # Properties that are lists do not survive gtest_discover_tests: they are set once the tests are known.
  set(properties "${CMAKE_CURRENT_BINARY_DIR}/${target}_properties.cmake")
  file(WRITE "${properties}" "if(${target}_TESTS)
  set_tests_properties(\${${target}_TESTS} PROPERTIES LABELS \"${arg_LABELS}\" ENVIRONMENT \"${HEDDLE_TEST_ENVIRONMENT}\")
endif()
")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${properties}")
endfunction()

# heddle_compile_fail_test(<layer> <file>)
#
# Makes a CTest test that passes when <file> does not compile and the compiler says what the file expects.
function(heddle_compile_fail_test layer file)
  get_filename_component(name "${file}" NAME_WE)
  set(test "${HEDDLE_TEST_PREFIX}compile_fail.${layer}.${name}")
  separate_arguments(flags UNIX_COMMAND "${CMAKE_CXX_FLAGS}")
  add_test(NAME "${test}"
    COMMAND "${HEDDLE_BASH}" "${PROJECT_SOURCE_DIR}/tests/compile_fail.sh" "${file}"
      "${CMAKE_CXX_COMPILER}" ${flags} -std=c++20 -fsyntax-only "-I${PROJECT_SOURCE_DIR}/include"
      # After the system's folders, because it may be one of them, and libstdc++ relies on their order.
      "-idirafter${HEDDLE_CEREAL_INCLUDE_DIR}")
  set_tests_properties("${test}" PROPERTIES LABELS "${layer};compile_fail" TIMEOUT 120)
endfunction()

# heddle_layer_tests(<layer> [LINK <target>…])
function(heddle_layer_tests layer)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LINK")
  set(folder "${PROJECT_SOURCE_DIR}/tests/${layer}")
  file(GLOB tests CONFIGURE_DEPENDS "${folder}/*_test.cpp")
  set(stress ${tests})
  list(FILTER tests EXCLUDE REGEX "_stress_test\\.cpp$")
  list(FILTER stress INCLUDE REGEX "_stress_test\\.cpp$")
  if(tests)
    heddle_test(${layer}_tests SOURCES ${tests} LINK ${arg_LINK} LABELS ${layer})
  endif()
  if(stress)
    heddle_test(${layer}_stress_tests SOURCES ${stress} LINK ${arg_LINK} LABELS ${layer} stress TIMEOUT 600 PROCESSORS 2)
  endif()
  # In the one build that all others are compared with: nothing of it runs, so no sanitizer has a say.
  if(NOT HEDDLE_TEST_PREFIX)
    file(GLOB rejected CONFIGURE_DEPENDS "${folder}/compile_fail/*.cpp")
    foreach(file IN LISTS rejected)
      heddle_compile_fail_test(${layer} "${file}")
    endforeach()
  endif()
  if(EXISTS "${folder}/CMakeLists.txt")
    add_subdirectory("${folder}" "${CMAKE_CURRENT_BINARY_DIR}/${layer}")
  endif()
endfunction()
