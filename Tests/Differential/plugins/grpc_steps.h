// Steps that make gRPC calls, and what is remembered of each call for its callbacks.
#ifndef GRPC_STEPS_H
#define GRPC_STEPS_H

#include "stream_steps.h"

// Which stream a call was made for, and its method. Ids count from anywhere in steps of four or more.
#define GRPC_CALLS 64
static struct { u32 id, context, size; char method[24]; } grpc_calls[GRPC_CALLS];
static u32 grpc_count;

static u32 grpc_call_with(u32 id) {
    for (u32 i = grpc_count; i > 0; i--) if (grpc_calls[(i - 1) % GRPC_CALLS].id == id) return (i - 1) % GRPC_CALLS;
    return 0;
}
static void remember_grpc(u32 id, u32 context, str method) {
    u32 i = grpc_count++ % GRPC_CALLS;
    last_grpc = grpc_calls[i].id = id;
    if (!first_grpc) first_grpc = id;
    grpc_calls[i].context = context;
    grpc_calls[i].size = 0;
    for (u32 b = 0; b < method.size && b < sizeof grpc_calls[i].method; b++) {
        grpc_calls[i].method[grpc_calls[i].size++] = method.data[b];
    }
}
// A message as a word, or `fill:COUNT` for so many bytes.
static str message_word(str *step) {
    str text = word(step);
    if (!starts(text, "fill:")) return text;
    u32 count = number((str){text.data + 5, text.size - 5}, 0);
    char *bytes = allocate(count);
    for (u32 i = 0; i < count; i++) bytes[i] = (char)('a' + i % 26);
    return (str){bytes, count};
}

static int grpc_step(str verb, str step, u32 context) {
    if (equal(verb, "grpc-call")) {  // grpc-call UPSTREAM SERVICE METHOD TIMEOUT MESSAGE [NAME VALUE]…
        str upstream = word(&step), service = word(&step), method = word(&step);
        u32 timeout = number_word(&step), id = 0;
        str message = message_word(&step), all = pairs_of(&step);
        u32 status = proxy_grpc_call(upstream.data, upstream.size, service.data, service.size, method.data,
                                     method.size, all.data, all.size, message.data, message.size, timeout, &id);
        put_status(status);
        if (status == OK) remember_grpc(id, context, method);
    } else if (equal(verb, "grpc-stream")) {  // grpc-stream UPSTREAM SERVICE METHOD [NAME VALUE]…
        str upstream = word(&step), service = word(&step), method = word(&step), all = pairs_of(&step);
        u32 id = 0, status = proxy_grpc_stream(upstream.data, upstream.size, service.data, service.size, method.data,
                                               method.size, all.data, all.size, &id);
        put_status(status);
        if (status == OK) remember_grpc(id, context, method);
    } else if (equal(verb, "grpc-send")) {  // grpc-send ID END MESSAGE
        u32 id = number_word(&step), end = number_word(&step);
        str message = message_word(&step);
        put_status(proxy_grpc_send(id, message.data, message.size, end));
    } else if (equal(verb, "grpc-cancel")) {
        put_status(proxy_grpc_cancel(number_word(&step)));
    } else if (equal(verb, "grpc-close")) {
        put_status(proxy_grpc_close(number_word(&step)));
    } else {
        return 0;
    }
    end_line(INFO);
    return 1;
}

#endif
