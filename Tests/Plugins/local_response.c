// Answers by itself, by path: /deny in the request headers, /deny-body in the request body, /deny-response in the
// response headers, /deny-empty without a body. Anything else passes. 403 with `x-denied: PHASE` (twice `x-multi`).
#include "proxy_wasm.h"

enum { PASS, IN_BODY, IN_RESPONSE };

static int configured(u32 root) { (void)root; return 1; }

static u32 deny(const char *phase, str body) {
    str headers[] = {S("x-denied"), S(phase), S("x-multi"), S("1"), S("x-multi"), S("2")};
    respond(403, "denied_by_test_plugin", body, headers, 3);
    return PAUSE;
}

EXPORT(proxy_on_request_headers) u32 on_request_headers(u32 context, u32 count, u32 end) {
    (void)count, (void)end;
    begin();
    str path = get(REQUEST_HEADERS, ":path");
    if (equal(path, "/deny")) return deny("request", S("denied in request\n"));
    if (equal(path, "/deny-empty")) return deny("request", S(""));
    *state(context) = equal(path, "/deny-body") ? IN_BODY : equal(path, "/deny-response") ? IN_RESPONSE : PASS;
    return CONTINUE;
}

EXPORT(proxy_on_request_body) u32 on_request_body(u32 context, u32 size, u32 end) {
    (void)size, (void)end;
    begin();
    return *state(context) == IN_BODY ? deny("body", S("denied in body\n")) : CONTINUE;
}

EXPORT(proxy_on_response_headers) u32 on_response_headers(u32 context, u32 count, u32 end) {
    (void)count, (void)end;
    begin();
    if (*state(context) != IN_RESPONSE) return CONTINUE;
    *state(context) = PASS;
    return deny("response", S("denied in response\n"));
}
