// The plugin's heap. Blocks come in size classes (four per power of two, 16 bytes and up); a freed block goes to its
// class's free list and is reused by the next block of that class. Nothing is merged: a plugin allocates the same few
// shapes for every request, so memory settles at the peak of each class and every operation takes constant time.
#include "CProxyWasmShims.h"

#ifdef __wasm__

#define GRAIN 16u
#define CLASSES 112

// Stands right before every block handed out.
struct header { uint32_t class; uint32_t offset; };  // offset: from the start of the raw block to the payload
struct raw { struct raw *next; };

extern uint8_t __heap_base;
static struct raw *free_lists[CLASSES];
static uint32_t heap_next;

// The class that holds `size` bytes, and that class's real size in `*rounded`; -1 when nothing is that large.
static int32_t class_of(uint32_t size, uint32_t *rounded) {
    if (size <= 64) {
        *rounded = (size + GRAIN - 1) & ~(GRAIN - 1);
        return (int32_t)(*rounded / GRAIN) - 1;
    }
    if (size > 0x70000000u) return -1;
    uint32_t power = 31 - (uint32_t)__builtin_clz(size - 1);  // 2^power < size <= 2^(power+1)
    uint32_t step = 1u << (power - 2);
    uint32_t quarter = (size - 1 - (1u << power)) / step;  // 0…3
    *rounded = (1u << power) + (quarter + 1) * step;
    return (int32_t)(4 + (power - 6) * 4 + quarter);
}

static uint8_t *carve(uint32_t size) {
    if (!heap_next) heap_next = ((uint32_t)&__heap_base + GRAIN - 1) & ~(GRAIN - 1);
    uint64_t end = (uint64_t)heap_next + size;
    uint64_t have = (uint64_t)__builtin_wasm_memory_size(0) << 16;
    if (end > have) {
        if (end > 0xFFFFFFFFull) return NULL;
        if (__builtin_wasm_memory_grow(0, (size_t)((end - have + 0xFFFF) >> 16)) == (size_t)-1) return NULL;
    }
    uint8_t *block = (uint8_t *)heap_next;
    heap_next = (uint32_t)end;
    return block;
}

static void *take(uint32_t size, uint32_t alignment) {
    uint32_t slack = alignment > GRAIN ? alignment : GRAIN;  // room for the header, payload aligned
    uint32_t rounded;
    if (size > 0x70000000u - slack) return NULL;
    int32_t class = class_of(size + slack, &rounded);
    if (class < 0) return NULL;
    uint8_t *block = (uint8_t *)free_lists[class];
    if (block) {
        free_lists[class] = free_lists[class]->next;
    } else if (!(block = carve(rounded))) {
        return NULL;
    }
    uint32_t payload = ((uint32_t)block + sizeof(struct header) + slack - 1) & ~(slack - 1);
    struct header *header = (struct header *)(payload - sizeof(struct header));
    header->class = (uint32_t)class;
    header->offset = payload - (uint32_t)block;
    return (void *)payload;
}

void free(void *pointer) {
    if (!pointer) return;
    struct header *header = (struct header *)((uint32_t)pointer - sizeof(struct header));
    if (header->class >= CLASSES) __builtin_trap();  // not ours, or overwritten
    struct raw *block = (struct raw *)((uint32_t)pointer - header->offset);
    uint32_t class = header->class;
    header->class = CLASSES;  // a second free of the same block traps
    block->next = free_lists[class];
    free_lists[class] = block;
}

int posix_memalign(void **result, size_t alignment, size_t size) {
    void *block = take((uint32_t)size, (uint32_t)alignment);
    if (!block) return 12;
    *result = block;
    return 0;
}

void *malloc(size_t size) { return take((uint32_t)size, GRAIN); }

// The host calls this to place values in the plugin's memory.
void *proxy_on_memory_allocate(uint32_t size) { return take(size, GRAIN); }

void proxy_wasm_release(void *block) { free(block); }

#else

void free(void *);
void proxy_wasm_release(void *block) { free(block); }

#endif
