// Finds and opens the engine's library.

#define _GNU_SOURCE
#include "cwasmtime.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct cwasmtime_functions cwasmtime_loaded_functions;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool loaded;
static char loaded_path[PATH_MAX];

#ifdef __APPLE__
#define LIBRARY "libwasmtime.dylib"
#else
#define LIBRARY "libwasmtime.so"
#endif

#define CWASMTIME_SYMBOL(result, prefix, name, params, args) {#prefix #name, offsetof(struct cwasmtime_functions, name)},
static const struct {
    const char *name;
    size_t offset;
} symbols[] = {CWASMTIME_FUNCTIONS(CWASMTIME_SYMBOL)};

__attribute__((format(printf, 3, 4))) static void add(char *text, size_t capacity, const char *format, ...) {
    size_t used = strlen(text);
    if (used + 1 >= capacity) return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + used, capacity - used, format, arguments);
    va_end(arguments);
}

// `tried` collects a reason per place.
static bool open_library(const char *path, char *tried, size_t capacity) {
    if (strchr(path, '/') && access(path, R_OK) != 0) {
        add(tried, capacity, "\n  %s: not there", path);
        return false;
    }
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        const char *reason = dlerror();
        add(tried, capacity, "\n  %s: %s", path, reason ? reason : "cannot be opened");
        return false;
    }
    struct cwasmtime_functions functions;
    for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
        void *symbol = dlsym(handle, symbols[i].name);
        if (!symbol) {
            add(tried, capacity, "\n  %s: not Wasmtime 50, it has no %s", path, symbols[i].name);
            dlclose(handle);
            return false;
        }
        memcpy((char *)&functions + symbols[i].offset, &symbol, sizeof(symbol));
    }
    cwasmtime_loaded_functions = functions;
    snprintf(loaded_path, sizeof(loaded_path), "%s", path);
    return true;
}

static bool search(const char *path, char *tried, size_t capacity) {
    if (path && *path) return open_library(path, tried, capacity);
    const char *variable = getenv("MIZZEN_WASMTIME");
    if (variable && *variable) return open_library(variable, tried, capacity);

    char base[PATH_MAX];
    char candidate[PATH_MAX + 64];
#ifdef __linux__
    // The link is resolved, so .build/release/x is seen as .build/TRIPLE/release/x.
    ssize_t size = readlink("/proc/self/exe", base, sizeof(base) - 1);
    if (size > 0) {
        base[size] = 0;
        char *slash = strrchr(base, '/');
        if (slash) {
            *slash = 0;
            static const char *const beside[] = {"", "/../lib", "/../wasmtime", "/../../wasmtime"};
            for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
                snprintf(candidate, sizeof(candidate), "%s%s/%s", base, beside[i], LIBRARY);
                if (open_library(candidate, tried, capacity)) return true;
            }
        }
    }
#endif
    if (getcwd(base, sizeof(base))) {
        snprintf(candidate, sizeof(candidate), "%s/.build/wasmtime/%s", base, LIBRARY);
        if (open_library(candidate, tried, capacity)) return true;
    }
    return open_library(LIBRARY, tried, capacity);
}

bool cwasmtime_load(const char *path, char *text, size_t capacity) {
    if (capacity == 0) return false;
    text[0] = 0;
    char tried[6 * PATH_MAX] = "";
    pthread_mutex_lock(&lock);
    if (!loaded) {
        // What makes the engine read a module's DWARF; looked at when a configuration is made. Set here, once, before
        // there is an engine and its threads; who has set it to 0 keeps it.
        setenv("WASMTIME_BACKTRACE_DETAILS", "1", 0);
        loaded = search(path, tried, sizeof(tried));
    }
    bool result = loaded;
    pthread_mutex_unlock(&lock);
    if (result) {
        add(text, capacity, "%s", loaded_path);
    } else {
        add(text, capacity,
            "the WebAssembly engine's library (Wasmtime 50) was not found; run `make setup` in the repository, "
            "or set MIZZEN_WASMTIME to the path of %s. Tried:%s", LIBRARY, tried);
    }
    return result;
}

bool cwasmtime_reads_debug_information(void) {
    const char *value = getenv("WASMTIME_BACKTRACE_DETAILS");
    return value && strcmp(value, "1") == 0;
}
