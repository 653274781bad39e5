// SPDX-License-Identifier: BSL-1.0
// The context switch for x86-64 (System V ABI), and the first instructions of a fiber.
#if defined(__x86_64__)

	.text

// void heddle_fiber_switch(void** save, void* to)
//
// Saves the callee-saved registers on the stack and the stack pointer in *save, and goes on at `to`, which was saved
// in the same way. It ends in a jump and not in ret: the return predictor expects the return to our own caller, so a
// ret here would always be mispredicted (8.8 ns against 2.5 ns). MXCSR and the x87 control word are left alone, see
// fiber.hpp. A context, from its address upwards: r15 r14 r13 r12 rbx rbp, address to go on at.
	.globl	heddle_fiber_switch
	.hidden	heddle_fiber_switch
	.type	heddle_fiber_switch, @function
	.p2align 4
heddle_fiber_switch:
	.cfi_startproc
	pushq	%rbp
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %rbp, 0
	pushq	%rbx
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %rbx, 0
	pushq	%r12
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r12, 0
	pushq	%r13
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r13, 0
	pushq	%r14
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r14, 0
	pushq	%r15
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r15, 0
	movq	%rsp, (%rdi)
	movq	%rsi, %rsp		// from here on the same rules describe the other stack
	popq	%r15
	.cfi_adjust_cfa_offset -8
	.cfi_restore %r15
	popq	%r14
	.cfi_adjust_cfa_offset -8
	.cfi_restore %r14
	popq	%r13
	.cfi_adjust_cfa_offset -8
	.cfi_restore %r13
	popq	%r12
	.cfi_adjust_cfa_offset -8
	.cfi_restore %r12
	popq	%rbx
	.cfi_adjust_cfa_offset -8
	.cfi_restore %rbx
	popq	%rbp
	.cfi_adjust_cfa_offset -8
	.cfi_restore %rbp
	popq	%rcx
	.cfi_adjust_cfa_offset -8
	.cfi_register %rip, %rcx
	jmp	*%rcx
	.cfi_endproc
	.size	heddle_fiber_switch, . - heddle_fiber_switch

// Where a fresh fiber goes on: r13(r12), which does not return. That the return address is undefined tells debuggers
// and unwinders that this is the outermost frame; those that follow frame pointers stop at rbp, which is 0.
	.globl	heddle_fiber_start
	.hidden	heddle_fiber_start
	.type	heddle_fiber_start, @function
	.p2align 4
heddle_fiber_start:
	.cfi_startproc
	.cfi_undefined %rip
	movq	%r12, %rdi
	callq	*%r13
	ud2
	.cfi_endproc
	.size	heddle_fiber_start, . - heddle_fiber_start

#endif
	.section .note.GNU-stack, "", %progbits
