// Misbehaves on demand. By path: /loop never returns, /trap executes `unreachable`, /grow takes memory until the
// host refuses and then traps, /recurse overflows the call stack, /outside reads beyond memory. Anything else passes.
// Configuration {"configure": "fail" | "trap" | "loop"} does so at start.
#include "proxy_wasm.h"

static volatile u32 sink;

static void loop(void) { for (;;) sink++; }
static u32 grow(void) {
    u32 pages = 0;
    while (__builtin_wasm_memory_grow(0, 16) != (u32)-1) pages += 16;
    write_log(WARN, join(S("refused after pages: "), decimal(pages)));
    __builtin_trap();
}
__attribute__((noinline)) static u32 recurse(u32 depth) { // NOLINT: endless on purpose
    sink = depth;
    return depth == (u32)-1 ? 0 : recurse(depth + 1) + sink;
}

static int configured(u32 root) {
    str how = setting(root, "configure");
    if (equal(how, "trap")) __builtin_trap();
    if (equal(how, "loop")) loop();
    return !equal(how, "fail");
}

EXPORT(proxy_on_request_headers) u32 on_request_headers(u32 context, u32 count, u32 end) {
    (void)context, (void)count, (void)end;
    begin();
    str path = get(REQUEST_HEADERS, ":path");
    if (equal(path, "/loop")) loop();
    if (equal(path, "/trap")) __builtin_trap();
    if (equal(path, "/grow")) grow();
    if (equal(path, "/recurse")) sink = recurse(0);
    if (equal(path, "/outside")) sink = *(volatile u32 *)0xFFFFFFF0u;
    return CONTINUE;
}
