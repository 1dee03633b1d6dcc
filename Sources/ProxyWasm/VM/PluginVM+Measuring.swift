// Where a plugin's CPU time goes, without reading a clock on every callback.
//
// Root callbacks are few: each is timed. Of stream callbacks the first 64 of a VM are timed, then one in 256 on
// average, at random distances so that the fixed sequence of a request's callbacks cannot hide one; that one counts
// for 256. A callback during which the engine's clock ticked twice or more is timed by the engine whether chosen or
// not, and counts for itself. What one stream uses is taken from the engine's ticks alone: a callback of d
// milliseconds meets a tick with the probability d/5 and is charged 5 ms then, longer ones what they used.

/// What the engine has noticed of the outermost call that has just ended.
public struct LateCall: Sendable {
    /// Both of what follows, so that there is one thing to look at after a call: 0 for almost all.
    var word: UInt64 = 0
    /// CPU time: a tick's length for one tick, measured for more.
    public var nanoseconds: UInt64 = 0

    private static let timedBit: UInt64 = 1 << 63

    public init() {}

    /// Ticks of the engine's clock while the call ran; 0: nothing to say.
    public var ticks: UInt32 {
        get { UInt32(truncatingIfNeeded: self.word) }
        set { self.word = self.word & Self.timedBit | UInt64(newValue) }
    }

    /// The VM has noted when the call began.
    var isTimed: Bool {
        get { self.word & Self.timedBit != 0 }
        set { self.word = newValue ? self.word | Self.timedBit : self.word & ~Self.timedBit }
    }
}

/// Which stream callbacks are timed.
struct CallSampler {
    static let exactCalls: UInt32 = 64
    static let meanDistance: UInt32 = 256

    /// Calls until one is timed, that one included.
    var distance: UInt32 = 1
    /// What that one counts for.
    private(set) var weight: UInt64 = 1
    private var timed: UInt32 = 0
    private var random: UInt32

    /// `seed` not 0.
    init(seed: UInt32 = 0x9E37_79B9) { self.random = seed }

    mutating func choose() {
        guard self.timed >= Self.exactCalls else {
            self.timed += 1
            self.distance = 1
            return
        }
        // xorshift32
        self.random ^= self.random << 13
        self.random ^= self.random >> 17
        self.random ^= self.random << 5
        self.distance = 1 + self.random % (2 * Self.meanDistance - 1)
        self.weight = UInt64(Self.meanDistance)
    }
}

extension PluginVM {
    /// A call begins that is to be timed.
    @inline(never)
    func beginTiming() {
        self.lateCall.pointee.isTimed = true
        self.timedFrom = self.instance.cpuTimeNanoseconds()
    }

    /// The end of a call that was timed or late.
    /// - Returns: Whether its stream has used up its budget by it.
    @inline(never)
    func settleTime(_ callback: PluginCallback, _ plugin: PluginContext, _ stream: StreamContext?) -> Bool {
        let late = self.lateCall.pointee
        self.lateCall.pointee = LateCall()
        if late.isTimed {
            let isExact = stream == nil || late.ticks > 1
            plugin.account.record(
                callback,
                nanoseconds: self.instance.cpuTimeNanoseconds() &- self.timedFrom,
                weight: isExact ? 1 : self.sampler.weight
            )
            if stream != nil { self.sampler.choose() } else { self.sampler.distance &+= 1 }
        } else if late.ticks > 1 {
            plugin.account.record(callback, nanoseconds: late.nanoseconds, weight: 1)
        }
        guard let stream, late.ticks > 0 else { return false }
        return self.charge(late.nanoseconds, to: stream, of: plugin)
    }

    private func charge(_ nanoseconds: UInt64, to stream: StreamContext, of plugin: PluginContext) -> Bool {
        stream.cpuNanoseconds &+= nanoseconds
        let budget = plugin.definition.limits.streamCPUMilliseconds
        guard budget > 0, stream.cpuNanoseconds > UInt64(budget) * 1_000_000 else { return false }
        // Whoever is at the end anyway may finish.
        guard !stream.isOverBudget, !stream.isEnding, !stream.isLogging else { return false }
        stream.isOverBudget = true
        stream.isLive = false
        self.violate(.streamCPUBudget, plugin, "a stream's callbacks used more than \(budget) ms of CPU time together")
        return true
    }

    /// Counts a violation; the first of its kind is logged.
    func violate(_ limit: PluginLimit, _ plugin: PluginContext?, _ what: @autoclosure () -> String) {
        guard (plugin?.account ?? self.account).violate(limit) else { return }
        self.log(.warn, plugin, "limit \(limit.rawValue): \(what()); further violations are counted only")
    }

    /// A hostcall that would go past a limit.
    func refuse(_ limit: PluginLimit, _ what: @autoclosure () -> String) -> Status {
        self.violate(limit, self.effectivePlugin, what())
        return .internalFailure
    }

    /// Tells of log lines that were suppressed a second ago or earlier. Call it about once a second.
    public func reportSuppressedLines() {
        let now = self.host.monotonicTimeNanoseconds()
        for plugin in self.plugins { self.reportSuppressed(plugin.account, plugin, plugin.definition.limits, now) }
        self.reportSuppressed(self.account, nil, self.definition.limits, now)
    }

    func reportSuppressed(_ account: PluginAccount, _ plugin: PluginContext?, _ limits: VMLimits, _ now: UInt64) {
        guard let suppressed = account.logRate.takeSuppressed(now: now) else { return }
        self.log(
            .warn,
            plugin,
            "\(suppressed.lines) log lines of \(suppressed.bytes) bytes suppressed: more than "
                + "\(limits.logLinesPerSecond) lines or \(limits.logBytesPerSecond) bytes a second"
        )
    }
}
