// SPDX-License-Identifier: BSL-1.0
// The context switch for AArch64 (AAPCS64), and the first instructions of a fiber.
#if defined(__aarch64__)

	.text

// void heddle_fiber_switch(void** save, void* to)
//
// As on x86-64: callee-saved registers to the stack, stack pointer to *save, and on at `to`. A context, from its
// address upwards: x19 x20 … x28 x29, address to go on at (x30), d8 … d15. The FPCR is left alone, see fiber.hpp.
	.globl	heddle_fiber_switch
	.hidden	heddle_fiber_switch
	.type	heddle_fiber_switch, %function
	.p2align 4
heddle_fiber_switch:
	.cfi_startproc
	sub	sp, sp, #160
	.cfi_def_cfa_offset 160
	stp	x19, x20, [sp, #0]
	stp	x21, x22, [sp, #16]
	stp	x23, x24, [sp, #32]
	stp	x25, x26, [sp, #48]
	stp	x27, x28, [sp, #64]
	stp	x29, x30, [sp, #80]
	stp	d8, d9, [sp, #96]
	stp	d10, d11, [sp, #112]
	stp	d12, d13, [sp, #128]
	stp	d14, d15, [sp, #144]
	.cfi_offset x19, -160
	.cfi_offset x20, -152
	.cfi_offset x21, -144
	.cfi_offset x22, -136
	.cfi_offset x23, -128
	.cfi_offset x24, -120
	.cfi_offset x25, -112
	.cfi_offset x26, -104
	.cfi_offset x27, -96
	.cfi_offset x28, -88
	.cfi_offset x29, -80
	.cfi_offset x30, -72
	.cfi_offset d8, -64
	.cfi_offset d9, -56
	.cfi_offset d10, -48
	.cfi_offset d11, -40
	.cfi_offset d12, -32
	.cfi_offset d13, -24
	.cfi_offset d14, -16
	.cfi_offset d15, -8
	mov	x9, sp
	str	x9, [x0]
	mov	sp, x1			// from here on the same rules describe the other stack
	ldp	x19, x20, [sp, #0]
	ldp	x21, x22, [sp, #16]
	ldp	x23, x24, [sp, #32]
	ldp	x25, x26, [sp, #48]
	ldp	x27, x28, [sp, #64]
	ldp	x29, x30, [sp, #80]
	ldp	d8, d9, [sp, #96]
	ldp	d10, d11, [sp, #112]
	ldp	d12, d13, [sp, #128]
	ldp	d14, d15, [sp, #144]
	add	sp, sp, #160
	.cfi_def_cfa_offset 0
	br	x30			// not ret: the return predictor expects our own caller
	.cfi_endproc
	.size	heddle_fiber_switch, . - heddle_fiber_switch

// Where a fresh fiber goes on: x20(x19), which does not return. The outermost frame, as on x86-64.
	.globl	heddle_fiber_start
	.hidden	heddle_fiber_start
	.type	heddle_fiber_start, %function
	.p2align 4
heddle_fiber_start:
	.cfi_startproc
	.cfi_undefined x30
	mov	x0, x19
	blr	x20
	brk	#0
	.cfi_endproc
	.size	heddle_fiber_start, . - heddle_fiber_start

#endif
	.section .note.GNU-stack, "", %progbits
