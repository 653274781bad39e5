# SPDX-License-Identifier: BSL-1.0
# The command heddle: src/cli/**.cpp. All but main.cpp is in an object library, so that tests can link the parts.
find_package(fmt REQUIRED)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(Boost 1.74 REQUIRED)
include("${CMAKE_CURRENT_LIST_DIR}/HeddleEmbed.cmake")

file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/cli/*.cpp")
list(REMOVE_ITEM sources "${PROJECT_SOURCE_DIR}/src/cli/main.cpp")

# Debian's libjs-chart.js, or HEDDLE_CHART_JS for a copy that is elsewhere.
find_file(HEDDLE_CHART_JS NAMES chart.min.js Chart.min.js chart.umd.js NO_CACHE NO_DEFAULT_PATH
  PATHS /usr/share/javascript/chart.js /usr/share/nodejs/chart.js/dist)
if(NOT HEDDLE_CHART_JS)
  message(FATAL_ERROR "heddle: Chart.js was not found; install it (Debian: libjs-chart.js) or set HEDDLE_CHART_JS to the "
    "path of chart.min.js")
endif()
heddle_embed(chart_js.cpp FILE "${HEDDLE_CHART_JS}" HEADER cli/chart_js.hpp SYMBOL "heddle::inline v0::cli::chart_js")

add_library(heddle_cli_parts OBJECT ${sources} chart_js.cpp)
target_include_directories(heddle_cli_parts PUBLIC "${PROJECT_SOURCE_DIR}/src")
target_link_libraries(heddle_cli_parts
  PUBLIC heddle_explore heddle_sched heddle::heddle fmt::fmt CLI11::CLI11 nlohmann_json::nlohmann_json OpenSSL::Crypto Boost::headers
  PRIVATE heddle_flags)
if(HEDDLE_PCH)
  target_compile_options(heddle_cli_parts PRIVATE "${HEDDLE_PCH_FLAGS}")
  # Neither CLI11 nor nlohmann's JSON: every file that has them in a precompiled header compiles their functions once
  # more, whether it calls them or not, and that takes 7 s of the 8 s of a small file.
  target_precompile_headers(heddle_cli_parts PRIVATE <fmt/format.h> ${HEDDLE_PCH_HEADERS})
endif()

# Where an installed command finds the checker's runtime, from its own folder.
set_property(SOURCE "${PROJECT_SOURCE_DIR}/src/cli/check/runtime_path.cpp" APPEND PROPERTY
  COMPILE_DEFINITIONS "HEDDLE_LIBDIR=\"${CMAKE_INSTALL_LIBDIR}\"")

add_executable(heddle_cli "${PROJECT_SOURCE_DIR}/src/cli/main.cpp")
target_link_libraries(heddle_cli PRIVATE heddle_cli_parts heddle_flags)
add_dependencies(heddle_cli heddle_check)
# The process executor finds functions of the command by name, and stacks are printed with names.
set_target_properties(heddle_cli PROPERTIES OUTPUT_NAME heddle ENABLE_EXPORTS ON)
# Only for an installed command that was linked to libheddle.so.
set_target_properties(heddle_cli PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
