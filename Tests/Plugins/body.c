// Collects a body to its end, then edits it.
// Configuration: {"request": MODE, "response": MODE, "text": "…", "contentLength": "remove"|"keep"}
// with MODE one of "replace", "append", "prepend", "upper" (rewrites in place), "pass" (collects, changes nothing);
// a direction without a mode is left alone. `contentLength` defaults to "remove".
#include "proxy_wasm.h"

static int configured(u32 root) { (void)root; return 1; }

static u32 edit(u32 root, u32 buffer, str mode) {
    str text = setting(root, "text");
    if (equal(mode, "replace")) return proxy_set_buffer_bytes(buffer, 0, 0x7FFFFFFF, text.data, text.size);
    if (equal(mode, "append")) return proxy_set_buffer_bytes(buffer, 0x7FFFFFFF, 0, text.data, text.size);
    if (equal(mode, "prepend")) return proxy_set_buffer_bytes(buffer, 0, 0, text.data, text.size);
    if (!equal(mode, "upper")) return OK;
    str body = {0, 0};
    proxy_get_buffer_bytes(buffer, 0, 0x7FFFFFFF, &body.data, &body.size);
    char *out = (char *)body.data;
    for (u32 i = 0; i < body.size; i++) if (out[i] >= 'a' && out[i] <= 'z') out[i] -= 32;
    return proxy_set_buffer_bytes(buffer, 0, body.size, out, body.size);
}

static u32 on_headers(u32 context, u32 map, const char *direction) {
    begin();
    u32 root = root_of(context);
    if (setting(root, direction).size && !equal(setting(root, "contentLength"), "keep"))
        proxy_remove_header_map_value(map, "content-length", 14);
    return CONTINUE;
}

static u32 on_body(u32 context, u32 buffer, u32 end, const char *direction) {
    begin();
    str mode = setting(root_of(context), direction);
    if (!mode.size) return CONTINUE;
    if (!end) return PAUSE;
    if (edit(root_of(context), buffer, mode) != OK) write_log(ERROR, S("body not edited"));
    return CONTINUE;
}

EXPORT(proxy_on_request_headers) u32 on_request_headers(u32 context, u32 count, u32 end) {
    (void)count, (void)end;
    return on_headers(context, REQUEST_HEADERS, "request");
}
EXPORT(proxy_on_request_body) u32 on_request_body(u32 context, u32 size, u32 end) {
    (void)size;
    return on_body(context, REQUEST_BODY, end, "request");
}
EXPORT(proxy_on_request_trailers) u32 on_request_trailers(u32 context, u32 count) {
    (void)count;
    return on_body(context, REQUEST_BODY, 1, "request");
}
EXPORT(proxy_on_response_headers) u32 on_response_headers(u32 context, u32 count, u32 end) {
    (void)count, (void)end;
    return on_headers(context, RESPONSE_HEADERS, "response");
}
EXPORT(proxy_on_response_body) u32 on_response_body(u32 context, u32 size, u32 end) {
    (void)size;
    return on_body(context, RESPONSE_BODY, end, "response");
}
EXPORT(proxy_on_response_trailers) u32 on_response_trailers(u32 context, u32 count) {
    (void)count;
    return on_body(context, RESPONSE_BODY, 1, "response");
}
