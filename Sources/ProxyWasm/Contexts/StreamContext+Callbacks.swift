// The six HTTP callbacks: open what the guest may touch, call it, read its answer, close again.

extension StreamContext {
    public func onRequestHeaders(endOfStream: Bool) -> CallbackResult<HeadersStatus> {
        self.onHeaders(.request, .requestHeaders, "proxy_on_request_headers", { $0.requestHeaders }, endOfStream)
    }

    public func onRequestBody(size: Int, endOfStream: Bool) -> CallbackResult<DataStatus> {
        self.onBody(.request, "proxy_on_request_body", { $0.requestBody }, size, endOfStream)
    }

    public func onRequestTrailers() -> CallbackResult<TrailersStatus> {
        self.onTrailers(.request, .requestTrailers, "proxy_on_request_trailers", { $0.requestTrailers })
    }

    public func onResponseHeaders(endOfStream: Bool) -> CallbackResult<HeadersStatus> {
        self.onHeaders(.response, .responseHeaders, "proxy_on_response_headers", { $0.responseHeaders }, endOfStream)
    }

    public func onResponseBody(size: Int, endOfStream: Bool) -> CallbackResult<DataStatus> {
        self.onBody(.response, "proxy_on_response_body", { $0.responseBody }, size, endOfStream)
    }

    public func onResponseTrailers() -> CallbackResult<TrailersStatus> {
        self.onTrailers(.response, .responseTrailers, "proxy_on_response_trailers", { $0.responseTrailers })
    }

    /// Whether the plugin has a body callback for that direction. False: the host may pass bodies by it without
    /// asking. True for a dead VM, so that the host asks and hears of it.
    public func handlesBody(_ type: StreamType) -> Bool {
        guard let vm = self.vmReference else { return true }
        return vm._withUnsafeGuaranteedRef { vm in
            guard vm.isUsable else { return true }
            return type == .request ? vm.exports.requestBody != nil : vm.exports.responseBody != nil
        }
    }

    // MARK: One of each kind

    private typealias Export = (borrowing GuestExports) -> GuestFunction?

    @inline(__always)
    private func onHeaders(
        _ direction: PluginVM.Direction,
        _ map: MapType,
        _ name: StaticString,
        _ export: Export,
        _ endOfStream: Bool
    ) -> CallbackResult<HeadersStatus> {
        self.withUsableVM { vm, plugin in
            let bit = UInt8(1) << UInt8(map.rawValue)
            self.readable |= bit
            guard let function = export(vm.exports) else { return .status(.continue) }
            self.writable |= bit
            vm.slots[0] = RawValue(i32: self.id)
            vm.slots[1] = RawValue(i32: UInt32(clamping: self.headerCount(map)))
            vm.slots[2] = RawValue(i32: endOfStream ? 1 : 0)
            // 0.1.0 knows no end of stream here.
            let count = vm.abiVersion == .v0_1_0 ? 2 : 3
            guard let raw = vm.invoke(function, name, plugin: plugin, stream: self, direction: direction, count: count)
            else { return self.fail(vm) }
            var status: HeadersStatus
            switch raw {
            // 2 is ContinueAndEndStream; its second half cannot be expressed by a proxy's filter.
            case 0, 2: status = .continue
            case 1:
                status = plugin.definition.allowOnHeadersStopIteration ? .stopIteration : .stopAllIterationAndWatermark
            case 3: status = .stopAllIterationAndBuffer
            default: status = .stopAllIterationAndWatermark
            }
            if self.isLocalResponsePending {
                status = .stopAllIterationAndWatermark
            } else if self.isContinueRequested {
                status = .continue
            }
            return self.conclude(vm, direction, status, isContinue: status == .continue)
        }
    }

    @inline(__always)
    private func onBody(
        _ direction: PluginVM.Direction,
        _ name: StaticString,
        _ export: Export,
        _ size: Int,
        _ endOfStream: Bool
    ) -> CallbackResult<DataStatus> {
        self.withUsableVM { vm, plugin in
            guard let function = export(vm.exports) else { return .status(.continue) }
            self.body |= direction == .request ? 0b01 : 0b10
            if endOfStream { self.creatable |= direction == .request ? 0b0010 : 0b1000 }
            vm.slots[0] = RawValue(i32: self.id)
            vm.slots[1] = RawValue(i32: UInt32(clamping: size))
            vm.slots[2] = RawValue(i32: endOfStream ? 1 : 0)
            guard let raw = vm.invoke(function, name, plugin: plugin, stream: self, direction: direction, count: 3)
            else { return self.fail(vm) }
            var status = DataStatus(rawValue: raw) ?? .stopIterationNoBuffer
            if self.isLocalResponsePending {
                status = .stopIterationNoBuffer
            } else if self.isContinueRequested {
                status = .continue
            }
            return self.conclude(vm, direction, status, isContinue: status == .continue)
        }
    }

    @inline(__always)
    private func onTrailers(
        _ direction: PluginVM.Direction,
        _ map: MapType,
        _ name: StaticString,
        _ export: Export
    ) -> CallbackResult<TrailersStatus> {
        self.withUsableVM { vm, plugin in
            let bit = UInt8(1) << UInt8(map.rawValue)
            self.readable |= bit
            guard let function = export(vm.exports) else { return .status(.continue) }
            self.writable |= bit
            vm.slots[0] = RawValue(i32: self.id)
            vm.slots[1] = RawValue(i32: UInt32(clamping: self.headerCount(map)))
            guard let raw = vm.invoke(function, name, plugin: plugin, stream: self, direction: direction, count: 2)
            else { return self.fail(vm) }
            var status: TrailersStatus = raw == 0 ? .continue : .stopIteration
            if self.isLocalResponsePending {
                status = .stopIteration
            } else if self.isContinueRequested {
                status = .continue
            }
            return self.conclude(vm, direction, status, isContinue: status == .continue)
        }
    }

    /// Entries of one of the stream's own maps; 0 where there is none.
    @inline(__always)
    private func headerCount(_ type: MapType) -> Int {
        if let map = self.ownMap(type) { return map._withUnsafeGuaranteedRef { $0.count } }
        return self.host?.headerMap(type)?.count ?? 0
    }

    // MARK: Ends of a callback

    /// Runs `body` if the guest may be called, without counting a reference: both live until `finish`.
    @inline(__always)
    func withUsableVM<S>(_ body: (PluginVM, PluginContext) -> CallbackResult<S>) -> CallbackResult<S> {
        guard let vm = self.vmReference, let plugin = self.pluginReference, self.isLive else { return .failed }
        return vm._withUnsafeGuaranteedRef { vm in
            guard vm.isUsable else { return .failed }
            return plugin._withUnsafeGuaranteedRef { body(vm, $0) }
        }
    }

    /// Closes what the callback opened unless the guest holds it, runs what it queued. After that this
    /// object may already serve another stream: nothing of it is read any more.
    @inline(__always)
    private func conclude<S>(
        _ vm: PluginVM,
        _ direction: PluginVM.Direction,
        _ status: S,
        isContinue: Bool
    ) -> CallbackResult<S> {
        self.isContinueRequested = false
        if isContinue { self.release(request: direction == .request) }
        vm.settle(self)
        return vm.failure == nil ? .status(status) : .failed
    }

    func fail<S>(_ vm: PluginVM) -> CallbackResult<S> {
        self.isContinueRequested = false
        self.isLocalResponsePending = false
        self.writable = 0
        vm.drain()
        return .failed
    }
}
