// Preloaded into the gateway: counts its heap allocations in a file that whoever measures has mapped, too.
// Every call that may get memory counts, `free` does not.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static _Atomic uint64_t here;
static _Atomic uint64_t *_Atomic count = &here;

__attribute__((constructor)) static void open_counter(void) {
    const char *path = getenv("COUNT_ALLOCATIONS");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (page != MAP_FAILED) atomic_store(&count, page);
}

static void add(void) { atomic_fetch_add_explicit(atomic_load_explicit(&count, memory_order_relaxed), 1, memory_order_relaxed); }

void *malloc(size_t size) { return add(), __libc_malloc(size); }
void *calloc(size_t number, size_t size) { return add(), __libc_calloc(number, size); }
void *realloc(void *block, size_t size) { return add(), __libc_realloc(block, size); }
void *memalign(size_t alignment, size_t size) { return add(), __libc_memalign(alignment, size); }
void *aligned_alloc(size_t alignment, size_t size) { return add(), __libc_memalign(alignment, size); }

int posix_memalign(void **out, size_t alignment, size_t size) {
    add();
    void *block = __libc_memalign(alignment, size);
    if (!block) return ENOMEM;
    *out = block;
    return 0;
}
