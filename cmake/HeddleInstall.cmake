# SPDX-License-Identifier: BSL-1.0
# What `cmake --install` copies, and the two ways of finding it again: a CMake package and a pkg-config file.
include(CMakePackageConfigHelpers)
set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/heddle")

install(TARGETS heddle EXPORT heddle-targets FILE_SET HEADERS)
if(TARGET heddle_cli)
  install(TARGETS heddle_cli)
  # The checker's runtime, which the command loads into programs, and the name by which g++ finds it in place of
  # ThreadSanitizer's (src/cli/check/compiler.cpp).
  install(TARGETS heddle_check heddle_check_library EXPORT heddle-targets)
  install(TARGETS heddle_sched EXPORT heddle-targets)
  install(CODE "set(tsan_dir \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/heddle-tsan\")
    file(MAKE_DIRECTORY \"\${tsan_dir}\")
    file(CREATE_LINK ../libheddle_check.so \"\${tsan_dir}/libtsan.so\" SYMBOLIC)")
  install(FILES "${CMAKE_CURRENT_LIST_DIR}/HeddleCheck.cmake" DESTINATION "${package_dir}" RENAME heddle-check.cmake)
endif()
install(EXPORT heddle-targets NAMESPACE heddle:: DESTINATION "${package_dir}")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")

configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/heddle-config.cmake.in"
  "${PROJECT_BINARY_DIR}/package/heddle-config.cmake" INSTALL_DESTINATION "${package_dir}")
# Before 1.0 a new minor version may break what was there.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/package/heddle-config-version.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES
  "${PROJECT_BINARY_DIR}/package/heddle-config.cmake"
  "${PROJECT_BINARY_DIR}/package/heddle-config-version.cmake"
  DESTINATION "${package_dir}")

# Relative to the file where possible, so that an installed tree can be moved.
foreach(kind IN ITEMS LIB INCLUDE)
  string(TOLOWER ${kind} name)
  if(IS_ABSOLUTE "${CMAKE_INSTALL_${kind}DIR}")
    set(pc_${name}dir "${CMAKE_INSTALL_${kind}DIR}")
  else()
    set(pc_${name}dir "\${prefix}/${CMAKE_INSTALL_${kind}DIR}")
  endif()
endforeach()
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  set(pc_prefix "${CMAKE_INSTALL_PREFIX}")
else()
  file(RELATIVE_PATH pc_up "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
  string(REGEX REPLACE "/$" "" pc_up "${pc_up}")
  set(pc_prefix "\${pcfiledir}/${pc_up}")
endif()
get_property(pc_exports GLOBAL PROPERTY HEDDLE_EXPORTS)
configure_file("${CMAKE_CURRENT_LIST_DIR}/heddle.pc.in" "${PROJECT_BINARY_DIR}/package/heddle.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/package/heddle.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
