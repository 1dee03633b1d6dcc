// Shows its WASI environment: one response header `x-env: KEY=VALUE` per variable, and `x-env-count: N`.
#include "proxy_wasm.h"

WASI(environ_sizes_get) u32 environ_sizes_get(u32 *count, u32 *size);
WASI(environ_get) u32 environ_get(char **entries, char *text);

static int configured(u32 root) { (void)root; return 1; }

EXPORT(proxy_on_response_headers) u32 on_response_headers(u32 context, u32 count, u32 end) {
    (void)context, (void)count, (void)end;
    begin();
    u32 variables = 0, size = 0;
    if (environ_sizes_get(&variables, &size) != 0) return CONTINUE;
    char **entries = allocate(variables * 4 + 4), *text = allocate(size + 1);
    if (environ_get(entries, text) != 0) return CONTINUE;
    for (u32 i = 0; i < variables; i++) add(RESPONSE_HEADERS, "x-env", S(entries[i]));
    replace(RESPONSE_HEADERS, "x-env-count", decimal(variables));
    return CONTINUE;
}
