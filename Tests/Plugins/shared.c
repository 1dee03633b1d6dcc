// Counts requests in shared data with compare-and-swap, over all VMs of the same vm_id.
// Configuration: {"key": "…"} (default "count"). The response carries `x-shared-count` (this request's number).
#include "proxy_wasm.h"

static int configured(u32 root) { (void)root; return 1; }

EXPORT(proxy_on_request_headers) u32 on_request_headers(u32 context, u32 count, u32 end) {
    (void)count, (void)end;
    begin();
    str key = setting(root_of(context), "key");
    if (!key.size) key = S("count");
    for (u32 attempt = 0; attempt < 10000; attempt++) {
        begin();
        str value = {0, 0};
        u32 cas = 0;
        proxy_get_shared_data(key.data, key.size, &value.data, &value.size, &cas);
        u32 next = number(value, 0) + 1;
        str text = decimal(next);
        if (proxy_set_shared_data(key.data, key.size, text.data, text.size, cas) != OK) continue;
        *state(context) = next;
        return CONTINUE;
    }
    write_log(ERROR, S("shared counter: gave up"));
    return CONTINUE;
}

EXPORT(proxy_on_response_headers) u32 on_response_headers(u32 context, u32 count, u32 end) {
    (void)count, (void)end;
    begin();
    replace(RESPONSE_HEADERS, "x-shared-count", decimal(*state(context)));
    return CONTINUE;
}
