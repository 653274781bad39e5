# SPDX-License-Identifier: BSL-1.0
# Writes OUT, which is SOURCE with the text in the file TEXT, which must be there once, replaced by that in the file BUG:
#   cmake -D SOURCE=… -D TEXT=… -D BUG=… -D OUT=… -P plant.cmake
file(READ "${SOURCE}" source)
file(READ "${TEXT}" text)
file(READ "${BUG}" bug)
string(FIND "${source}" "${text}" first)
string(FIND "${source}" "${text}" last REVERSE)
if(first EQUAL -1)
  message(FATAL_ERROR "${SOURCE} has changed: it does not contain what a planted bug replaces, and the bug has to be planted "
    "anew in tests/checked/planted/CMakeLists.txt:\n${text}")
elseif(NOT first EQUAL last)
  message(FATAL_ERROR "${SOURCE} contains more than once what a planted bug replaces; tests/checked/planted/CMakeLists.txt must "
    "say which is meant:\n${text}")
endif()
string(REPLACE "${text}" "${bug}" source "${source}")
file(WRITE "${OUT}" "#line 1 \"${SOURCE}\"\n${source}")
