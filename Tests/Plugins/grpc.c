// Asks a gRPC service before the request goes on, and tells in request headers what came of it.
// Configuration: {"cluster": "…", "service": "test.Service", "method": "Unary", "message": "hello",
// "mode": "unary"|"stream", "timeout": 1000}. Request headers: `x-grpc-reply` (the messages, joined by '+'),
// `x-grpc-metadata` (streams: initial and trailing), `x-grpc-status` (of on_grpc_close) and `x-grpc-message`.
#include "proxy_wasm.h"

enum { GRPC_INITIAL = 4, GRPC_TRAILING = 5, GRPC_MESSAGE = 5 };

ENV(proxy_grpc_call)
u32 proxy_grpc_call(const char *upstream, u32 upstream_size, const char *service, u32 service_size, const char *method,
                    u32 method_size, const char *metadata, u32 metadata_size, const char *message, u32 message_size,
                    u32 timeout, u32 *id);
ENV(proxy_grpc_stream)
u32 proxy_grpc_stream(const char *upstream, u32 upstream_size, const char *service, u32 service_size,
                      const char *method, u32 method_size, const char *metadata, u32 metadata_size, u32 *id);
ENV(proxy_grpc_send) u32 proxy_grpc_send(u32 id, const char *message, u32 size, u32 end);
ENV(proxy_get_status) u32 proxy_get_status(u32 *code, const char **message, u32 *size);

#define CALLS 256
static struct { u32 id, context; } calls[CALLS];

static int configured(u32 root) { (void)root; return 1; }

static u32 context_of(u32 id, int forget) {
    for (u32 i = 0; i < CALLS; i++) {
        if (!calls[i].context || calls[i].id != id) continue;
        u32 context = calls[i].context;
        if (forget) calls[i].context = 0;
        return context;
    }
    return 0;
}

EXPORT(proxy_on_request_headers) u32 on_request_headers(u32 context, u32 count, u32 end) {
    (void)count, (void)end;
    begin();
    u32 root = root_of(context), id = 0, status;
    str cluster = setting(root, "cluster"), service = setting(root, "service"), method = setting(root, "method");
    str message = setting(root, "message"), items[] = {S("x-from"), S("grpc.c")}, map = pairs(items, 1);
    if (equal(setting(root, "mode"), "stream")) {
        status = proxy_grpc_stream(cluster.data, cluster.size, service.data, service.size, method.data, method.size,
                                   map.data, map.size, &id);
        if (status == OK) proxy_grpc_send(id, message.data, message.size, 1);
    } else {
        status = proxy_grpc_call(cluster.data, cluster.size, service.data, service.size, method.data, method.size,
                                 map.data, map.size, message.data, message.size,
                                 number(setting(root, "timeout"), 1000), &id);
    }
    for (u32 i = 0; status == OK && i < CALLS; i++) {
        if (calls[i].context) continue;
        calls[i].id = id;
        calls[i].context = context;
        return PAUSE;
    }
    replace(REQUEST_HEADERS, "x-grpc-status", join(S("refused-"), decimal(status)));
    return CONTINUE;
}

static void append(const char *name, str value) {
    str old = get(REQUEST_HEADERS, name);
    replace(REQUEST_HEADERS, name, old.size ? join(join(old, S("+")), value) : value);
}

static void metadata(u32 id, u32 map, const char *name) {
    begin();
    u32 context = context_of(id, 0);
    if (context && proxy_set_effective_context(context) == OK) append("x-grpc-metadata", get(map, name));
}

EXPORT(proxy_on_grpc_receive_initial_metadata) void on_initial(u32 root, u32 id, u32 count) {
    (void)root, (void)count;
    metadata(id, GRPC_INITIAL, "x-initial");
}

EXPORT(proxy_on_grpc_receive_trailing_metadata) void on_trailing(u32 root, u32 id, u32 count) {
    (void)root, (void)count;
    metadata(id, GRPC_TRAILING, "x-trailing");
}

EXPORT(proxy_on_grpc_receive) void on_receive(u32 root, u32 id, u32 size) {
    begin();
    int unary = !equal(setting(root, "mode"), "stream");
    u32 context = context_of(id, unary);
    if (!context || proxy_set_effective_context(context) != OK) return;
    str message = {0, 0};
    if (size) proxy_get_buffer_bytes(GRPC_MESSAGE, 0, size, &message.data, &message.size);
    append("x-grpc-reply", message);
    if (unary) proxy_continue_stream(0);
}

EXPORT(proxy_on_grpc_close) void on_close(u32 root, u32 id, u32 status) {
    (void)root;
    begin();
    u32 context = context_of(id, 1), code = 0;
    if (!context || proxy_set_effective_context(context) != OK) return;
    str message = {0, 0};
    proxy_get_status(&code, &message.data, &message.size);
    replace(REQUEST_HEADERS, "x-grpc-status", code == status ? decimal(status) : S("differs"));
    if (message.size) replace(REQUEST_HEADERS, "x-grpc-message", message);
    proxy_continue_stream(0);
}

EXPORT(proxy_on_delete) void on_delete(u32 context) {
    for (u32 i = 0; i < CALLS; i++) if (calls[i].context == context) calls[i].context = 0;
}
