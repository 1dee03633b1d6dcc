// Small things that read better in C: building types, the epoch ticker, the thread's CPU clock.

#define _GNU_SOURCE
#include "cwasmtime.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

static void make_valtypes(cwasmtime_valtypes *out, const uint8_t *kinds, size_t count) {
    cwasmtime_valtype_vec_new_uninitialized(out, count);
    for (size_t i = 0; i < count; i++) out->data[i] = cwasmtime_valtype_new(kinds[i]);
}

cwasmtime_functype *cwasmtime_make_functype(
    const uint8_t *params, size_t param_count, const uint8_t *results, size_t result_count) {
    cwasmtime_valtypes parameter_types, result_types;
    make_valtypes(&parameter_types, params, param_count);
    make_valtypes(&result_types, results, result_count);
    return cwasmtime_functype_new(&parameter_types, &result_types);
}

uint64_t cwasmtime_thread_cpu_nanoseconds(void) {
    struct timespec now;
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) != 0) return 0;
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

struct ticker {
    cwasmtime_ticker shared;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t stop_requested;
    bool stop;
    cwasmtime_engine *engine;
    uint32_t milliseconds;
};

static void *tick(void *argument) {
    struct ticker *ticker = argument;
    struct timespec next;
    pthread_mutex_lock(&ticker->lock);
    while (!ticker->stop) {
#ifdef __linux__
        clock_gettime(CLOCK_MONOTONIC, &next);
#else
        clock_gettime(CLOCK_REALTIME, &next);
#endif
        next.tv_nsec += (long)ticker->milliseconds * 1000000;
        next.tv_sec += next.tv_nsec / 1000000000;
        next.tv_nsec %= 1000000000;
        while (!ticker->stop &&
               pthread_cond_timedwait(&ticker->stop_requested, &ticker->lock, &next) != ETIMEDOUT) {
        }
        if (ticker->stop) break;
        __atomic_fetch_add(&ticker->shared.ticks, 1, __ATOMIC_RELAXED);
        cwasmtime_engine_increment_epoch(ticker->engine);
    }
    pthread_mutex_unlock(&ticker->lock);
    return NULL;
}

cwasmtime_ticker *cwasmtime_ticker_start(cwasmtime_engine *engine, uint32_t milliseconds) {
    struct ticker *ticker = calloc(1, sizeof(*ticker));
    if (!ticker) return NULL;
    ticker->engine = engine;
    ticker->milliseconds = milliseconds;
    pthread_mutex_init(&ticker->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
#ifdef __linux__
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
#endif
    pthread_cond_init(&ticker->stop_requested, &attributes);
    pthread_condattr_destroy(&attributes);
    // Signals are for the threads that expect them.
    sigset_t all, previous;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &previous);
    int failure = pthread_create(&ticker->thread, NULL, tick, ticker);
    pthread_sigmask(SIG_SETMASK, &previous, NULL);
    if (failure) {
        pthread_cond_destroy(&ticker->stop_requested);
        pthread_mutex_destroy(&ticker->lock);
        free(ticker);
        return NULL;
    }
#ifdef __linux__
    pthread_setname_np(ticker->thread, "wasm-epoch");
#endif
    return &ticker->shared;
}

void cwasmtime_ticker_stop(cwasmtime_ticker *shared) {
    struct ticker *ticker = (struct ticker *)shared;
    pthread_mutex_lock(&ticker->lock);
    ticker->stop = true;
    pthread_cond_signal(&ticker->stop_requested);
    pthread_mutex_unlock(&ticker->lock);
    pthread_join(ticker->thread, NULL);
    pthread_cond_destroy(&ticker->stop_requested);
    pthread_mutex_destroy(&ticker->lock);
    free(ticker);
}
