# SPDX-License-Identifier: BSL-1.0
# The layers of the library (docs/design.md). Each is a target of its own, so that what it may use is declared; together
# they make the one library heddle::heddle.

# An installed library is also built without this by tests/install/, so that an include that is missing shows.
heddle_precompile(heddle_library_pch ${HEDDLE_PCH_HEADERS})
if(TARGET heddle_library_pch)
  set_target_properties(heddle_library_pch PROPERTIES
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON
    POSITION_INDEPENDENT_CODE ON)
endif()

# heddle_layer(<name> [DEPENDS <layer>…] [LINK <target>…])
#
# Declares the layer <name>: target heddle_<name>, made of every source file in src/<name>/. DEPENDS names the layers
# below that it uses. The sources are found by a glob that the build re-checks (CONFIGURE_DEPENDS), so that adding a
# file needs no edit here; a layer without sources is header-only.
function(heddle_layer name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPENDS;LINK")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "heddle_layer(${name}): unknown argument: ${arg_UNPARSED_ARGUMENTS}")
  endif()

  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/${name}/*.cpp" "${PROJECT_SOURCE_DIR}/src/${name}/*.S")
  set(target heddle_${name})
  if(sources)
    add_library(${target} OBJECT ${sources})
    set(scope PUBLIC)
    target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/src")
    target_link_libraries(${target} PRIVATE heddle_flags)
    set_target_properties(${target} PROPERTIES
      CXX_VISIBILITY_PRESET hidden
      VISIBILITY_INLINES_HIDDEN ON
      POSITION_INDEPENDENT_CODE ON
      CXX_EXTENSIONS OFF
      # What is one unit and what another matters to code that goes on in another thread: tested as it is shipped.
      UNITY_BUILD OFF)
    heddle_use_precompiled(${target} heddle_library_pch)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_compile_features(${target} ${scope} cxx_std_20)
  target_include_directories(${target} ${scope} "${PROJECT_SOURCE_DIR}/include")

  get_property(declared GLOBAL PROPERTY HEDDLE_LAYERS)
  foreach(layer IN LISTS arg_DEPENDS)
    if(NOT layer IN_LIST declared)
      message(FATAL_ERROR "heddle_layer(${name}): '${layer}' is not a layer below '${name}'")
    endif()
    target_link_libraries(${target} ${scope} heddle_${layer})
  endforeach()
  target_link_libraries(${target} ${scope} Threads::Threads ${arg_LINK})
  set_property(GLOBAL APPEND PROPERTY HEDDLE_LAYERS ${name})
endfunction()

# heddle_library()
#
# Gathers the layers declared so far into the library heddle (heddle::heddle).
function(heddle_library)
  add_library(heddle)
  add_library(heddle::heddle ALIAS heddle)
  get_property(layers GLOBAL PROPERTY HEDDLE_LAYERS)
  foreach(layer IN LISTS layers)
    get_target_property(type heddle_${layer} TYPE)
    if(type STREQUAL "OBJECT_LIBRARY")
      target_sources(heddle PRIVATE $<TARGET_OBJECTS:heddle_${layer}>)
    endif()
  endforeach()

  file(GLOB_RECURSE headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/include/heddle/*.hpp")
  target_sources(heddle PUBLIC FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}/include" FILES ${headers})
  target_compile_features(heddle PUBLIC cxx_std_20)
  target_link_libraries(heddle PUBLIC Threads::Threads)
  # The installed package looks for cereal itself (cmake/heddle-config.cmake.in).
  target_include_directories(heddle SYSTEM PUBLIC "$<BUILD_INTERFACE:${HEDDLE_CEREAL_INCLUDE_DIR}>")
  # A program with heddle in it shows shared objects that carry heddle what there is only one of in a process
  # (src/rt/process_wide.hpp). Some linkers would do so by themselves, and those of shared objects do.
  set(HEDDLE_EXPORTS "")
  foreach(name IN ITEMS parking_table process_state fork_generation diagnosing reader_slots thread_state)
    list(APPEND HEDDLE_EXPORTS
      "-Wl,--export-dynamic-symbol=heddle_${PROJECT_VERSION_MAJOR}_${PROJECT_VERSION_MINOR}_${name}")
  endforeach()
  target_link_options(heddle INTERFACE ${HEDDLE_EXPORTS})
  list(JOIN HEDDLE_EXPORTS " " exports)
  set_property(GLOBAL PROPERTY HEDDLE_EXPORTS "${exports}")  # for heddle.pc
  set_target_properties(heddle PROPERTIES
    LINKER_LANGUAGE CXX
    VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
endfunction()

# heddle_instrumented_library()
#
# heddle once more, built for the checker (heddle::instrumented): for tests whose threads use heddle's locks and waits.
# A sanitizer's instrumentation and the checker's exclude each other.
function(heddle_instrumented_library)
  if(CMAKE_CXX_FLAGS MATCHES "-fsanitize")
    return()
  endif()
  get_property(layers GLOBAL PROPERTY HEDDLE_LAYERS)
  set(sources "")
  foreach(layer IN LISTS layers)
    get_target_property(type heddle_${layer} TYPE)
    if(type STREQUAL "OBJECT_LIBRARY")
      get_target_property(of_layer heddle_${layer} SOURCES)
      list(APPEND sources ${of_layer})
    endif()
  endforeach()
  add_library(heddle_instrumented STATIC ${sources})
  add_library(heddle::instrumented ALIAS heddle_instrumented)
  target_include_directories(heddle_instrumented
    PUBLIC "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>" "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>"
    PRIVATE "${PROJECT_SOURCE_DIR}/src")
  target_compile_features(heddle_instrumented PUBLIC cxx_std_20)
  target_link_libraries(heddle_instrumented
    PUBLIC Threads::Threads
    PRIVATE $<BUILD_INTERFACE:heddle_cereal> $<BUILD_INTERFACE:heddle_flags>)
  set_target_properties(heddle_instrumented PROPERTIES EXPORT_NAME instrumented CXX_EXTENSIONS OFF)
  heddle_check(heddle_instrumented)
  heddle_precompile(heddle_instrumented_pch ${HEDDLE_PCH_HEADERS})
  if(TARGET heddle_instrumented_pch)
    heddle_check(heddle_instrumented_pch)
  endif()
  heddle_use_precompiled(heddle_instrumented heddle_instrumented_pch)
  install(TARGETS heddle_instrumented EXPORT heddle-targets)
endfunction()

# cereal is headers only, and its CMake package is not everywhere: the headers are what counts.
find_path(HEDDLE_CEREAL_INCLUDE_DIR cereal/cereal.hpp DOC "Folder that holds cereal/cereal.hpp")
if(NOT HEDDLE_CEREAL_INCLUDE_DIR)
  message(FATAL_ERROR "heddle: cereal/cereal.hpp was not found; install it (Debian: libcereal-dev) or set "
    "HEDDLE_CEREAL_INCLUDE_DIR")
endif()
mark_as_advanced(HEDDLE_CEREAL_INCLUDE_DIR)
add_library(heddle_cereal INTERFACE)
target_include_directories(heddle_cereal SYSTEM INTERFACE "${HEDDLE_CEREAL_INCLUDE_DIR}")
