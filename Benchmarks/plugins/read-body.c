// Reads every piece of the response's body as it streams by.
#include "proxy_wasm.h"

static int configured(u32 root) { (void)root; return 1; }

static u32 seen;

EXPORT(proxy_on_response_body) u32 on_response_body(u32 context, u32 size, u32 end) {
    (void)context, (void)end;
    begin();
    str piece = {0, 0};
    if (size && proxy_get_buffer_bytes(RESPONSE_BODY, 0, size, &piece.data, &piece.size) != OK) return PAUSE;
    for (u32 i = 0; i < piece.size; i += 64) seen += (u8)piece.data[i];
    return CONTINUE;
}
