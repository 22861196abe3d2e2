/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A signal frame as the kernel builds it for a handler (arch/x86/kernel/signal_64.c, x64_setup_rt_frame), so that
 * rt_sigreturn(2) resumes a thread that the engine has borrowed, also when the engine is dead by then.
 */
#include "capture_arch.h"

#include <string.h>

struct frame_context { /* arch/x86/include/uapi/asm/sigcontext.h struct sigcontext_64 */
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
    uint16_t cs, gs, fs, ss;
    uint64_t err, trapno, oldmask, cr2, fpstate, reserved[8];
};
_Static_assert(sizeof(struct frame_context) == 256, "struct sigcontext_64");

struct frame { /* struct rt_sigframe with struct ucontext */
    uint64_t restorer;
    uint64_t flags;
    uint64_t link;
    struct {
        uint64_t address;
        uint32_t flags, reserved;
        uint64_t size;
    } stack;
    struct frame_context context;
    uint64_t mask;
    uint8_t info[128];
};
_Static_assert(sizeof(struct frame) == 8 + 304 + 128, "struct rt_sigframe");

#define UC_FP_XSTATE 0x1
#define UC_SIGCONTEXT_SS 0x2
#define UC_STRICT_RESTORE_SS 0x4
/* The frame must not change the alternate stack, which we do not know yet: flags that do not exist make the kernel's
 * do_sigaltstack() fail with EINVAL, which rt_sigreturn ignores (kernel/signal.c, restore_altstack). */
#define NO_SUCH_STACK_FLAGS 0x7f

struct software_area { /* struct _fpx_sw_bytes */
    uint32_t magic, extended_size;
    uint64_t features;
    uint32_t xstate_size, padding[7];
};
_Static_assert(sizeof(struct software_area) == 48, "struct _fpx_sw_bytes");

#define XSTATE_MAGIC 0x46505853u     /* FP_XSTATE_MAGIC1 */
#define XSTATE_END_MAGIC 0x46505845u /* FP_XSTATE_MAGIC2, behind the area */
#define SOFTWARE_AREA 464            /* bytes from the start of the area, Intel SDM 1 figure 10-1 */
#define XSTATE_HEADER 512
#define FEATURE_TILE_DATA (UINT64_C(1) << 18)
#define TILE_DATA_OFFSET 2816        /* CPUID 0xD.18; the last component and the only one given on request */
#define FRAME_OFFSET 192             /* room for the displacement of a gadget in front */

static size_t align64(size_t size)
{
    return (size + 63) & ~(size_t)63;
}

size_t signal_frame_size(size_t xstate_size)
{
    return align64(FRAME_OFFSET + sizeof(struct frame)) + align64(xstate_size + sizeof(uint32_t));
}

/* The kernel takes back at most what the thread may use: tile data only when it was asked for, arch/x86/kernel/fpu/
 * signal.c check_xstate_in_sigframe. */
static size_t usable_xstate(const uint8_t *xstate, size_t size)
{
    uint64_t present;
    memcpy(&present, xstate + XSTATE_HEADER, sizeof(present));
    return size > TILE_DATA_OFFSET && !(present & FEATURE_TILE_DATA) ? TILE_DATA_OFFSET : size;
}

uint64_t build_signal_frame(uint8_t *frame, uint64_t address, const struct gadgets *gadgets,
                            const struct user_regs_struct *registers, uint64_t mask, const uint8_t *xstate,
                            size_t xstate_size)
{
    size_t vector = align64(FRAME_OFFSET + sizeof(struct frame));
    struct frame signal = {
        .restorer = gadgets->restorer,
        .flags = UC_FP_XSTATE | UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS,
        .stack.flags = NO_SUCH_STACK_FLAGS,
        .context = {
            .r8 = registers->r8, .r9 = registers->r9, .r10 = registers->r10, .r11 = registers->r11,
            .r12 = registers->r12, .r13 = registers->r13, .r14 = registers->r14, .r15 = registers->r15,
            .rdi = registers->rdi, .rsi = registers->rsi, .rbp = registers->rbp, .rbx = registers->rbx,
            .rdx = registers->rdx, .rax = registers->rax, .rcx = registers->rcx, .rsp = registers->rsp,
            .rip = registers->rip, .rflags = registers->eflags,
            .cs = (uint16_t)registers->cs, .ss = (uint16_t)registers->ss,
            .fpstate = address + vector,
        },
        .mask = mask,
    };
    memset(frame, 0, signal_frame_size(xstate_size));
    memcpy(frame + FRAME_OFFSET, &signal, sizeof(signal));

    size_t size = usable_xstate(xstate, xstate_size);
    struct software_area software = {.magic = XSTATE_MAGIC, .xstate_size = (uint32_t)size};
    software.extended_size = (uint32_t)size + sizeof(uint32_t);
    memcpy(&software.features, xstate + SOFTWARE_AREA, sizeof(software.features)); /* put there by the kernel */
    memcpy(frame + vector, xstate, size);
    memcpy(frame + vector + SOFTWARE_AREA, &software, sizeof(software));
    uint32_t end = XSTATE_END_MAGIC;
    memcpy(frame + vector + size, &end, sizeof(end));
    return address + FRAME_OFFSET - gadgets->returning.displacement;
}

uint64_t signal_frame_argument(uint64_t address)
{
    return address + FRAME_OFFSET + offsetof(struct frame, context.rdi);
}

void set_syscall(struct user_regs_struct *registers, uint64_t address, uint64_t stack, long number,
                 const uint64_t arguments[6])
{
    registers->rip = address;
    registers->rsp = stack;
    registers->rax = (uint64_t)number;
    registers->orig_rax = (uint64_t)-1;
    registers->rdi = arguments[0];
    registers->rsi = arguments[1];
    registers->rdx = arguments[2];
    registers->r10 = arguments[3];
    registers->r8 = arguments[4];
    registers->r9 = arguments[5];
}
