// A plugin for connections. Configuration, a flat JSON object:
//   "hold": N      the first N bytes of the client are passed on together
//   "deny": TEXT   a client whose bytes begin so is cut off
//   "mark": TEXT   put before what the server says first
//   "facts": "yes" logs the server name, the TLS version and the client certificate's subject
// At the end it logs `closed: PEER` (1: by the proxy, 2: by the client).
#include "proxy_wasm.h"

ENV(proxy_close_stream) u32 proxy_close_stream(u32 stream);
ENV(proxy_get_property) u32 proxy_get_property(const char *path, u32 size, const char **value, u32 *value_size);

enum { DOWNSTREAM_DATA = 2, UPSTREAM_DATA = 3 };
enum { PASSED = 1, MARKED = 2 };

static int configured(u32 root) { (void)root; return 1; }

static str property(const char *path, u32 size) {
    str value = {0, 0};
    if (proxy_get_property(path, size, &value.data, &value.size) != OK) return S("none");
    return value;
}

EXPORT(proxy_on_new_connection) u32 on_new_connection(u32 context) {
    begin();
    if (!equal(setting(root_of(context), "facts"), "yes")) return CONTINUE;
    write_log(INFO, join(S("name "), property("connection\0requested_server_name", 32)));
    write_log(INFO, join(S("tls "), property("connection\0tls_version", 22)));
    write_log(INFO, join(S("peer "), property("connection\0subject_peer_certificate", 35)));
    return CONTINUE;
}

EXPORT(proxy_on_downstream_data) u32 on_downstream_data(u32 context, u32 size, u32 end) {
    begin();
    if (*state(context) & PASSED) return CONTINUE;
    u32 root = root_of(context);
    str bytes = {0, 0}, deny = setting(root, "deny");
    if (deny.size && size >= deny.size) {
        proxy_get_buffer_bytes(DOWNSTREAM_DATA, 0, deny.size, &bytes.data, &bytes.size);
        u32 same = bytes.size == deny.size;
        for (u32 i = 0; same && i < deny.size; i++) same = bytes.data[i] == deny.data[i];
        if (same) {
            write_log(WARN, S("denied"));
            proxy_close_stream(DOWNSTREAM_DATA);
            return PAUSE;
        }
    }
    if (size < number(setting(root, "hold"), 0) && !end) return PAUSE;
    *state(context) |= PASSED;
    return CONTINUE;
}

EXPORT(proxy_on_upstream_data) u32 on_upstream_data(u32 context, u32 size, u32 end) {
    (void)end;
    begin();
    str mark = setting(root_of(context), "mark");
    if (!mark.size || !size || *state(context) & MARKED) return CONTINUE;
    *state(context) |= MARKED;
    proxy_set_buffer_bytes(UPSTREAM_DATA, 0, 0, mark.data, mark.size);
    return CONTINUE;
}

EXPORT(proxy_on_downstream_connection_close) void on_downstream_connection_close(u32 context, u32 peer) {
    (void)context;
    begin();
    write_log(INFO, join(S("closed: "), decimal(peer)));
}
