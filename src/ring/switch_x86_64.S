/*
 * The coroutine switch for x86-64, System V ABI. The saved registers, from
 * the stack pointer up: r15 r14 r13 r12 rbx rbp, then the return address.
 */
	.text

/* void coro_switch(void **sp, void *to) */
	.globl	coro_switch
	.type	coro_switch, @function
	.p2align 4
coro_switch:
	.cfi_startproc
	pushq	%rbp
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset rbp, 0
	pushq	%rbx
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset rbx, 0
	pushq	%r12
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset r12, 0
	pushq	%r13
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset r13, 0
	pushq	%r14
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset r14, 0
	pushq	%r15
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset r15, 0
	movq	%rsp, (%rdi)
	movq	%rsi, %rsp
	popq	%r15
	.cfi_adjust_cfa_offset -8
	.cfi_restore r15
	popq	%r14
	.cfi_adjust_cfa_offset -8
	.cfi_restore r14
	popq	%r13
	.cfi_adjust_cfa_offset -8
	.cfi_restore r13
	popq	%r12
	.cfi_adjust_cfa_offset -8
	.cfi_restore r12
	popq	%rbx
	.cfi_adjust_cfa_offset -8
	.cfi_restore rbx
	popq	%rbp
	.cfi_adjust_cfa_offset -8
	.cfi_restore rbp
	/* Not ret: the processor would predict a return to the other stack. */
	popq	%rcx
	.cfi_adjust_cfa_offset -8
	.cfi_register rip, rcx
	jmpq	*%rcx
	.cfi_endproc
	.size	coro_switch, . - coro_switch

/* void *coro_frame(void *top, void (*entry)(void *), void *arg) */
	.globl	coro_frame
	.type	coro_frame, @function
	.p2align 4
coro_frame:
	.cfi_startproc
	/* 7 words; 72 leaves the stack aligned to 16 when they are popped. */
	leaq	-72(%rdi), %rax
	leaq	coro_start(%rip), %rcx
	xorl	%r8d, %r8d
	movq	%r8, (%rax)
	movq	%r8, 8(%rax)
	movq	%r8, 16(%rax)
	movq	%rsi, 24(%rax)		/* r12 */
	movq	%rdx, 32(%rax)		/* rbx */
	movq	%r8, 40(%rax)		/* rbp: end of the frame chain */
	movq	%rcx, 48(%rax)
	ret
	.cfi_endproc
	.size	coro_frame, . - coro_frame

	.type	coro_start, @function
	.p2align 4
coro_start:
	.cfi_startproc
	.cfi_undefined rip		/* debuggers stop here */
	movq	%rbx, %rdi
	callq	*%r12
	ud2				/* the entry never returns */
	.cfi_endproc
	.size	coro_start, . - coro_start

	.section .note.GNU-stack, "", @progbits
