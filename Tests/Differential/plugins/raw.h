// `raw NAME ARG…`: one hostcall with exactly these arguments, for pointers and enums that no helper would pass.
#ifndef RAW_H
#define RAW_H

#include "text.h"

#define P(i) ((void *)(u32)a[i])
#define N(i) ((u32)a[i])

static u32 raw_call(str name, const u64 *a) {
    if (equal(name, "log")) return proxy_log(N(0), P(1), N(2));
    if (equal(name, "log_level")) return proxy_get_log_level(P(0));
    if (equal(name, "time")) return proxy_get_current_time_nanoseconds(P(0));
    if (equal(name, "tick")) return proxy_set_tick_period_milliseconds(N(0));
    if (equal(name, "effective")) return proxy_set_effective_context(N(0));
    if (equal(name, "buffer_get")) return proxy_get_buffer_bytes(N(0), N(1), N(2), P(3), P(4));
    if (equal(name, "buffer_status")) return proxy_get_buffer_status(N(0), P(1), P(2));
    if (equal(name, "buffer_set")) return proxy_set_buffer_bytes(N(0), N(1), N(2), P(3), N(4));
    if (equal(name, "map_size")) return proxy_get_header_map_size(N(0), P(1));
    if (equal(name, "map_pairs")) return proxy_get_header_map_pairs(N(0), P(1), P(2));
    if (equal(name, "map_set")) return proxy_set_header_map_pairs(N(0), P(1), N(2));
    if (equal(name, "map_get")) return proxy_get_header_map_value(N(0), P(1), N(2), P(3), P(4));
    if (equal(name, "map_add")) return proxy_add_header_map_value(N(0), P(1), N(2), P(3), N(4));
    if (equal(name, "map_replace")) return proxy_replace_header_map_value(N(0), P(1), N(2), P(3), N(4));
    if (equal(name, "map_remove")) return proxy_remove_header_map_value(N(0), P(1), N(2));
    if (equal(name, "continue")) return proxy_continue_stream(N(0));
    if (equal(name, "close")) return proxy_close_stream(N(0));
    if (equal(name, "local")) return proxy_send_local_response(N(0), P(1), N(2), P(3), N(4), P(5), N(6), N(7));
    if (equal(name, "call")) {
        return proxy_http_call(P(0), N(1), P(2), N(3), P(4), N(5), P(6), N(7), N(8), P(9));
    }
    if (equal(name, "grpc_call")) {
        return proxy_grpc_call(P(0), N(1), P(2), N(3), P(4), N(5), P(6), N(7), P(8), N(9), N(10), P(11));
    }
    if (equal(name, "grpc_stream")) {
        return proxy_grpc_stream(P(0), N(1), P(2), N(3), P(4), N(5), P(6), N(7), P(8));
    }
    if (equal(name, "grpc_send")) return proxy_grpc_send(N(0), P(1), N(2), N(3));
    if (equal(name, "grpc_cancel")) return proxy_grpc_cancel(N(0));
    if (equal(name, "grpc_close")) return proxy_grpc_close(N(0));
    if (equal(name, "get_property")) return proxy_get_property(P(0), N(1), P(2), P(3));
    if (equal(name, "set_property")) return proxy_set_property(P(0), N(1), P(2), N(3));
    if (equal(name, "status")) return proxy_get_status(P(0), P(1), P(2));
    if (equal(name, "shared_get")) return proxy_get_shared_data(P(0), N(1), P(2), P(3), P(4));
    if (equal(name, "shared_set")) return proxy_set_shared_data(P(0), N(1), P(2), N(3), N(4));
    if (equal(name, "register")) return proxy_register_shared_queue(P(0), N(1), P(2));
    if (equal(name, "resolve")) return proxy_resolve_shared_queue(P(0), N(1), P(2), N(3), P(4));
    if (equal(name, "enqueue")) return proxy_enqueue_shared_queue(N(0), P(1), N(2));
    if (equal(name, "dequeue")) return proxy_dequeue_shared_queue(N(0), P(1), P(2));
    if (equal(name, "metric")) return proxy_define_metric(N(0), P(1), N(2), P(3));
    if (equal(name, "increment")) return proxy_increment_metric(N(0), (s64)a[1]);
    if (equal(name, "record")) return proxy_record_metric(N(0), a[1]);
    if (equal(name, "metric_get")) return proxy_get_metric(N(0), P(1));
    if (equal(name, "foreign")) return proxy_call_foreign_function(P(0), N(1), P(2), N(3), P(4), P(5));
    if (equal(name, "done")) return proxy_done();
    if (equal(name, "args")) return args_sizes_get(P(0), P(1));
    if (equal(name, "environ_sizes")) return environ_sizes_get(P(0), P(1));
    if (equal(name, "clock")) return clock_time_get(N(0), a[1], P(2));
    if (equal(name, "random")) return random_get(P(0), N(1));
    if (equal(name, "fd_write")) return fd_write(N(0), P(1), N(2), P(3));
    if (equal(name, "fd_read")) return fd_read(N(0), P(1), N(2), P(3));
    if (equal(name, "fd_seek")) return fd_seek(N(0), (s64)a[1], N(2), P(3));
    if (equal(name, "fd_close")) return fd_close(N(0));
    if (equal(name, "fd_stat")) return fd_fdstat_get(N(0), P(1));
    return 9999;
}

static u32 raw(str *step) {
    u64 a[12] = {0};
    str name = word(step);
    for (u32 i = 0; i < 12 && step->size; i++) a[i] = value_of(word(step));
    return raw_call(name, a);
}

#endif
