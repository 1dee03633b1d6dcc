// The part of Wasmtime's C API (version 50) that WasmtimeEngine uses, and its loader.
//
// The engine ships as one shared library without headers or a version symbol, so the declarations are
// ours and the library is opened at run time: building needs no engine. Each function `NAME` below is
// called through `cwasmtime_NAME`; before `cwasmtime_load` has succeeded none may be called.

#ifndef CWASMTIME_H
#define CWASMTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cwasmtime_config cwasmtime_config;
typedef struct cwasmtime_engine cwasmtime_engine;
typedef struct cwasmtime_module cwasmtime_module;
typedef struct cwasmtime_linker cwasmtime_linker;
typedef struct cwasmtime_instance_pre cwasmtime_instance_pre;
typedef struct cwasmtime_store cwasmtime_store;
typedef struct cwasmtime_context cwasmtime_context;
typedef struct cwasmtime_caller cwasmtime_caller;
typedef struct cwasmtime_error cwasmtime_error;
typedef struct cwasmtime_trap cwasmtime_trap;
typedef struct cwasmtime_frame cwasmtime_frame;
typedef struct cwasmtime_functype cwasmtime_functype;
typedef struct cwasmtime_memorytype cwasmtime_memorytype;
typedef struct cwasmtime_externtype cwasmtime_externtype;
typedef struct cwasmtime_importtype cwasmtime_importtype;
typedef struct cwasmtime_exporttype cwasmtime_exporttype;
typedef struct cwasmtime_valtype cwasmtime_valtype;

typedef struct cwasmtime_bytes {
    size_t size;
    char *data;
} cwasmtime_bytes;

typedef struct cwasmtime_frames {
    size_t size;
    cwasmtime_frame **data;
} cwasmtime_frames;

typedef struct cwasmtime_imports {
    size_t size;
    cwasmtime_importtype **data;
} cwasmtime_imports;

typedef struct cwasmtime_exports {
    size_t size;
    cwasmtime_exporttype **data;
} cwasmtime_exports;

typedef struct cwasmtime_valtypes {
    size_t size;
    cwasmtime_valtype **data;
} cwasmtime_valtypes;

typedef struct cwasmtime_func {
    uint64_t store_id;
    void *private_0;
} cwasmtime_func;

typedef struct cwasmtime_memory {
    struct {
        uint64_t store_id;
        uint32_t private_0;
    } part;
    uint32_t private_1;
} cwasmtime_memory;

typedef struct cwasmtime_instance {
    uint64_t store_id;
    size_t private_0;
} cwasmtime_instance;

typedef struct cwasmtime_extern {
    uint8_t kind;
    union {
        cwasmtime_func func;
        cwasmtime_memory memory;
        uint64_t words[3];
    } of;
} cwasmtime_extern;

// One argument or result slot of the unchecked calls.
typedef struct cwasmtime_raw {
    uint64_t low;
    uint64_t high;
} cwasmtime_raw;

_Static_assert(sizeof(void *) == 8, "64-bit hosts only");
_Static_assert(sizeof(cwasmtime_func) == 16, "wasmtime_func_t");
_Static_assert(sizeof(cwasmtime_memory) == 24, "wasmtime_memory_t");
_Static_assert(sizeof(cwasmtime_instance) == 16, "wasmtime_instance_t");
_Static_assert(sizeof(cwasmtime_extern) == 32, "wasmtime_extern_t");
_Static_assert(offsetof(cwasmtime_extern, of) == 8, "wasmtime_extern_t");
_Static_assert(sizeof(cwasmtime_raw) == 16, "wasmtime_val_raw_t");
_Static_assert(sizeof(cwasmtime_bytes) == 16, "wasm_byte_vec_t");

// Kinds of imports and exports, and of values.
enum { cwasmtime_extern_func = 0, cwasmtime_extern_global = 1, cwasmtime_extern_table = 2, cwasmtime_extern_memory = 3 };
enum { cwasmtime_value_i32 = 0, cwasmtime_value_i64 = 1, cwasmtime_value_f32 = 2, cwasmtime_value_f64 = 3 };

typedef cwasmtime_trap *(*cwasmtime_hostcall)(
    void *env, cwasmtime_caller *caller, cwasmtime_raw *values, size_t count);
typedef cwasmtime_error *(*cwasmtime_epoch_callback)(
    cwasmtime_context *context, void *data, uint64_t *delta, uint8_t *kind);
typedef void (*cwasmtime_finalizer)(void *env);

// X(result, prefix of the library's symbol, name, parameters, arguments)
#define CWASMTIME_FUNCTIONS(X) \
    X(cwasmtime_config *, wasm_, config_new, (void), ()) \
    X(void, wasmtime_, config_epoch_interruption_set, (cwasmtime_config *c, bool on), (c, on)) \
    X(void, wasmtime_, config_consume_fuel_set, (cwasmtime_config *c, bool on), (c, on)) \
    X(void, wasmtime_, config_max_wasm_stack_set, (cwasmtime_config *c, size_t bytes), (c, bytes)) \
    X(void, wasmtime_, config_wasm_threads_set, (cwasmtime_config *c, bool on), (c, on)) \
    X(void, wasmtime_, config_wasm_memory64_set, (cwasmtime_config *c, bool on), (c, on)) \
    X(void, wasmtime_, config_wasm_multi_memory_set, (cwasmtime_config *c, bool on), (c, on)) \
    X(void, wasmtime_, config_memory_may_move_set, (cwasmtime_config *c, bool on), (c, on)) \
    X(void, wasmtime_, config_parallel_compilation_set, (cwasmtime_config *c, bool on), (c, on)) \
    X(void, wasmtime_, config_cranelift_opt_level_set, (cwasmtime_config *c, uint8_t level), (c, level)) \
    X(cwasmtime_engine *, wasm_, engine_new_with_config, (cwasmtime_config *c), (c)) \
    X(void, wasm_, engine_delete, (cwasmtime_engine *e), (e)) \
    X(void, wasmtime_, engine_increment_epoch, (cwasmtime_engine *e), (e)) \
    X(cwasmtime_error *, wasmtime_, wat2wasm, (const char *wat, size_t size, cwasmtime_bytes *out), (wat, size, out)) \
    X(void, wasm_, byte_vec_delete, (cwasmtime_bytes *b), (b)) \
    X(cwasmtime_error *, wasmtime_, module_new, \
      (cwasmtime_engine *e, const uint8_t *wasm, size_t size, cwasmtime_module **out), (e, wasm, size, out)) \
    X(void, wasmtime_, module_delete, (cwasmtime_module *m), (m)) \
    X(void, wasmtime_, module_imports, (const cwasmtime_module *m, cwasmtime_imports *out), (m, out)) \
    X(void, wasmtime_, module_exports, (const cwasmtime_module *m, cwasmtime_exports *out), (m, out)) \
    X(cwasmtime_error *, wasmtime_, module_serialize, (cwasmtime_module *m, cwasmtime_bytes *out), (m, out)) \
    X(cwasmtime_error *, wasmtime_, module_deserialize, \
      (cwasmtime_engine *e, const uint8_t *bytes, size_t size, cwasmtime_module **out), (e, bytes, size, out)) \
    X(void, wasm_, importtype_vec_delete, (cwasmtime_imports *v), (v)) \
    X(void, wasm_, exporttype_vec_delete, (cwasmtime_exports *v), (v)) \
    X(const cwasmtime_bytes *, wasm_, importtype_module, (const cwasmtime_importtype *t), (t)) \
    X(const cwasmtime_bytes *, wasm_, importtype_name, (const cwasmtime_importtype *t), (t)) \
    X(const cwasmtime_externtype *, wasm_, importtype_type, (const cwasmtime_importtype *t), (t)) \
    X(const cwasmtime_bytes *, wasm_, exporttype_name, (const cwasmtime_exporttype *t), (t)) \
    X(const cwasmtime_externtype *, wasm_, exporttype_type, (const cwasmtime_exporttype *t), (t)) \
    X(uint8_t, wasm_, externtype_kind, (const cwasmtime_externtype *t), (t)) \
    X(const cwasmtime_functype *, wasm_, externtype_as_functype_const, (const cwasmtime_externtype *t), (t)) \
    X(const cwasmtime_memorytype *, wasm_, externtype_as_memorytype_const, (const cwasmtime_externtype *t), (t)) \
    X(cwasmtime_memorytype *, wasm_, memorytype_copy, (const cwasmtime_memorytype *t), (t)) \
    X(void, wasm_, memorytype_delete, (cwasmtime_memorytype *t), (t)) \
    X(cwasmtime_valtype *, wasm_, valtype_new, (uint8_t kind), (kind)) \
    X(uint8_t, wasm_, valtype_kind, (const cwasmtime_valtype *t), (t)) \
    X(void, wasm_, valtype_vec_new_uninitialized, (cwasmtime_valtypes *out, size_t size), (out, size)) \
    X(cwasmtime_functype *, wasm_, functype_new, (cwasmtime_valtypes *params, cwasmtime_valtypes *results), \
      (params, results)) \
    X(void, wasm_, functype_delete, (cwasmtime_functype *t), (t)) \
    X(const cwasmtime_valtypes *, wasm_, functype_params, (const cwasmtime_functype *t), (t)) \
    X(const cwasmtime_valtypes *, wasm_, functype_results, (const cwasmtime_functype *t), (t)) \
    X(cwasmtime_linker *, wasmtime_, linker_new, (cwasmtime_engine *e), (e)) \
    X(void, wasmtime_, linker_delete, (cwasmtime_linker *l), (l)) \
    X(cwasmtime_error *, wasmtime_, linker_define_func_unchecked, \
      (cwasmtime_linker *l, const char *module, size_t module_size, const char *name, size_t name_size, \
       const cwasmtime_functype *type, cwasmtime_hostcall call, void *env, cwasmtime_finalizer finalizer), \
      (l, module, module_size, name, name_size, type, call, env, finalizer)) \
    X(cwasmtime_error *, wasmtime_, linker_define, \
      (cwasmtime_linker *l, cwasmtime_context *c, const char *module, size_t module_size, const char *name, \
       size_t name_size, const cwasmtime_extern *item), (l, c, module, module_size, name, name_size, item)) \
    X(cwasmtime_error *, wasmtime_, linker_instantiate_pre, \
      (const cwasmtime_linker *l, const cwasmtime_module *m, cwasmtime_instance_pre **out), (l, m, out)) \
    X(cwasmtime_error *, wasmtime_, linker_instantiate, \
      (const cwasmtime_linker *l, cwasmtime_context *c, const cwasmtime_module *m, cwasmtime_instance *out, \
       cwasmtime_trap **trap), (l, c, m, out, trap)) \
    X(void, wasmtime_, instance_pre_delete, (cwasmtime_instance_pre *p), (p)) \
    X(cwasmtime_error *, wasmtime_, instance_pre_instantiate, \
      (const cwasmtime_instance_pre *p, cwasmtime_context *c, cwasmtime_instance *out, cwasmtime_trap **trap), \
      (p, c, out, trap)) \
    X(bool, wasmtime_, instance_export_get, \
      (cwasmtime_context *c, const cwasmtime_instance *i, const char *name, size_t size, cwasmtime_extern *out), \
      (c, i, name, size, out)) \
    X(bool, wasmtime_, caller_export_get, \
      (cwasmtime_caller *c, const char *name, size_t size, cwasmtime_extern *out), (c, name, size, out)) \
    X(cwasmtime_context *, wasmtime_, caller_context, (cwasmtime_caller *c), (c)) \
    X(cwasmtime_store *, wasmtime_, store_new, (cwasmtime_engine *e, void *data, cwasmtime_finalizer finalizer), \
      (e, data, finalizer)) \
    X(void, wasmtime_, store_delete, (cwasmtime_store *s), (s)) \
    X(cwasmtime_context *, wasmtime_, store_context, (cwasmtime_store *s), (s)) \
    X(void, wasmtime_, store_limiter, \
      (cwasmtime_store *s, int64_t memory, int64_t elements, int64_t instances, int64_t tables, int64_t memories), \
      (s, memory, elements, instances, tables, memories)) \
    X(void, wasmtime_, store_epoch_deadline_callback, \
      (cwasmtime_store *s, cwasmtime_epoch_callback call, void *data, cwasmtime_finalizer finalizer), \
      (s, call, data, finalizer)) \
    X(void, wasmtime_, context_set_epoch_deadline, (cwasmtime_context *c, uint64_t ticks), (c, ticks)) \
    X(void *, wasmtime_, context_get_data, (const cwasmtime_context *c), (c)) \
    X(void, wasmtime_, context_set_data, (cwasmtime_context *c, void *data), (c, data)) \
    X(cwasmtime_error *, wasmtime_, memory_new, \
      (cwasmtime_context *c, const cwasmtime_memorytype *t, cwasmtime_memory *out), (c, t, out)) \
    X(uint8_t *, wasmtime_, memory_data, (const cwasmtime_context *c, const cwasmtime_memory *m), (c, m)) \
    X(size_t, wasmtime_, memory_data_size, (const cwasmtime_context *c, const cwasmtime_memory *m), (c, m)) \
    X(cwasmtime_error *, wasmtime_, func_call_unchecked, \
      (cwasmtime_context *c, const cwasmtime_func *f, void *values, size_t count, cwasmtime_trap **trap), \
      (c, f, values, count, trap)) \
    X(cwasmtime_error *, wasmtime_, error_new, (const char *message), (message)) \
    X(void, wasmtime_, error_delete, (cwasmtime_error *e), (e)) \
    X(void, wasmtime_, error_message, (const cwasmtime_error *e, cwasmtime_bytes *out), (e, out)) \
    X(void, wasmtime_, error_wasm_trace, (const cwasmtime_error *e, cwasmtime_frames *out), (e, out)) \
    X(cwasmtime_trap *, wasmtime_, trap_new, (const char *message, size_t size), (message, size)) \
    X(void, wasm_, trap_delete, (cwasmtime_trap *t), (t)) \
    X(void, wasm_, trap_message, (const cwasmtime_trap *t, cwasmtime_bytes *out), (t, out)) \
    X(void, wasm_, trap_trace, (const cwasmtime_trap *t, cwasmtime_frames *out), (t, out)) \
    X(void, wasm_, frame_vec_delete, (cwasmtime_frames *v), (v)) \
    X(uint32_t, wasm_, frame_func_index, (const cwasmtime_frame *f), (f)) \
    X(size_t, wasm_, frame_module_offset, (const cwasmtime_frame *f), (f)) \
    X(const cwasmtime_bytes *, wasmtime_, frame_func_name, (const cwasmtime_frame *f), (f))

#define CWASMTIME_MEMBER(result, prefix, name, params, args) result(*name) params;
struct cwasmtime_functions {
    CWASMTIME_FUNCTIONS(CWASMTIME_MEMBER)
};
#undef CWASMTIME_MEMBER

// Filled by `cwasmtime_load`, constant afterwards.
extern struct cwasmtime_functions cwasmtime_loaded_functions;

#define CWASMTIME_WRAPPER(result, prefix, name, params, args) \
    static inline result cwasmtime_##name params { return cwasmtime_loaded_functions.name args; }
CWASMTIME_FUNCTIONS(CWASMTIME_WRAPPER)
#undef CWASMTIME_WRAPPER

// Opens the library, once per process. `path` may be NULL: then $MIZZEN_WASMTIME, places beside the
// binary, ./.build/wasmtime and the system's are tried. A path or variable that is set is the only
// place tried. Sets WASMTIME_BACKTRACE_DETAILS unless it is set. On success `text` holds the library's path, else what was tried and what to do.
// Callable from any thread.
bool cwasmtime_load(const char *path, char *text, size_t capacity);

// Whether engines made now keep a module's DWARF for backtraces.
bool cwasmtime_reads_debug_information(void);

// The type of a function, from value kinds. Owned by the caller.
cwasmtime_functype *cwasmtime_make_functype(
    const uint8_t *params, size_t param_count, const uint8_t *results, size_t result_count);

// A thread that increments the engine's epoch every `milliseconds`. NULL when no thread can be had.
typedef struct cwasmtime_ticker cwasmtime_ticker;
struct cwasmtime_ticker {
    uint32_t ticks;
};
cwasmtime_ticker *cwasmtime_ticker_start(cwasmtime_engine *engine, uint32_t milliseconds);
// Stops and joins the thread, frees the ticker.
void cwasmtime_ticker_stop(cwasmtime_ticker *ticker);

// Ticks so far; wraps. Moves just before the epoch does. Costs a load.
static inline uint32_t cwasmtime_ticker_ticks(const cwasmtime_ticker *ticker) {
    return __atomic_load_n(&ticker->ticks, __ATOMIC_RELAXED);
}

// Nanoseconds of CPU time the calling thread has used.
uint64_t cwasmtime_thread_cpu_nanoseconds(void);

#endif
