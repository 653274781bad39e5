# SPDX-License-Identifier: BSL-1.0

# heddle_check(<target>…)
#
# Builds the targets for `heddle check` and heddle::check::explore(): every access to memory that threads may conflict on
# becomes a place where another may go on, and data races are seen. The compiler's instrumentation for threads, with
# heddle's runtime in place of ThreadSanitizer's. Libraries that the targets link show what they do only if they are
# given to heddle_check() too. Not together with -fsanitize.
function(heddle_check)
  foreach(target IN LISTS ARGN)
    target_compile_options(${target} PRIVATE -fsanitize=thread -g)
    # GCC warns that it does not instrument fences, and of memory orders that it no longer knows to be constants.
    target_compile_options(${target} PRIVATE
      $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:GNU>>:-Wno-tsan;-Wno-invalid-memory-model>
      $<$<AND:$<COMPILE_LANGUAGE:C>,$<C_COMPILER_ID:GNU>>:-Wno-tsan;-Wno-invalid-memory-model>)
    target_link_libraries(${target} PUBLIC heddle::check_runtime)
  endforeach()
endfunction()
