# SPDX-License-Identifier: BSL-1.0
# Settings of the whole build. Nothing here touches a project that uses heddle through add_subdirectory.
include(GNUInstallDirs)

if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_CXX_EXTENSIONS OFF)
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
  # The command and the library's target are both called heddle: without a folder of its own, the command's file would
  # clash with the target's name at the root of the build folder.
  set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")

  if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Kind of build" FORCE)
  endif()

  find_program(HEDDLE_CCACHE ccache)
  if(HEDDLE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    # What ccache has to overlook so that it can cache a file that uses a precompiled header; and that the compiler's list
    # of what was included is enough: without it every file is preprocessed once more before it is compiled.
    set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_DEPEND=1 ${HEDDLE_CCACHE})
  endif()
endif()

# Without these flags ccache cannot cache what uses a precompiled header.
set(HEDDLE_PCH_FLAGS "$<IF:$<CXX_COMPILER_ID:Clang>,SHELL:-Xclang -fno-pch-timestamp,-fpch-preprocess>")
# Standard headers only: of a small file they are most of the work, and they do not change. A header of heddle, precompiled,
# would have everything compiled again when it is edited.
set(HEDDLE_PCH_HEADERS <algorithm> <atomic> <chrono> <functional> <memory> <mutex> <string> <thread> <vector>)

# heddle_precompile(<name> <header>…)
#
# Declares the object library <name>, which carries precompiled headers for heddle_use_precompiled(). It has to have the
# flags of the targets that use it.
function(heddle_precompile name)
  if(HEDDLE_PCH)
    set(file "${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp")
    file(GENERATE OUTPUT "${file}" CONTENT "// Only here to carry the precompiled header.\n")
    add_library(${name} OBJECT "${file}")
    target_compile_features(${name} PRIVATE cxx_std_20)
    target_link_libraries(${name} PRIVATE Threads::Threads heddle_flags)
    target_compile_options(${name} PRIVATE "${HEDDLE_PCH_FLAGS}")
    target_precompile_headers(${name} PRIVATE ${ARGN})
  endif()
endfunction()

# heddle_use_precompiled(<target> <name>)
function(heddle_use_precompiled target name)
  if(HEDDLE_PCH)
    target_compile_options(${target} PRIVATE "$<$<COMPILE_LANGUAGE:CXX>:${HEDDLE_PCH_FLAGS}>")
    target_precompile_headers(${target} REUSE_FROM ${name})
  endif()
endfunction()

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

# Linked PRIVATE by everything that is compiled here, and by nothing that is installed.
add_library(heddle_flags INTERFACE)
if(HEDDLE_WARNINGS)
  target_compile_options(heddle_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wconversion>)
  if(NOT CMAKE_UNITY_BUILD)  # where a local name is not hidden by what another file has
    target_compile_options(heddle_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wshadow>)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # g++ 12 sees these in its own std::string where there is nothing (GCC bugs 105329 and 105651), and the last, with -Og, in
    # its std::stop_source: no errors.
    target_compile_options(heddle_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:
      -Wno-error=array-bounds;-Wno-error=restrict;-Wno-error=stringop-overflow;-Wno-error=maybe-uninitialized>)
  elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    # What std::stable_sort of libstdc++ 12 uses itself.
    target_compile_options(heddle_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-error=deprecated-declarations>)
  endif()
endif()

# What a command in the folder scripts/ may rely on, also in a test.
find_program(HEDDLE_BASH bash REQUIRED)
