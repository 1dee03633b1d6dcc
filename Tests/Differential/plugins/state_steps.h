// Steps that touch what outlives a stream: shared data, queues, metrics, timers, the environment, the VM itself.
#ifndef STATE_STEPS_H
#define STATE_STEPS_H

#include "raw.h"
#include "stream_steps.h"

static void put_id(u32 status, u32 id) {
    put_status(status);
    if (status == OK) { put_text(" id "); put_number(id); }
}

static int shared_step(str verb, str step) {
    if (equal(verb, "shared-get")) {
        str k = word(&step), v = {0, 0};
        u32 cas = 0, status = proxy_get_shared_data(k.data, k.size, &v.data, &v.size, &cas);
        put_result(status, v);
        if (status == OK) { put_text(" cas "); put_number(cas); last_cas = cas; }
    } else if (equal(verb, "shared-set")) {
        str k = word(&step), v = word(&step);
        put_status(proxy_set_shared_data(k.data, k.size, v.data, v.size, number_word(&step)));
    } else if (equal(verb, "register")) {
        str name = word(&step);
        u32 id = 0, status = proxy_register_shared_queue(name.data, name.size, &id);
        put_id(status, id);
        if (status == OK) last_queue = id;
    } else if (equal(verb, "resolve")) {
        str vm = word(&step), name = word(&step);
        u32 id = 0, status = proxy_resolve_shared_queue(vm.data, vm.size, name.data, name.size, &id);
        put_id(status, id);
        if (status == OK) last_queue = id;
    } else if (equal(verb, "enqueue")) {
        u32 id = number_word(&step);
        str item = word(&step);
        put_status(proxy_enqueue_shared_queue(id, item.data, item.size));
    } else if (equal(verb, "dequeue")) {
        str item = {0, 0};
        put_result(proxy_dequeue_shared_queue(number_word(&step), &item.data, &item.size), item);
    } else if (equal(verb, "metric")) {
        u32 type = number_word(&step), id = 0;
        str name = word(&step);
        u32 status = proxy_define_metric(type, name.data, name.size, &id);
        put_id(status, id);
        if (status == OK) last_metric = id;
    } else if (equal(verb, "increment")) {
        u32 id = number_word(&step);
        put_status(proxy_increment_metric(id, (s64)value_of(word(&step))));
    } else if (equal(verb, "record")) {
        u32 id = number_word(&step);
        put_status(proxy_record_metric(id, value_of(word(&step))));
    } else if (equal(verb, "metric-get")) {
        u64 value = 0;
        u32 status = proxy_get_metric(number_word(&step), &value);
        put_status(status);
        if (status == OK) { put_char(' '); put_number(value); }
    } else {
        return 0;
    }
    end_line(INFO);
    return 1;
}

static void log_environment(void) {
    u32 count = 0, size = 0;
    put_status(environ_sizes_get(&count, &size));
    put_text(" count ");
    put_number(count);
    end_line(INFO);
    u32 *pointers = allocate(count * 4 + 4);
    char *text = allocate(size + 1);
    environ_get(pointers, text);
    for (u32 i = 0; i < count; i++) {
        put_text("|   ");
        put_quoted(S((const char *)pointers[i]));
        end_line(INFO);
    }
}
static void print(u32 fd, str text) {
    struct { const char *data; u32 size; } vector = {text.data, text.size};
    u32 written = 0, status = fd_write(fd, &vector, 1, &written);
    put_status(status);
    put_text(" written ");
    put_number(written);
}

static int machine_step(str verb, str step) {
    if (equal(verb, "environment")) { log_environment(); return 1; }
    if (equal(verb, "trap")) { end_line(INFO); __builtin_trap(); }
    if (equal(verb, "loop")) { end_line(INFO); for (volatile u32 i = 0;; i++) {} }
    if (equal(verb, "hold")) {  // Grows memory until the host says no, then fails as a language's runtime would.
        end_line(INFO);
        while (__builtin_wasm_memory_grow(0, 256) != (u32)-1) {}
        __builtin_trap();
    }
    if (equal(verb, "exit")) { u32 code = number_word(&step); end_line(INFO); proc_exit(code); put_text("| exit came back"); }
    else if (equal(verb, "say")) { /* The step's own text is all. */ }
    else if (equal(verb, "level")) {
        u32 level = number_word(&step);
        put_text(" at this level");
        end_line(level);
        return 1;
    } else if (equal(verb, "log-level")) {
        u32 level = 0, status = proxy_get_log_level(&level);
        put_id(status, level);
    } else if (equal(verb, "time")) {
        u64 time = 0;
        put_status(proxy_get_current_time_nanoseconds(&time));
        put_text(time > 1500000000000000000ull ? " plausible" : " implausible");
    } else if (equal(verb, "tick-period")) {
        put_status(proxy_set_tick_period_milliseconds(number_word(&step)));
    } else if (equal(verb, "finish")) {
        put_status(proxy_done());
    } else if (equal(verb, "foreign")) {
        str name = word(&step), input = word(&step), result = {0, 0};
        u32 status = proxy_call_foreign_function(name.data, name.size, input.data, input.size, &result.data,
                                                 &result.size);
        put_result(status, result);
    } else if (equal(verb, "call-status")) {
        u32 code = 0;
        str text = {0, 0};
        u32 status = proxy_get_status(&code, &text.data, &text.size);
        put_result(status, text);
        put_text(" code ");
        put_number(code);
    } else if (equal(verb, "print")) {
        u32 fd = number_word(&step);
        print(fd, word(&step));
    } else if (equal(verb, "raw")) {
        put_status(raw(&step));
    } else {
        return 0;
    }
    end_line(INFO);
    return 1;
}

#endif
