// Reads `:path`, copies it into the request header `x-mizzen-path`, and adds `x-plugin: NAME` to the response.
// Configuration: the name itself, or {"name": "…"}.
#include "proxy_wasm.h"

static int configured(u32 root) { (void)root; return 1; }

EXPORT(proxy_on_request_headers) u32 on_request_headers(u32 context, u32 count, u32 end) {
    (void)context, (void)count, (void)end;
    begin();
    replace(REQUEST_HEADERS, "x-mizzen-path", get(REQUEST_HEADERS, ":path"));
    return CONTINUE;
}

EXPORT(proxy_on_response_headers) u32 on_response_headers(u32 context, u32 count, u32 end) {
    (void)count, (void)end;
    begin();
    add(RESPONSE_HEADERS, "x-plugin", plugin_name(root_of(context)));
    return CONTINUE;
}
