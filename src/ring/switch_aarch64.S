/*
 * The coroutine switch for AArch64, AAPCS64. The saved registers, from the
 * stack pointer up: x19 to x30, then d8 to d15: 160 bytes.
 */
	.text

/* void coro_switch(void **sp, void *to) */
	.globl	coro_switch
	.type	coro_switch, %function
	.p2align 4
coro_switch:
	.cfi_startproc
	sub	sp, sp, #160
	.cfi_adjust_cfa_offset 160
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
	.cfi_rel_offset x29, 80
	.cfi_rel_offset x30, 88
	mov	x9, sp
	str	x9, [x0]
	mov	sp, x1
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
	.cfi_restore x29
	.cfi_restore x30
	add	sp, sp, #160
	.cfi_adjust_cfa_offset -160
	/* Not ret: the processor would predict a return to the other stack. */
	br	x30
	.cfi_endproc
	.size	coro_switch, . - coro_switch

/* void *coro_frame(void *top, void (*entry)(void *), void *arg) */
	.globl	coro_frame
	.type	coro_frame, %function
	.p2align 4
coro_frame:
	.cfi_startproc
	sub	x0, x0, #160
	adr	x9, coro_start
	stp	x2, x1, [x0, #0]	/* x19, x20 */
	stp	xzr, x9, [x0, #80]	/* x29: end of the frame chain; x30 */
	ret
	.cfi_endproc
	.size	coro_frame, . - coro_frame

	.type	coro_start, %function
	.p2align 4
coro_start:
	.cfi_startproc
	.cfi_undefined x30		/* debuggers stop here */
	mov	x0, x19
	blr	x20
	brk	#0			/* the entry never returns */
	.cfi_endproc
	.size	coro_start, . - coro_start

	.section .note.GNU-stack, "", %progbits
