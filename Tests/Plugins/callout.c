// Asks another service before the request goes on.
// Configuration: {"cluster": "…", "path": "/check", "authority": "auth", "timeout": 500, "then": "continue"|"respond"}
// "continue" (default): sets the request header `x-callout-status` and resumes. "respond": answers with the
// callee's status and body. No answer gives "failed"; a refused call gives "refused-STATUS" and the request goes on.
#include "proxy_wasm.h"

#define CALLS 256
static struct { u32 token, context; } calls[CALLS];

static int configured(u32 root) { (void)root; return 1; }
static str or(str value, const char *fallback) { return value.size ? value : S(fallback); }

EXPORT(proxy_on_request_headers) u32 on_request_headers(u32 context, u32 count, u32 end) {
    (void)count, (void)end;
    begin();
    u32 root = root_of(context), token = 0;
    str cluster = setting(root, "cluster");
    str items[] = {S(":method"), S("GET"), S(":path"), or(setting(root, "path"), "/check"),
                   S(":authority"), or(setting(root, "authority"), "callout"), S("x-for"),
                   get(REQUEST_HEADERS, ":path")};
    str map = pairs(items, 4);
    u32 status = proxy_http_call(cluster.data, cluster.size, map.data, map.size, 0, 0, 0, 0,
                                 number(setting(root, "timeout"), 500), &token);
    for (u32 i = 0; status == OK && i < CALLS; i++) {
        if (calls[i].context) continue;
        calls[i].token = token;
        calls[i].context = context;
        return PAUSE;
    }
    replace(REQUEST_HEADERS, "x-callout-status", join(S("refused-"), decimal(status)));
    return CONTINUE;
}

EXPORT(proxy_on_http_call_response)
void on_http_call_response(u32 root, u32 token, u32 count, u32 body_size, u32 trailers) {
    (void)trailers;
    begin();
    for (u32 i = 0; i < CALLS; i++) {
        if (!calls[i].context || calls[i].token != token) continue;
        u32 context = calls[i].context;
        calls[i].context = 0;
        if (proxy_set_effective_context(context) != OK) return;
        str status = count ? get(CALL_HEADERS, ":status") : S("failed");
        if (equal(setting(root, "then"), "respond")) {
            str body = {0, 0}, header[] = {S("x-callout-status"), status};
            if (body_size) proxy_get_buffer_bytes(CALL_BODY, 0, body_size, &body.data, &body.size);
            respond(count ? number(status, 502) : 502, "callout", body, header, 1);
            return;
        }
        replace(REQUEST_HEADERS, "x-callout-status", status);
        proxy_continue_stream(0);
    }
}

EXPORT(proxy_on_delete) void on_delete(u32 context) {
    for (u32 i = 0; i < CALLS; i++) if (calls[i].context == context) calls[i].context = 0;
}
