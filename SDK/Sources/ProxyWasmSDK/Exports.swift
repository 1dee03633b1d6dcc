#if arch(wasm32)
// The callbacks of ABI 0.2.1. toolset.json names them for the linker; `_initialize`, the allocator and the ABI
// marker are in CProxyWasmShims.

@c(proxy_on_context_create)
public func proxyOnContextCreate(id: UInt32, parent: UInt32) {
    Dispatcher.create(id, parent: parent)
}

@c(proxy_on_vm_start)
public func proxyOnVMStart(root: UInt32, configurationSize: UInt32) -> UInt32 {
    1
}

@c(proxy_on_configure)
public func proxyOnConfigure(root: UInt32, configurationSize: UInt32) -> UInt32 {
    Dispatcher.configure(root, size: Int(configurationSize)) ? 1 : 0
}

@c(proxy_on_tick)
public func proxyOnTick(root: UInt32) {
    Dispatcher.roots[root]?.onTick()
}

@c(proxy_on_request_headers)
public func proxyOnRequestHeaders(id: UInt32, count: UInt32, end: UInt32) -> UInt32 {
    Dispatcher.streams[id]?.onRequestHeaders(count: Int(count), endOfStream: end != 0).rawValue ?? 0
}

@c(proxy_on_request_body)
public func proxyOnRequestBody(id: UInt32, size: UInt32, end: UInt32) -> UInt32 {
    Dispatcher.streams[id]?.onRequestBody(size: Int(size), endOfStream: end != 0).rawValue ?? 0
}

@c(proxy_on_request_trailers)
public func proxyOnRequestTrailers(id: UInt32, count: UInt32) -> UInt32 {
    Dispatcher.streams[id]?.onRequestTrailers(count: Int(count)).rawValue ?? 0
}

@c(proxy_on_response_headers)
public func proxyOnResponseHeaders(id: UInt32, count: UInt32, end: UInt32) -> UInt32 {
    Dispatcher.streams[id]?.onResponseHeaders(count: Int(count), endOfStream: end != 0).rawValue ?? 0
}

@c(proxy_on_response_body)
public func proxyOnResponseBody(id: UInt32, size: UInt32, end: UInt32) -> UInt32 {
    Dispatcher.streams[id]?.onResponseBody(size: Int(size), endOfStream: end != 0).rawValue ?? 0
}

@c(proxy_on_response_trailers)
public func proxyOnResponseTrailers(id: UInt32, count: UInt32) -> UInt32 {
    Dispatcher.streams[id]?.onResponseTrailers(count: Int(count)).rawValue ?? 0
}

@c(proxy_on_http_call_response)
public func proxyOnHTTPCallResponse(root: UInt32, token: UInt32, headers: UInt32, bodySize: UInt32, trailers: UInt32) {
    Dispatcher.complete(token: token, headerCount: Int(headers))
}

@c(proxy_on_done)
public func proxyOnDone(id: UInt32) -> UInt32 {
    1
}

@c(proxy_on_log)
public func proxyOnLog(id: UInt32) {
    Dispatcher.streams[id]?.onLog()
}

@c(proxy_on_delete)
public func proxyOnDelete(id: UInt32) {
    Dispatcher.delete(id)
}
#endif
