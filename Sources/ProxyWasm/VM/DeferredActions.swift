/// Something a hostcall asked for that may call back into the guest: done after the outermost
/// callback has returned. Streams are named with their id, since the object may serve another one by then.
enum DeferredAction {
    case continueStream(StreamContext, id: UInt32, StreamType)
    case closeStream(StreamContext, id: UInt32)
    case localResponse(StreamContext, id: UInt32, LocalResponse)
    case finishStream(StreamContext, id: UInt32)
    case deletePlugin(PluginContext)
    case callResponse(token: UInt32, headers: HeaderMap?, body: (any BodyBuffer)?, trailers: HeaderMap?)
    case grpc(token: UInt32, GRPCEvent)
    case nameResolved(token: UInt32, addresses: [ResolvedAddress]?)
}

extension PluginVM {
    /// Queues an action for the time when the guest is off the stack.
    func later(_ action: DeferredAction) {
        self.deferred.append(action)
        self.needsAttention = true
    }

    /// Runs what callbacks have queued, in order, until nothing is left. Only the outermost caller
    /// drains: entries queued by callbacks that an entry causes are taken by its loop.
    @inline(__always)
    func drain() {
        if self.needsAttention { self.drainSlowly() }
    }

    @inline(never)
    private func drainSlowly() {
        guard !self.isDraining, !self.isGuestRunning else { return }
        // A queue's events come from other threads, so a VM that has queues keeps looking.
        self.needsAttention = self.hasRegisteredQueue
        guard !self.deferred.isEmpty || self.owesFailureNotice || self.hasQueueEvents else { return }
        self.isDraining = true
        // A host that is woken for queue events gets them then, from its loop, as in Envoy; another with any callback.
        let delivers = self.deliversQueueEvents || self.host.queueWaker == nil
        var delivered = 0
        repeat {
            var index = 0
            while index < self.deferred.count {
                let action = self.deferred[index]
                index += 1
                self.perform(action)
            }
            self.deferred.removeAll(keepingCapacity: true)
            // Bounded: two plugins that feed each other's queue must not hold the worker for ever.
            while delivers, delivered < Self.maximumQueueEventsPerDrain, let event = self.mailbox.take() {
                delivered += 1
                self.queueReady(event)
                if !self.deferred.isEmpty { break }
            }
        } while !self.deferred.isEmpty
            || (delivers && delivered < Self.maximumQueueEventsPerDrain && self.hasQueueEvents)
        self.isDraining = false
        if delivers, self.hasQueueEvents, self.isUsable { self.host.queueWaker?() }
        if self.owesFailureNotice {
            self.owesFailureNotice = false
            // Streams keep a dead VM until they end; the VM no longer keeps them.
            self.streams.removeAll()
            self.host.vmDidFail(self)
        }
        self.needsAttention = self.hasRegisteredQueue || self.owesFailureNotice || !self.deferred.isEmpty
    }

    /// The end of a stream's callback. A local response for that very stream is sent before the
    /// callback's caller gets its status, also when the callback was caused by a deferred action.
    @inline(__always)
    func settle(_ stream: StreamContext) {
        if self.needsAttention { self.settleSlowly(stream) }
    }

    @inline(never)
    private func settleSlowly(_ stream: StreamContext) {
        guard self.isDraining else { return self.drainSlowly() }
        guard stream.isLocalResponsePending else { return }
        for index in self.deferred.indices.reversed() {
            if case .localResponse(let other, _, _) = self.deferred[index], other === stream {
                self.perform(self.deferred.remove(at: index))
                return
            }
        }
    }

    /// Forgets what the failed callback had queued.
    func dropDeferred(from mark: Int) {
        while self.deferred.count > mark {
            if case .localResponse(let stream, let id, _)? = self.deferred.popLast(), stream.serves(self, id) {
                stream.isLocalResponsePending = false
                stream.isAnswered = false
            }
        }
    }

    private func perform(_ action: DeferredAction) {
        // What a dead VM still wanted does not count: the failure policy decides for its streams, and
        // their hosts may already have let go of them.
        guard self.failure == nil else { return }
        switch action {
        case .continueStream(let stream, let id, let type):
            guard stream.isLive, stream.serves(self, id) else { return }
            stream.host?.continueStream(type)
        case .closeStream(let stream, let id):
            guard stream.isLive, stream.serves(self, id) else { return }
            stream.host?.closeStream()
        case .localResponse(let stream, let id, let response):
            guard stream.serves(self, id) else { return }
            stream.isLocalResponsePending = false
            guard stream.isLive else { return }
            stream.host?.sendLocalResponse(response)
        case .finishStream(let stream, let id):
            guard stream.serves(self, id) else { return }
            stream.finish()
        case .deletePlugin(let plugin):
            self.delete(plugin)
        case .callResponse(let token, let headers, let body, let trailers):
            self.httpCallResponse(token: token, headers: headers, body: body, trailers: trailers)
        case .grpc(let token, let event):
            self.deliver(event, token: token)
        case .nameResolved(let token, let addresses):
            self.nameResolved(token: token, addresses: addresses)
        }
    }
}
