# SPDX-License-Identifier: BSL-1.0
# Every bench/<layer>/*_bench.cpp is part of heddle_<layer>_bench. A bench/<layer>/CMakeLists.txt, where there is one, adds
# what a glob cannot say, such as a benchmark that runs another library next to heddle.
find_package(benchmark QUIET)
if(NOT benchmark_FOUND)
  message(STATUS "heddle: no benchmarks: Google Benchmark was not found (Debian: libbenchmark-dev)")
  return()
endif()

add_custom_target(heddle_bench COMMENT "All benchmarks are built")
foreach(layer IN ITEMS rt policy sync task io process sched check)
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/bench/${layer}/*_bench.cpp")
  set(component)
  if(layer MATCHES "^(sched|check)$")  # not part of heddle::heddle, and made with the command
    set(component heddle::${layer})
  endif()
  if(sources AND (NOT component OR TARGET ${component}))
    set(target heddle_${layer}_bench)
    add_executable(${target} ${sources})
    target_link_libraries(${target} PRIVATE ${component} heddle::heddle benchmark::benchmark_main heddle_flags)
    add_dependencies(heddle_bench ${target})
  endif()
  if(EXISTS "${PROJECT_SOURCE_DIR}/bench/${layer}/CMakeLists.txt")
    add_subdirectory("${PROJECT_SOURCE_DIR}/bench/${layer}")
  endif()
endforeach()
