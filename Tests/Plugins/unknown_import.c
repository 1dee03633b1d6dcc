// Imports a function that no host offers: loading must fail and name it.
#include "proxy_wasm.h"

ENV(proxy_does_not_exist) u32 proxy_does_not_exist(u32 value);

static int configured(u32 root) { return (int)proxy_does_not_exist(root); }
