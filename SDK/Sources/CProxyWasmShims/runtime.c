// What the Embedded Swift runtime expects from a C library, and the entry points of the module.
#include "CProxyWasmShims.h"

#ifdef __wasm__

void *memcpy(void *restrict to, const void *restrict from, size_t count) { return __builtin_memcpy(to, from, count); }
void *memmove(void *to, const void *from, size_t count) { return __builtin_memmove(to, from, count); }
void *memset(void *to, int value, size_t count) { return __builtin_memset(to, value, count); }

int memcmp(const void *a, const void *b, size_t count) {
    const uint8_t *left = a, *right = b;
    for (size_t i = 0; i < count; i++) {
        if (left[i] != right[i]) return left[i] < right[i] ? -1 : 1;
    }
    return 0;
}

uintptr_t __stack_chk_guard = 0x2F5C9A31u;
__attribute__((noreturn)) void __stack_chk_fail(void) { __builtin_trap(); }

__attribute__((import_module("wasi_snapshot_preview1"), import_name("random_get"))) extern uint32_t
wasi_random_get(void *bytes, size_t count);

// Seeds hashing when a plugin uses Set or Dictionary; hosts serve at most 64 KiB a call.
void arc4random_buf(void *bytes, size_t count) {
    uint8_t *at = bytes;
    while (count) {
        size_t part = count < 4096 ? count : 4096;
        if (wasi_random_get(at, part) != 0) __builtin_trap();
        at += part;
        count -= part;
    }
}

// Standard output of `print` becomes nothing: plugins log through the host.
int putchar(int character) { return character; }

extern void __wasm_call_ctors(void);
extern int __main_argc_argv(int, char **);  // the plugin's main.swift

void proxy_abi_version_0_2_1(void) {}

// The plugin's top-level code (main.swift) registers its root context.
void _initialize(void) {
    __wasm_call_ctors();
    __main_argc_argv(0, NULL);
}

#endif
