// Collects the whole response body and puts another of the same size in its place.
#include "proxy_wasm.h"

static int configured(u32 root) { (void)root; return 1; }

enum { BODY_BYTES = 200 << 10 };
static char body[BODY_BYTES];

EXPORT(proxy_on_response_headers) u32 on_response_headers(u32 context, u32 count, u32 end) {
    (void)context, (void)count, (void)end;
    begin();
    proxy_remove_header_map_value(RESPONSE_HEADERS, "content-length", 14);
    proxy_add_header_map_value(RESPONSE_HEADERS, "x-bench", 7, "1", 1);
    return CONTINUE;
}

EXPORT(proxy_on_response_body) u32 on_response_body(u32 context, u32 size, u32 end) {
    (void)context;
    begin();
    if (!end) return PAUSE;
    for (u32 i = 0; i < BODY_BYTES; i += 1024) body[i] = 'b';
    return proxy_set_buffer_bytes(RESPONSE_BODY, 0, size, body, BODY_BYTES) == OK ? CONTINUE : PAUSE;
}
