/// One configured plugin: lives from the plugin's start to its end, makes a context for each stream.
///
/// Subclass it, and override what you need.
open class RootContext {
    /// The host's number for this context.
    public internal(set) final var id: UInt32 = 0

    public init() {}

    /// The plugin's configuration, usually JSON. Returning false refuses it: the plugin then does not run, so log
    /// what is wrong first.
    open func onConfigure(_ configuration: ByteString) -> Bool { true }

    /// The context for a new HTTP stream; nil leaves the stream alone.
    open func makeHTTPContext() -> HTTPContext? { nil }

    /// The period set with ``ProxyWasm/setTickPeriod(milliseconds:)`` has passed.
    open func onTick() {}
}
