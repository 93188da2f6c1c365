/* A hardened longjmp(3) lets nobody jump to another stack, which is what this is about. */
#undef _FORTIFY_SOURCE

#include "base/fiber.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
#define HAS_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ADDRESS_SANITIZER 1
#endif
#endif

#ifdef HAS_ADDRESS_SANITIZER
#include <sanitizer/common_interface_defs.h>
#endif

#include "base/mem.h"

/* One side of a switch: where it goes on, and its stack, which the address sanitizer is told of. */
struct side {
    jmp_buf registers;
    ucontext_t *beginning; /* instead of these; NULL: it has begun */
    const void *stack;
    size_t size;
    void *shadow; /* the sanitizer's */
};

struct fiber {
    struct side inside, outside;
    void (*run)(void *context);
    void *context;
    bool ended;
    ucontext_t beginning;
    char *block; /* a page that nobody may touch, below the stack */
    size_t block_size;
};

static _Thread_local struct fiber *current;

/* ---- The switch ---- */

static void leave_for(struct side *from, const struct side *to, bool for_good)
{
#ifdef HAS_ADDRESS_SANITIZER
    __sanitizer_start_switch_fiber(for_good ? NULL : &from->shadow, to->stack, to->size);
#else
    (void)from, (void)to, (void)for_good;
#endif
}

static void arrive_from(const struct side *self, struct side *from)
{
#ifdef HAS_ADDRESS_SANITIZER
    __sanitizer_finish_switch_fiber(self->shadow, &from->stack, &from->size);
#else
    (void)self, (void)from;
#endif
}

/* swapcontext(3) would ask the kernel twice each time. */
static void __attribute__((noinline)) go(struct side *from, struct side *to)
{
    ucontext_t *beginning = to->beginning;
    if (_setjmp(from->registers))
        return;
    to->beginning = NULL;
    if (beginning)
        setcontext(beginning);
    else
        _longjmp(to->registers, 1);
}

/* Where a fiber begins. */
static void enter(void)
{
    struct fiber *fiber = current;
    arrive_from(&fiber->inside, &fiber->outside);
    fiber->run(fiber->context);
    fiber->ended = true;
    leave_for(&fiber->inside, &fiber->outside, true);
    _longjmp(fiber->outside.registers, 1);
}

void fiber_resume(struct fiber *fiber)
{
    current = fiber;
    leave_for(&fiber->outside, &fiber->inside, false);
    go(&fiber->outside, &fiber->inside);
    arrive_from(&fiber->outside, &fiber->inside);
    current = NULL;
}

void fiber_give_way(void)
{
    struct fiber *fiber = current;
    leave_for(&fiber->inside, &fiber->outside, false);
    go(&fiber->inside, &fiber->outside);
    arrive_from(&fiber->inside, &fiber->outside);
}

bool fiber_has_ended(const struct fiber *fiber)
{
    return fiber->ended;
}

/* ---- Its life ---- */

static size_t stack_size(void)
{
    pthread_attr_t usual;
    size_t size = 0;
    if (pthread_attr_init(&usual) == 0) {
        pthread_attr_getstacksize(&usual, &size);
        pthread_attr_destroy(&usual);
    }
    return size;
}

struct fiber *fiber_new(void (*run)(void *context), void *context)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), size = stack_size();
    char *block = mmap(NULL, page + size, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (block == MAP_FAILED)
        return NULL;
    if (mprotect(block + page, size, PROT_READ | PROT_WRITE) != 0) {
        munmap(block, page + size);
        return NULL;
    }
    struct fiber *fiber = mem_zero(1, sizeof *fiber);
    fiber->run = run;
    fiber->context = context;
    fiber->block = block;
    fiber->block_size = page + size;
    fiber->inside.stack = block + page;
    fiber->inside.size = size;
    fiber->inside.beginning = &fiber->beginning;
    getcontext(&fiber->beginning);
    fiber->beginning.uc_stack.ss_sp = block + page;
    fiber->beginning.uc_stack.ss_size = size;
    makecontext(&fiber->beginning, enter, 0);
    return fiber;
}

void fiber_destroy(struct fiber **fiber)
{
    if (!*fiber)
        return;
    munmap((*fiber)->block, (*fiber)->block_size);
    free(*fiber);
    *fiber = NULL;
}
