import NIOCore
import NIOHTTP2

/// Puts HTTP/2 in the place of the handler that has met its client preface.
enum HTTP2Upgrade {
    static func take(
        _ context: ChannelHandlerContext,
        from handler: HTTP1ServerConnection,
        _ connection: HTTP2ServerConnection,
        _ bytes: ByteBuffer
    ) {
        let pipeline = context.pipeline
        do {
            let machine = HTTP2Limits.serverHandler()
            try pipeline.syncOperations.addHandler(machine, position: .after(handler))
            try pipeline.syncOperations.addHandler(connection, position: .after(machine))
            // From now on what comes passes by the old handler, which leaves with the next turn of the loop.
            context.fireChannelRead(NIOAny(bytes))
            context.fireChannelReadComplete()
            pipeline.syncOperations.removeHandler(context: context, promise: nil)
        } catch {
            context.close(promise: nil)
        }
    }
}
