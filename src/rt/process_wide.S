// SPDX-License-Identifier: BSL-1.0
// The storage of what there is one of in a process or thread; process_wide.hpp says why it is defined here.
#include "process_wide.hpp"

	.macro	unique name, size, align
	.globl	\name
	.type	\name, %gnu_unique_object
	.size	\name, \size
	.balign	\align
\name:
	.zero	\size
	.endm

	.section .bss.heddle_process_wide, "aw", %nobits
	unique	heddle_0_1_parking_table, HEDDLE_PARKING_TABLE_SIZE, 64
	unique	heddle_0_1_process_state, HEDDLE_PROCESS_STATE_SIZE, 64
	unique	heddle_0_1_fork_generation, 4, 64
	unique	heddle_0_1_diagnosing, 4, 64
	unique	heddle_0_1_reader_slots, HEDDLE_READER_SLOTS_SIZE, 64

	.section .tbss.heddle_thread_wide, "awT", %nobits
	unique	heddle_0_1_thread_state, HEDDLE_THREAD_STATE_SIZE, 64

	.section .note.GNU-stack, "", %progbits
