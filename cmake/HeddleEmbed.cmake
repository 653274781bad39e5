# SPDX-License-Identifier: BSL-1.0

# heddle_embed(<name.cpp> FILE <file> HEADER <header> SYMBOL <namespace::name>)
#
# Writes the source file <name.cpp> into the current binary folder. It defines the std::string_view that <header> declares,
# with the bytes of <file>. The assembler copies them in (.incbin): as a string literal or an array, a file of a few
# hundred kilobytes takes a compiler seconds.
function(heddle_embed output)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "FILE;HEADER;SYMBOL" "")
  file(REAL_PATH "${arg_FILE}" EMBED_FILE)
  file(SIZE "${EMBED_FILE}" EMBED_SIZE)
  string(REGEX MATCH "^(.*)::([^:]+)$" matched "${arg_SYMBOL}")
  set(EMBED_NAMESPACE "${CMAKE_MATCH_1}")
  set(EMBED_NAME "${CMAKE_MATCH_2}")
  set(EMBED_HEADER "${arg_HEADER}")
  configure_file("${CMAKE_CURRENT_FUNCTION_LIST_DIR}/embed.cpp.in" "${output}" @ONLY)
  # The size is in the text: configure again when the file is another one.
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${EMBED_FILE}")
  set_property(SOURCE "${CMAKE_CURRENT_BINARY_DIR}/${output}" PROPERTY OBJECT_DEPENDS "${EMBED_FILE}")
endfunction()
