// Steps that touch a stream: header maps, bodies, local responses, continue and close, HTTP calls, properties.
// Each returns 1 when the verb was its own; the caller has put the step's text into the line already.
#ifndef STREAM_STEPS_H
#define STREAM_STEPS_H

#include "text.h"

// Which stream a call was made for, by its token (tokens of Envoy are multiples of four).
#define CALLERS 64
static struct { u32 token, context; } callers[CALLERS];

static str pairs_of(str *step) {
    str items[32];
    u32 n = 0;
    while (n < 32 && trimmed(*step).size) items[n++] = word(step);
    return pairs(items, n / 2);
}
static void put_status(u32 status) { put_text(" = "); put_number(status); }
static void put_result(u32 status, str value) {
    put_status(status);
    if (status == OK) { put_char(' '); put_quoted(value); }
}
static u32 word_at(const char *data, u32 index) {
    u32 value = 0;
    for (u32 b = 0; b < 4; b++) value |= (u32)(u8)data[index * 4 + b] << (8 * b);
    return value;
}
// A line for each pair.
static void log_map(u32 map) {
    str bytes = {0, 0};
    put_status(proxy_get_header_map_pairs(map, &bytes.data, &bytes.size));
    u32 count = bytes.size >= 4 ? word_at(bytes.data, 0) : 0;
    if (!bytes.size) put_text(" nothing");
    end_line(INFO);
    const char *at = bytes.data + 4 + count * 8;
    for (u32 i = 0; i < count; i++) {
        str name = {at, word_at(bytes.data, 1 + i * 2)};
        at += name.size + 1;
        str value = {at, word_at(bytes.data, 2 + i * 2)};
        at += value.size + 1;
        put_text("|   ");
        put(name);
        put_text(": ");
        put_quoted(value);
        end_line(INFO);
    }
}

static int map_step(str verb, str step) {
    if (equal(verb, "map")) { log_map(number_word(&step)); return 1; }
    if (equal(verb, "get")) {
        u32 map = number_word(&step);
        str key = word(&step), value = {0, 0};
        u32 status = proxy_get_header_map_value(map, key.data, key.size, &value.data, &value.size);
        put_result(status, value);
    } else if (equal(verb, "size")) {
        u32 size = 0, status = proxy_get_header_map_size(number_word(&step), &size);
        put_status(status);
        if (status == OK) put_text(size ? " some" : " none");
    } else if (equal(verb, "add") || equal(verb, "replace")) {
        u32 map = number_word(&step);
        str k = word(&step), v = word(&step);
        put_status(verb.data[0] == 'a' ? proxy_add_header_map_value(map, k.data, k.size, v.data, v.size)
                                       : proxy_replace_header_map_value(map, k.data, k.size, v.data, v.size));
    } else if (equal(verb, "remove")) {
        u32 map = number_word(&step);
        str k = word(&step);
        put_status(proxy_remove_header_map_value(map, k.data, k.size));
    } else if (equal(verb, "set-pairs")) {
        u32 map = number_word(&step);
        str all = pairs_of(&step);
        put_status(proxy_set_header_map_pairs(map, all.data, all.size));
    } else if (equal(verb, "set-bytes")) {
        u32 map = number_word(&step);
        str all = word(&step);
        put_status(proxy_set_header_map_pairs(map, all.data, all.size));
    } else {
        return 0;
    }
    end_line(INFO);
    return 1;
}

static int body_step(str verb, str step) {
    if (equal(verb, "body")) {
        u32 type = number_word(&step), start = number_word(&step), max = number_word(&step);
        str bytes = {0, 0};
        put_result(proxy_get_buffer_bytes(type, start, max, &bytes.data, &bytes.size), bytes);
    } else if (equal(verb, "body-size")) {
        u32 size = 0, flags = 0, status = proxy_get_buffer_status(number_word(&step), &size, &flags);
        put_status(status);
        if (status == OK) { put_char(' '); put_number(size); put_text(" flags "); put_number(flags); }
    } else if (equal(verb, "set-body")) {
        u32 type = number_word(&step), start = number_word(&step), size = number_word(&step);
        str text = word(&step);
        put_status(proxy_set_buffer_bytes(type, start, size, text.data, text.size));
    } else if (equal(verb, "fill-body")) {
        u32 type = number_word(&step), start = number_word(&step), size = number_word(&step);
        u32 count = number_word(&step);
        char *text = allocate(count);
        for (u32 i = 0; i < count; i++) text[i] = (char)('a' + i % 26);
        put_status(proxy_set_buffer_bytes(type, start, size, text, count));
    } else {
        return 0;
    }
    end_line(INFO);
    return 1;
}

static int flow_step(str verb, str step, u32 context) {
    if (equal(verb, "continue")) {
        put_status(proxy_continue_stream(number_word(&step)));
    } else if (equal(verb, "close")) {
        put_status(proxy_close_stream(number_word(&step)));
    } else if (equal(verb, "local")) {  // local CODE GRPC DETAILS BODY [NAME VALUE]…
        u32 code = number_word(&step), grpc = number_word(&step);
        str details = word(&step), body = word(&step), all = pairs_of(&step);
        put_status(proxy_send_local_response(code, details.data, details.size, body.data, body.size, all.data,
                                             all.size, grpc));
    } else if (equal(verb, "call")) {  // call CLUSTER TIMEOUT BODY [NAME VALUE]…
        str cluster = word(&step);
        u32 timeout = number_word(&step), token = 0;
        str body = word(&step), all = pairs_of(&step);
        u32 status = proxy_http_call(cluster.data, cluster.size, all.data, all.size, body.data, body.size, 0, 0,
                                     timeout, &token);
        put_status(status);
        if (status == OK) {
            last_token = token;
            callers[token / 4 % CALLERS].token = token;
            callers[token / 4 % CALLERS].context = context;
        }
    } else if (equal(verb, "prop")) {  // prop a.b.c, a dot in a part as %2e
        str rest = trimmed(step), path = {0, 0};
        while (rest.size) {
            str part = cut(&rest, '.');
            if (path.data) path = join(path, (str){"", 1});
            path = path.data ? join(path, word(&part)) : word(&part);
        }
        str value = {0, 0};
        u32 status = proxy_get_property(path.data, path.size, &value.data, &value.size);
        put_result(status, value);
    } else if (equal(verb, "set-prop")) {
        str k = word(&step), v = word(&step);
        put_status(proxy_set_property(k.data, k.size, v.data, v.size));
    } else {
        return 0;
    }
    end_line(INFO);
    return 1;
}

static int stream_step(str verb, str step, u32 context) {
    return map_step(verb, step) || body_step(verb, step) || flow_step(verb, step, context);
}

#endif
