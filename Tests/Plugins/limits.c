// Uses a lot of everything on demand, and says in the response header x-status what the host answered last. By path:
// /burn uses CPU time without a bound of its own, /log writes 50 lines, /calls starts 20 calls to the cluster of the
// configuration's "callee", /data stores 20 keys, /metrics defines 20 metrics. Anything else passes. Defines a metric
// of each type at start and moves them with every request.
#include "proxy_wasm.h"

ENV(proxy_define_metric) u32 proxy_define_metric(u32 type, const char *name, u32 size, u32 *id);
ENV(proxy_increment_metric) u32 proxy_increment_metric(u32 id, long long delta);
ENV(proxy_record_metric) u32 proxy_record_metric(u32 id, u64 value);

enum { COUNTER, GAUGE, HISTOGRAM };
static volatile u32 sink;
static u32 counter, gauge, histogram;

static u32 define(u32 type, str name, u32 *id) { return proxy_define_metric(type, name.data, name.size, id); }

static int configured(u32 root) {
    (void)root;
    define(COUNTER, S("limits.requests-seen"), &counter);
    define(GAUGE, S("limits_last_path_size"), &gauge);
    define(HISTOGRAM, S("limits_path_size"), &histogram);
    return 1;
}

static void word(u8 *at, u32 value) { for (u32 i = 0; i < 4; i++) at[i] = (u8)(value >> (8 * i)); }
static u32 call(str cluster) {
    static const char *const pairs[] = {":method", "GET", ":path", "/", ":authority", "callee"};
    static u8 map[128];
    u32 at = 4 + 3 * 8;
    word(map, 3);
    for (u32 i = 0; i < 6; i++) {
        word(map + 4 + i * 4, length(pairs[i]));
        for (u32 j = 0; j <= length(pairs[i]); j++) map[at++] = (u8)pairs[i][j];
    }
    u32 token = 0;
    return proxy_http_call(cluster.data, cluster.size, (const char *)map, at, 0, 0, 0, 0, 5000, &token);
}

EXPORT(proxy_on_request_headers) u32 on_request_headers(u32 context, u32 count, u32 end) {
    (void)count, (void)end;
    begin();
    str path = get(REQUEST_HEADERS, ":path");
    proxy_increment_metric(counter, 1);
    proxy_record_metric(gauge, path.size);
    proxy_record_metric(histogram, path.size);
    u32 status = OK, id = 0;
    if (equal(path, "/burn")) for (u32 i = 0; i < 100000000; i++) sink++;
    for (u32 i = 0; i < 50 && equal(path, "/log"); i++) write_log(INFO, join(S("line "), decimal(i)));
    for (u32 i = 0; i < 20 && equal(path, "/calls"); i++) status = call(setting(root_of(context), "callee"));
    for (u32 i = 0; i < 20 && equal(path, "/data"); i++) {
        str key = join(S("key "), decimal(i));
        status = proxy_set_shared_data(key.data, key.size, "value", 5, 0);
    }
    for (u32 i = 0; i < 20 && equal(path, "/metrics"); i++) status = define(COUNTER, join(S("limits_"), decimal(i)), &id);
    *state(context) = status;
    return CONTINUE;
}

EXPORT(proxy_on_response_headers) u32 on_response_headers(u32 context, u32 count, u32 end) {
    (void)count, (void)end;
    begin();
    str value = decimal(*state(context));
    proxy_add_header_map_value(RESPONSE_HEADERS, "x-status", 8, value.data, value.size);
    return CONTINUE;
}
