# SPDX-License-Identifier: BSL-1.0
# Prints a value of a JSON file: cmake -DFILE=x -DWHAT=get|length -DKEYS=models;0;wall_s -P json.cmake
file(READ "${FILE}" text)
string(TOUPPER "${WHAT}" what)
string(JSON value ${what} "${text}" ${KEYS})
message("${value}")
