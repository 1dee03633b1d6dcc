// The probe's words: taking a script apart, and writing log lines.
#ifndef TEXT_H
#define TEXT_H

#include "imports.h"

// One log line under construction.
static char line[8192];
static u32 line_size;

static void put_char(char c) { if (line_size < sizeof line) line[line_size++] = c; }
static void put(str s) { for (u32 i = 0; i < s.size; i++) put_char(s.data[i]); }
static void put_text(const char *s) { put(S(s)); }
static void put_number(u64 value) {
    char digits[20];
    u32 n = 0;
    do digits[n++] = (char)('0' + value % 10); while (value /= 10);
    while (n) put_char(digits[--n]);
}
// In quotes, with everything but printable ASCII as \xNN, so that both proxies print the same; long ones are cut.
static void put_quoted(str s) {
    put_char('\'');
    for (u32 i = 0; i < s.size && i < 400; i++) {
        u8 c = (u8)s.data[i];
        if (c >= ' ' && c < 127 && c != '\'' && c != '\\') { put_char((char)c); continue; }
        put_text("\\x");
        put_char("0123456789abcdef"[c >> 4]);
        put_char("0123456789abcdef"[c & 15]);
    }
    put_char('\'');
    if (s.size > 400) { put_text("... "); put_number(s.size); put_text(" bytes"); }
}
static void end_line(u32 level) { proxy_log(level, line, line_size); line_size = 0; }

static int starts(str s, const char *with) {
    u32 n = length(with);
    return s.size >= n && equal((str){s.data, n}, with);
}
static int same(str a, str b) {
    if (a.size != b.size) return 0;
    for (u32 i = 0; i < a.size; i++) if (a.data[i] != b.data[i]) return 0;
    return 1;
}
// Cuts the text up to the separator off the front of `rest`.
static str cut(str *rest, char separator) {
    u32 n = 0;
    while (n < rest->size && rest->data[n] != separator) n++;
    str head = {rest->data, n};
    u32 skip = n < rest->size ? n + 1 : n;
    rest->data += skip;
    rest->size -= skip;
    return head;
}
static str trimmed(str s) {
    while (s.size && s.data[0] == ' ') s.data++, s.size--;
    while (s.size && s.data[s.size - 1] == ' ') s.size--;
    return s;
}
static u32 hex_digit(char c) { return (u32)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10); }
// The next word, with %XX decoded; `-` alone is the empty word.
static str word(str *step) {
    *step = trimmed(*step);
    str raw = cut(step, ' ');
    if (equal(raw, "-")) return (str){raw.data, 0};
    char *out = allocate(raw.size + 1);
    u32 n = 0;
    for (u32 i = 0; i < raw.size; i++) {
        if (raw.data[i] == '%' && i + 2 < raw.size) {
            out[n++] = (char)(hex_digit(raw.data[i + 1]) << 4 | hex_digit(raw.data[i + 2]));
            i += 2;
        } else {
            out[n++] = raw.data[i];
        }
    }
    return (str){out, n};
}

// What a number may be called: ids that hostcalls gave, and addresses at the edge of memory.
static u32 last_queue, last_metric, last_token, last_cas, last_grpc, first_grpc;
static u8 scratch[64];

static u64 value_of(str s) {
    int negative = s.size && s.data[0] == '-';
    if (negative) s.data++, s.size--;
    u64 value = 0;
    if (starts(s, "$q")) return last_queue;
    if (starts(s, "$m")) return last_metric;
    if (starts(s, "$t")) return last_token;
    if (starts(s, "$c")) return last_cas;
    if (starts(s, "$g")) return last_grpc;
    if (starts(s, "$f")) return first_grpc;
    if (starts(s, "tmp")) return (u32)scratch;
    if (starts(s, "max")) return 0xffffffffu;
    if (starts(s, "@")) return (u32)s.data + 1;
    if (starts(s, "end")) {
        u64 back = s.size > 4 ? value_of((str){s.data + 4, s.size - 4}) : 0;
        u64 end = (u64)__builtin_wasm_memory_size(0) << 16;
        return s.size > 4 && s.data[3] == '+' ? end + back : end - back;
    }
    if (starts(s, "0x")) {
        for (u32 i = 2; i < s.size; i++) value = value << 4 | hex_digit(s.data[i]);
    } else {
        for (u32 i = 0; i < s.size; i++) value = value * 10 + (u32)(s.data[i] - '0');
    }
    return negative ? (u64)0 - value : value;
}
static u32 number_word(str *step) { return (u32)value_of(word(step)); }

#endif
