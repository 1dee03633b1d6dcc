// The imports of Proxy-Wasm ABI 0.2.1 that the SDK uses. In a plugin the host provides them; in a build for the
// host machine each answers 12 (unimplemented), so that everything links and the pure parts can be tested.
#ifndef C_PROXY_WASM_SHIMS_H
#define C_PROXY_WASM_SHIMS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __wasm__
#define PROXY_WASM_IMPORT(name, ...) \
    __attribute__((import_module("env"), import_name(#name))) extern uint32_t name(__VA_ARGS__);
#else
#define PROXY_WASM_IMPORT(name, ...) \
    static inline uint32_t name(__VA_ARGS__) { return 12; }
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wunused-parameter"
#endif

PROXY_WASM_IMPORT(proxy_log, uint32_t level, const uint8_t *text, size_t size)
PROXY_WASM_IMPORT(proxy_get_current_time_nanoseconds, uint64_t *time)
PROXY_WASM_IMPORT(proxy_set_tick_period_milliseconds, uint32_t period)
PROXY_WASM_IMPORT(proxy_set_effective_context, uint32_t context)
PROXY_WASM_IMPORT(proxy_get_buffer_bytes, uint32_t type, uint32_t start, uint32_t max, uint8_t **data, size_t *size)
PROXY_WASM_IMPORT(proxy_set_buffer_bytes, uint32_t type, uint32_t start, uint32_t size, const uint8_t *data,
                  size_t count)
PROXY_WASM_IMPORT(proxy_get_header_map_pairs, uint32_t map, uint8_t **data, size_t *size)
PROXY_WASM_IMPORT(proxy_get_header_map_value, uint32_t map, const uint8_t *key, size_t key_size, uint8_t **value,
                  size_t *size)
PROXY_WASM_IMPORT(proxy_add_header_map_value, uint32_t map, const uint8_t *key, size_t key_size, const uint8_t *value,
                  size_t size)
PROXY_WASM_IMPORT(proxy_replace_header_map_value, uint32_t map, const uint8_t *key, size_t key_size,
                  const uint8_t *value, size_t size)
PROXY_WASM_IMPORT(proxy_remove_header_map_value, uint32_t map, const uint8_t *key, size_t key_size)
PROXY_WASM_IMPORT(proxy_continue_stream, uint32_t stream)
PROXY_WASM_IMPORT(proxy_send_local_response, uint32_t code, const uint8_t *details, size_t details_size,
                  const uint8_t *body, size_t body_size, const uint8_t *headers, size_t headers_size, int32_t grpc)
PROXY_WASM_IMPORT(proxy_http_call, const uint8_t *upstream, size_t upstream_size, const uint8_t *headers,
                  size_t headers_size, const uint8_t *body, size_t body_size, const uint8_t *trailers,
                  size_t trailers_size, uint32_t timeout, uint32_t *token)
PROXY_WASM_IMPORT(proxy_get_property, const uint8_t *path, size_t path_size, uint8_t **value, size_t *size)
PROXY_WASM_IMPORT(proxy_set_property, const uint8_t *path, size_t path_size, const uint8_t *value, size_t size)

#ifndef __wasm__
#pragma clang diagnostic pop
#endif
#undef PROXY_WASM_IMPORT

/// Gives back a block that the host placed in the plugin's memory (or any other from the allocator).
void proxy_wasm_release(void *block);

#endif
