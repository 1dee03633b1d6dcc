// The raw Proxy-Wasm ABI 0.2.1 for test plugins: imports, an allocator, and the few helpers that every plugin here
// needs. No C library. One file per plugin includes this once; everything is static so unused parts vanish.
#ifndef PROXY_WASM_H
#define PROXY_WASM_H

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef struct { const char *data; u32 size; } str;

#define ENV(name) __attribute__((import_module("env"), import_name(#name))) extern
#define WASI(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name))) extern
#define EXPORT(name) __attribute__((export_name(#name)))
#define UNUSED __attribute__((unused))

enum { OK = 0, NOT_FOUND = 1, BAD_ARGUMENT = 2, CAS_MISMATCH = 8 };
enum { TRACE, DEBUG, INFO, WARN, ERROR, CRITICAL };
enum { REQUEST_HEADERS = 0, RESPONSE_HEADERS = 2, CALL_HEADERS = 6 };
enum { REQUEST_BODY = 0, RESPONSE_BODY = 1, CALL_BODY = 4, PLUGIN_CONFIGURATION = 7 };
enum { CONTINUE = 0, PAUSE = 1 };

ENV(proxy_log) u32 proxy_log(u32 level, const char *text, u32 size);
ENV(proxy_set_tick_period_milliseconds) u32 proxy_set_tick_period_milliseconds(u32 period);
ENV(proxy_get_buffer_bytes) u32 proxy_get_buffer_bytes(u32 type, u32 start, u32 max, const char **data, u32 *size);
ENV(proxy_set_buffer_bytes) u32 proxy_set_buffer_bytes(u32 type, u32 start, u32 size, const char *data, u32 count);
ENV(proxy_get_header_map_value)
u32 proxy_get_header_map_value(u32 map, const char *key, u32 key_size, const char **value, u32 *value_size);
ENV(proxy_add_header_map_value)
u32 proxy_add_header_map_value(u32 map, const char *key, u32 key_size, const char *value, u32 value_size);
ENV(proxy_replace_header_map_value)
u32 proxy_replace_header_map_value(u32 map, const char *key, u32 key_size, const char *value, u32 value_size);
ENV(proxy_remove_header_map_value) u32 proxy_remove_header_map_value(u32 map, const char *key, u32 key_size);
ENV(proxy_continue_stream) u32 proxy_continue_stream(u32 stream);
ENV(proxy_send_local_response)
u32 proxy_send_local_response(u32 code, const char *details, u32 details_size, const char *body, u32 body_size,
                              const char *headers, u32 headers_size, u32 grpc);
ENV(proxy_http_call)
u32 proxy_http_call(const char *upstream, u32 upstream_size, const char *headers, u32 headers_size, const char *body,
                    u32 body_size, const char *trailers, u32 trailers_size, u32 timeout, u32 *token);
ENV(proxy_get_shared_data)
u32 proxy_get_shared_data(const char *key, u32 key_size, const char **value, u32 *value_size, u32 *cas);
ENV(proxy_set_shared_data)
u32 proxy_set_shared_data(const char *key, u32 key_size, const char *value, u32 value_size, u32 cas);
ENV(proxy_set_effective_context) u32 proxy_set_effective_context(u32 context);

EXPORT(proxy_abi_version_0_2_1) void proxy_abi_version(void) {}

// Bump allocation: what the host hands over lives until the next callback begins (`begin`), except what was kept
// (`keep`, used for configurations). The host allocates only while a callback runs, so the reset is safe.
extern u8 __heap_base;
static u32 heap_floor, heap_next;

EXPORT(proxy_on_memory_allocate) void *allocate(u32 size) {
    if (!heap_next) heap_next = heap_floor = ((u32)&__heap_base + 15) & ~15u;
    u32 end = ((heap_next + size) + 15) & ~15u;
    u32 have = __builtin_wasm_memory_size(0) << 16;
    if (end < heap_next) return 0;
    if (end > have && __builtin_wasm_memory_grow(0, (end - have + 65535) >> 16) == (u32)-1) return 0;
    void *block = (void *)heap_next;
    heap_next = end;
    return block;
}
UNUSED static void begin(void) { if (heap_floor) heap_next = heap_floor; }
UNUSED static void keep(void) { heap_floor = heap_next; }

UNUSED static u32 length(const char *text) { u32 n = 0; while (text[n]) n++; return n; }
UNUSED static str S(const char *text) { return (str){text, length(text)}; }
UNUSED static int equal(str a, const char *b) {
    u32 n = length(b);
    if (a.size != n) return 0;
    for (u32 i = 0; i < n; i++) if (a.data[i] != b[i]) return 0;
    return 1;
}
UNUSED static str join(str a, str b) {
    char *out = allocate(a.size + b.size + 1);
    for (u32 i = 0; i < a.size; i++) out[i] = a.data[i];
    for (u32 i = 0; i < b.size; i++) out[a.size + i] = b.data[i];
    return (str){out, a.size + b.size};
}
UNUSED static str decimal(u32 value) {
    char *out = allocate(16);
    u32 at = 16;
    do out[--at] = (char)('0' + value % 10); while (value /= 10);
    return (str){out + at, 16 - at};
}
UNUSED static u32 number(str text, u32 fallback) {
    u32 value = 0;
    for (u32 i = 0; i < text.size; i++) value = value * 10 + (u32)(text.data[i] - '0');
    return text.size ? value : fallback;
}

// Contexts: a VM may serve several plugins (root contexts), each with its own configuration, and thousands of
// streams. `state` is the plugin's own word per stream.
#define ROOTS 16
#define STREAMS 4096
static struct { u32 id; str config; } roots[ROOTS];
static struct { u32 root, state; } streams[STREAMS];

UNUSED static u32 *state(u32 context) { return &streams[context % STREAMS].state; }
UNUSED static u32 root_of(u32 context) { return streams[context % STREAMS].root; }
UNUSED static str config_of(u32 root) {
    for (u32 i = 0; i < ROOTS; i++) if (roots[i].id == root) return roots[i].config;
    return (str){0, 0};
}
EXPORT(proxy_on_context_create) void on_context_create(u32 context, u32 parent) {
    streams[context % STREAMS].root = parent ? parent : context;
    streams[context % STREAMS].state = 0;
#ifdef ON_CONTEXT_CREATED  // A plugin that wants to know names its own function here before including this file.
    ON_CONTEXT_CREATED(context, parent);
#endif
}
static int configured(u32 root);
EXPORT(proxy_on_configure) u32 on_configure(u32 root, u32 size) {
    begin();
    str config = {0, 0};
    if (size) proxy_get_buffer_bytes(PLUGIN_CONFIGURATION, 0, size, &config.data, &config.size);
    for (u32 i = 0; i < ROOTS; i++) {
        if (roots[i].id && roots[i].id != root) continue;
        roots[i].id = root;
        roots[i].config = config;
        keep();
        return (u32)configured(root);
    }
    return 0;
}
// The string (or bare number or word) under `key` in a flat JSON configuration, without escapes; empty if absent.
UNUSED static str setting(u32 root, const char *key) {
    str c = config_of(root);
    u32 n = length(key);
    for (u32 i = 0; i + n + 2 < c.size; i++) {
        if (c.data[i] != '"' || c.data[i + n + 1] != '"' || !equal((str){c.data + i + 1, n}, key)) continue;
        u32 at = i + n + 2;
        while (at < c.size && (c.data[at] == ' ' || c.data[at] == ':')) at++;
        int quoted = at < c.size && c.data[at] == '"';
        u32 from = at += (u32)quoted;
        while (at < c.size && c.data[at] != '"' && (quoted || (c.data[at] != ',' && c.data[at] != '}'))) at++;
        return (str){c.data + from, at - from};
    }
    return (str){0, 0};
}
// What a plugin calls itself: "name" in a JSON configuration, or a plain configuration as it stands.
UNUSED static str plugin_name(u32 root) {
    str config = config_of(root);
    return config.size && config.data[0] == '{' ? setting(root, "name") : config;
}

UNUSED static str get(u32 map, const char *key) {
    str value = {0, 0};
    proxy_get_header_map_value(map, key, length(key), &value.data, &value.size);
    return value;
}
UNUSED static u32 add(u32 map, const char *key, str v) {
    return proxy_add_header_map_value(map, key, length(key), v.data, v.size);
}
UNUSED static u32 replace(u32 map, const char *key, str v) {
    return proxy_replace_header_map_value(map, key, length(key), v.data, v.size);
}
UNUSED static void write_log(u32 level, str text) { proxy_log(level, text.data, text.size); }

// Header pairs in the ABI's serialized form, from alternating names and values.
UNUSED static str pairs(const str *items, u32 count) {
    u32 size = 4;
    for (u32 i = 0; i < count * 2; i++) size += 4 + items[i].size + 1;
    u8 *out = allocate(size);
    u32 words = 1 + count * 2, at = words * 4;
    for (u32 w = 0; w < words; w++) {
        u32 value = w ? items[w - 1].size : count;
        for (u32 b = 0; b < 4; b++) out[w * 4 + b] = (u8)(value >> (8 * b));
    }
    for (u32 i = 0; i < count * 2; i++) {
        for (u32 b = 0; b < items[i].size; b++) out[at++] = (u8)items[i].data[b];
        out[at++] = 0;
    }
    return (str){(const char *)out, size};
}
UNUSED static u32 respond(u32 code, const char *details, str body, const str *headers, u32 count) {
    str map = pairs(headers, count), why = S(details);
    return proxy_send_local_response(code, why.data, why.size, body.data, body.size, map.data, map.size, (u32)-1);
}

#endif
