// Holds each request until the next tick, then sets `x-tick: N` (the tick's number) and resumes it.
// Configuration: {"period": 20} in milliseconds.
#include "proxy_wasm.h"

#define HELD 1024
static u32 held[HELD], ticks;

static int configured(u32 root) {
    return proxy_set_tick_period_milliseconds(number(setting(root, "period"), 20)) == OK;
}

EXPORT(proxy_on_request_headers) u32 on_request_headers(u32 context, u32 count, u32 end) {
    (void)count, (void)end;
    begin();
    for (u32 i = 0; i < HELD; i++) {
        if (held[i]) continue;
        held[i] = context;
        return PAUSE;
    }
    return CONTINUE;
}

EXPORT(proxy_on_tick) void on_tick(u32 root) {
    begin();
    ticks++;
    for (u32 i = 0; i < HELD; i++) {
        u32 context = held[i];
        if (!context || root_of(context) != root) continue;
        held[i] = 0;
        if (proxy_set_effective_context(context) != OK) continue;
        replace(REQUEST_HEADERS, "x-tick", decimal(ticks));
        proxy_continue_stream(0);
    }
}

EXPORT(proxy_on_delete) void on_delete(u32 context) {
    for (u32 i = 0; i < HELD; i++) if (held[i] == context) held[i] = 0;
}
