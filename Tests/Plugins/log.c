// Writes one line at each level for every request ("level 0" … "level 5"), one line to stdout and one to stderr.
#include "proxy_wasm.h"

typedef struct { const char *data; u32 size; } iovec;
WASI(fd_write) u32 fd_write(u32 fd, const iovec *parts, u32 count, u32 *written);

static int configured(u32 root) {
    write_log(INFO, join(S("configured with "), config_of(root)));
    return 1;
}

EXPORT(proxy_on_request_headers) u32 on_request_headers(u32 context, u32 count, u32 end) {
    (void)context, (void)count, (void)end;
    begin();
    for (u32 level = TRACE; level <= CRITICAL; level++) write_log(level, join(S("level "), decimal(level)));
    u32 written = 0;
    iovec out[] = {{"to ", 3}, {"stdout\n", 7}}, err[] = {{"to stderr\n", 10}};
    fd_write(1, out, 2, &written);
    fd_write(2, err, 1, &written);
    return CONTINUE;
}
