// The hostcalls of Proxy-Wasm 0.2.1 that proxy_wasm.h does not declare.
#ifndef IMPORTS_H
#define IMPORTS_H

#include "proxy_wasm.h"

typedef long long s64;

ENV(proxy_get_log_level) u32 proxy_get_log_level(u32 *level);
ENV(proxy_get_current_time_nanoseconds) u32 proxy_get_current_time_nanoseconds(u64 *time);
ENV(proxy_get_buffer_status) u32 proxy_get_buffer_status(u32 type, u32 *size, u32 *flags);
ENV(proxy_get_header_map_size) u32 proxy_get_header_map_size(u32 map, u32 *size);
ENV(proxy_get_header_map_pairs) u32 proxy_get_header_map_pairs(u32 map, const char **data, u32 *size);
ENV(proxy_set_header_map_pairs) u32 proxy_set_header_map_pairs(u32 map, const char *data, u32 size);
ENV(proxy_close_stream) u32 proxy_close_stream(u32 stream);
ENV(proxy_get_property) u32 proxy_get_property(const char *path, u32 size, const char **value, u32 *value_size);
ENV(proxy_set_property) u32 proxy_set_property(const char *path, u32 size, const char *value, u32 value_size);
ENV(proxy_get_status) u32 proxy_get_status(u32 *code, const char **text, u32 *size);
ENV(proxy_register_shared_queue) u32 proxy_register_shared_queue(const char *name, u32 size, u32 *queue);
ENV(proxy_resolve_shared_queue)
u32 proxy_resolve_shared_queue(const char *vm, u32 vm_size, const char *name, u32 size, u32 *queue);
ENV(proxy_enqueue_shared_queue) u32 proxy_enqueue_shared_queue(u32 queue, const char *data, u32 size);
ENV(proxy_dequeue_shared_queue) u32 proxy_dequeue_shared_queue(u32 queue, const char **data, u32 *size);
ENV(proxy_define_metric) u32 proxy_define_metric(u32 type, const char *name, u32 size, u32 *metric);
ENV(proxy_increment_metric) u32 proxy_increment_metric(u32 metric, s64 offset);
ENV(proxy_record_metric) u32 proxy_record_metric(u32 metric, u64 value);
ENV(proxy_get_metric) u32 proxy_get_metric(u32 metric, u64 *value);
ENV(proxy_done) u32 proxy_done(void);
ENV(proxy_call_foreign_function)
u32 proxy_call_foreign_function(const char *name, u32 size, const char *input, u32 input_size, const char **result,
                                u32 *result_size);
ENV(proxy_grpc_call)
u32 proxy_grpc_call(const char *upstream, u32 upstream_size, const char *service, u32 service_size, const char *method,
                    u32 method_size, const char *metadata, u32 metadata_size, const char *message, u32 message_size,
                    u32 timeout, u32 *id);
ENV(proxy_grpc_stream)
u32 proxy_grpc_stream(const char *upstream, u32 upstream_size, const char *service, u32 service_size,
                      const char *method, u32 method_size, const char *metadata, u32 metadata_size, u32 *id);
ENV(proxy_grpc_send) u32 proxy_grpc_send(u32 id, const char *message, u32 size, u32 end);
ENV(proxy_grpc_cancel) u32 proxy_grpc_cancel(u32 id);
ENV(proxy_grpc_close) u32 proxy_grpc_close(u32 id);

WASI(environ_sizes_get) u32 environ_sizes_get(u32 *count, u32 *size);
WASI(environ_get) u32 environ_get(u32 *pointers, char *text);
WASI(args_sizes_get) u32 args_sizes_get(u32 *count, u32 *size);
WASI(clock_time_get) u32 clock_time_get(u32 clock, u64 precision, u64 *time);
WASI(random_get) u32 random_get(void *buffer, u32 size);
WASI(fd_write) u32 fd_write(u32 fd, const void *vectors, u32 count, u32 *written);
WASI(fd_read) u32 fd_read(u32 fd, const void *vectors, u32 count, u32 *read);
WASI(fd_seek) u32 fd_seek(u32 fd, s64 offset, u32 whence, u64 *position);
WASI(fd_close) u32 fd_close(u32 fd);
WASI(fd_fdstat_get) u32 fd_fdstat_get(u32 fd, void *stat);
WASI(proc_exit) void proc_exit(u32 code);

#endif
