// A module without the ABI marker: loading must fail and say so.
__attribute__((export_name("proxy_on_memory_allocate"))) void *allocate(unsigned size) { return (void *)size; }
