// The plugin of the differential test: does what its configuration says, callback by callback, and logs every
// hostcall's status and result. Tests/Differential/README.md lists the steps.
// Configuration: {"name":"a","script":"rh: get 0 x-a; return 1 # call: effective caller; continue 0"}
static void created(unsigned context, unsigned parent);
#define ON_CONTEXT_CREATED created
#include "grpc_steps.h"
#include "state_steps.h"

// What is remembered of a stream: its path, and how often each of its callbacks ran.
#define KEPT 64
enum { RH, RB, RT, SH, SB, ST, CALL, GI, GM, GT, GC, TICK, KINDS };
static struct { u32 path_size; char path[60]; u32 times[KINDS]; } kept[KEPT];
static u32 newest_stream, first_stream, root_times[KINDS];

// The callback that runs now.
static struct { const char *name; u32 context, root, stream, nth, size; int eos; } now;

static int guard_holds(str guard) {
    if (equal(guard, "?eos")) return now.eos;
    if (equal(guard, "?more")) return !now.eos;
    if (equal(guard, "?stream")) return now.context != now.root;
    str key = cut(&guard, '=');
    if (equal(key, "?nth")) return now.nth == number(guard, 0);
    if (equal(key, "?size")) return now.size == number(guard, 0);
    if (equal(key, "?path")) {
        return same(guard, (str){kept[now.stream % KEPT].path, kept[now.stream % KEPT].path_size});
    }
    return 0;
}
static u32 context_named(str name) {
    if (equal(name, "stream")) return newest_stream;
    if (equal(name, "first")) return first_stream;
    if (equal(name, "caller")) return now.stream;
    if (equal(name, "root")) return now.root;
    return (u32)value_of(name);
}
static void put_prefix(void) {
    put_text("| ");
    put(plugin_name(now.root));
    put_char(' ');
    put_text(now.name);
}
// The script's part for a callback: "NAME: step; step".
static str section(const char *name) {
    str script = setting(now.root, "script");
    while (script.size) {
        str part = trimmed(cut(&script, '#'));
        if (equal(trimmed(cut(&part, ':')), name)) return part;
    }
    return (str){0, 0};
}
// Runs the callback's steps and returns what it shall return.
static u32 run(u32 result) {
    str steps = section(now.name);
    while (steps.size) {
        str step = trimmed(cut(&steps, ';')), rest = step;
        int holds = 1;
        str verb = word(&rest);
        while (verb.size && verb.data[0] == '?') {
            holds &= guard_holds(verb);
            step = rest = trimmed(rest);
            verb = word(&rest);
        }
        if (!holds || !verb.size) continue;
        if (equal(verb, "return")) { result = number_word(&rest); continue; }
        put_prefix();
        put_text("> ");
        put(step);
        if (equal(verb, "effective")) {
            put_status(proxy_set_effective_context(context_named(word(&rest))));
            end_line(INFO);
        } else if (equal(verb, "ids")) {
            put_text(" context "), put_number(now.context), put_text(" root "), put_number(now.root);
            end_line(INFO);
        } else if (!stream_step(verb, rest, now.stream) && !grpc_step(verb, rest, now.stream) &&
                   !shared_step(verb, rest) && !machine_step(verb, rest)) {
            put_text(" : no such step");
            end_line(ERROR);
        }
    }
    return result;
}
static void enter(const char *name, u32 context, u32 stream) {
    now.name = name, now.context = context, now.stream = stream, now.root = root_of(context);
    now.nth = 0, now.size = 0, now.eos = 0;
}
static int quiet(void) { return setting(now.root, "quiet").size > 0; }
static void count(u32 kind) {
    u32 i = now.stream % KEPT;
    now.nth = now.context == now.root ? ++root_times[kind] : ++kept[i].times[kind];
}
static void announce(void) {
    put_prefix();
    end_line(INFO);
}

static int configured(u32 root) {
    enter("configure", root, 0);
    now.root = root;
    return (int)run(1);
}
EXPORT(proxy_on_vm_start) u32 on_vm_start(u32 root, u32 size) {
    (void)root, (void)size;
    begin();
    return 1;
}
static u32 headers(const char *name, u32 kind, u32 context, u32 end) {
    begin();
    enter(name, context, context);
    now.eos = end != 0;
    if (kind == RH) {
        u32 i = context % KEPT;
        kept[i].path_size = 0;
        for (u32 k = 0; k < KINDS; k++) kept[i].times[k] = 0;
        str path = get(REQUEST_HEADERS, ":path");
        for (u32 b = 0; b < path.size && b < sizeof kept[i].path; b++) kept[i].path[kept[i].path_size++] = path.data[b];
        newest_stream = context;
        if (!first_stream) first_stream = context;
    }
    put_prefix();
    put_text(" eos "), put_number(end);
    end_line(INFO);
    count(kind);
    return run(CONTINUE);
}
static u32 body(const char *name, u32 kind, u32 context, u32 size, u32 end) {
    begin();
    enter(name, context, context);
    now.eos = end != 0, now.size = size;
    if (!quiet()) {
        put_prefix();
        put_text(" size "), put_number(size), put_text(" eos "), put_number(end);
        end_line(INFO);
    }
    count(kind);
    return run(CONTINUE);
}
static u32 trailers(const char *name, u32 kind, u32 context, u32 size) {
    begin();
    enter(name, context, context);
    now.size = size;
    put_prefix();
    put_text(" count "), put_number(size);
    end_line(INFO);
    count(kind);
    return run(CONTINUE);
}
EXPORT(proxy_on_request_headers) u32 on_rh(u32 c, u32 n, u32 end) { (void)n; return headers("rh", RH, c, end); }
EXPORT(proxy_on_request_body) u32 on_rb(u32 c, u32 size, u32 end) { return body("rb", RB, c, size, end); }
EXPORT(proxy_on_request_trailers) u32 on_rt(u32 c, u32 n) { return trailers("rt", RT, c, n); }
EXPORT(proxy_on_response_headers) u32 on_sh(u32 c, u32 n, u32 end) { (void)n; return headers("sh", SH, c, end); }
EXPORT(proxy_on_response_body) u32 on_sb(u32 c, u32 size, u32 end) { return body("sb", SB, c, size, end); }
EXPORT(proxy_on_response_trailers) u32 on_st(u32 c, u32 n) { return trailers("st", ST, c, n); }

static void created(u32 context, u32 parent) {
    if (!parent) return;
    begin();
    enter("create", context, context);
    announce();
    run(0);
}
static void end_of(const char *name, u32 context) {
    begin();
    enter(name, context, context);
    announce();
}
EXPORT(proxy_on_done) u32 on_done(u32 c) { end_of("done", c); return run(1); }
EXPORT(proxy_on_log) void on_log(u32 c) { end_of("log", c); run(0); }
EXPORT(proxy_on_delete) void on_delete(u32 c) { end_of("delete", c); run(0); }

EXPORT(proxy_on_tick) void on_tick(u32 root) {
    begin();
    enter("tick", root, newest_stream);
    count(TICK);
    run(0);
}
EXPORT(proxy_on_queue_ready) void on_queue_ready(u32 root, u32 queue) {
    begin();
    enter("queue", root, newest_stream);
    last_queue = queue;
    announce();
    run(0);
}
EXPORT(proxy_on_http_call_response) void on_call(u32 root, u32 token, u32 count_, u32 size, u32 trailer_count) {
    begin();
    enter("call", root, callers[token / 4 % CALLERS].context);
    now.size = size;
    count(CALL);
    put_prefix();
    put_text(count_ ? " answered, body " : " failed, body "), put_number(size);
    put_text(" trailers "), put_number(trailer_count);
    end_line(INFO);
    run(0);
}

// gRPC: initial metadata, a message, trailing metadata, the end. `$g` is the call's id there.
static void grpc(const char *name, u32 kind, u32 root, u32 id, const char *what, u32 size) {
    begin();
    u32 i = grpc_call_with(id);
    enter(name, root, grpc_calls[i].context);
    last_grpc = id;
    now.size = size;
    count(kind);
    put_prefix();
    put_char(' ');
    put((str){grpc_calls[i].method, grpc_calls[i].size});
    put_text(what);
    if (kind == GI) put_text(size ? "some" : "none"); else put_number(size);
    end_line(INFO);
    run(0);
}
EXPORT(proxy_on_grpc_receive_initial_metadata) void on_gi(u32 root, u32 id, u32 size) {
    grpc("gi", GI, root, id, " ", size);
}
EXPORT(proxy_on_grpc_receive) void on_gm(u32 root, u32 id, u32 size) { grpc("gm", GM, root, id, " size ", size); }
EXPORT(proxy_on_grpc_receive_trailing_metadata) void on_gt(u32 root, u32 id, u32 size) {
    grpc("gt", GT, root, id, " count ", size);
}
EXPORT(proxy_on_grpc_close) void on_gc(u32 root, u32 id, u32 status) { grpc("gc", GC, root, id, " status ", status); }

// Layer 4: new connection, data and close of either side.
EXPORT(proxy_on_new_connection) u32 on_nc(u32 context) {
    begin();
    enter("nc", context, context);
    newest_stream = context;
    if (!first_stream) first_stream = context;
    announce();
    return run(CONTINUE);
}
EXPORT(proxy_on_downstream_data) u32 on_dd(u32 c, u32 size, u32 end) { return body("dd", RB, c, size, end); }
EXPORT(proxy_on_upstream_data) u32 on_ud(u32 c, u32 size, u32 end) { return body("ud", SB, c, size, end); }
static void closed(const char *name, u32 context, u32 peer) {
    begin();
    enter(name, context, context);
    put_prefix();
    put_text(" by "), put_number(peer);
    end_line(INFO);
    run(0);
}
EXPORT(proxy_on_downstream_connection_close) void on_dc(u32 c, u32 peer) { closed("dc", c, peer); }
EXPORT(proxy_on_upstream_connection_close) void on_uc(u32 c, u32 peer) { closed("uc", c, peer); }
