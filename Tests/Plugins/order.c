// Shows who ran when: appends its name to `x-order` in requests and in responses ("a", then "a,b").
// Configuration: the name itself, or {"name": "…"}.
#include "proxy_wasm.h"

static int configured(u32 root) { (void)root; return 1; }

static u32 append(u32 context, u32 map) {
    begin();
    str before = get(map, "x-order"), name = plugin_name(root_of(context));
    replace(map, "x-order", before.size ? join(join(before, S(",")), name) : name);
    return CONTINUE;
}

EXPORT(proxy_on_request_headers) u32 on_request_headers(u32 context, u32 count, u32 end) {
    (void)count, (void)end;
    return append(context, REQUEST_HEADERS);
}

EXPORT(proxy_on_response_headers) u32 on_response_headers(u32 context, u32 count, u32 end) {
    (void)count, (void)end;
    return append(context, RESPONSE_HEADERS);
}
