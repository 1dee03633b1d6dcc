// The smallest plugin that does what most do: reads one request header, replaces one, adds one to the response.
#include "proxy_wasm.h"

static int configured(u32 root) { (void)root; return 1; }

EXPORT(proxy_on_request_headers) u32 on_request_headers(u32 context, u32 count, u32 end) {
    (void)context, (void)count, (void)end;
    begin();
    replace(REQUEST_HEADERS, "x-bench-path", get(REQUEST_HEADERS, ":path"));
    return CONTINUE;
}

EXPORT(proxy_on_response_headers) u32 on_response_headers(u32 context, u32 count, u32 end) {
    (void)context, (void)count, (void)end;
    begin();
    proxy_add_header_map_value(RESPONSE_HEADERS, "x-bench", 7, "1", 1);
    return CONTINUE;
}
