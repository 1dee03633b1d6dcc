import HTTPTypes
import Hummingbird
import NIOCore
import ProxyWasm

/// A stream of a worker's, as the tasks of a request hold it. The last one to let go of it ends the stream, so no way
/// out of a handler can forget to.
final class PluginStreamLease: Sendable {
    typealias ID = UInt64

    private let worker: PluginWorker
    private let id: ID
    private let bodyLimit: Int

    init(_ worker: PluginWorker, _ id: ID, bodyLimit: Int) {
        self.worker = worker
        self.id = id
        self.bodyLimit = bodyLimit
    }

    deinit {
        let (worker, id) = (self.worker, self.id)
        Task { await worker.end(id) }
    }

    /// What to do with a request.
    enum RequestStep {
        case goOn(Request)
        /// The plugin's own answer, which it sees as a response, as every plugin's host does it.
        case answer(Response)
        /// An answer that no plugin sees.
        case failed(Response)
    }

    /// The plugin's request callbacks.
    func onRequest(_ original: Request) async throws -> RequestStep {
        var request = original
        let hasBody = !original.endsWithHeaders
        var verdict = try await self.worker.requestHeaders(self.id, endOfStream: !hasBody)
        if hasBody, verdict.goesOn, await self.worker.wantsBody(self.id, .request) {
            guard let body = try await request.body.collect(atMost: self.bodyLimit) else {
                return .failed(Response(status: .contentTooLarge))
            }
            verdict = try await self.worker.requestBody(self.id, body)
            if verdict.goesOn { request.body = RequestBody(buffer: await self.worker.body(self.id, .request) ?? body) }
        }
        switch verdict {
        case .goOn:
            let body = request.body
            request = Request(head: await self.worker.requestHead(self.id, request.head), body: body)
            return .goOn(request)
        case .answered(let answer):
            return .answer(Response(answer))
        case .failed(let status):
            return .failed(Response(status: status))
        }
    }

    /// The plugin's response callbacks.
    func onResponse(_ original: Response) async throws -> Response {
        var response = original
        let hasBody = original.body.contentLength != 0
        var verdict = try await self.worker.responseHeaders(self.id, original.head, endOfStream: !hasBody)
        var isHeld = false
        if hasBody, verdict.goesOn, await self.worker.wantsBody(self.id, .response) {
            isHeld = true
            guard let (body, trailers) = try await original.body.collect(atMost: self.bodyLimit) else {
                return Response(status: .internalServerError)
            }
            verdict = try await self.worker.responseBody(self.id, body)
            let changed = await self.worker.body(self.id, .response) ?? body
            response.body = ResponseBody(buffer: changed, trailers: trailers)
        }
        switch verdict {
        case .goOn:
            response.head = await self.worker.responseHead(self.id, response.head)
            if isHeld, let length = response.body.contentLength { response.headers[.contentLength] = "\(length)" }
            if hasBody, !isHeld {
                // The stream lives as long as the body is being written.
                let body = response.body
                response.body = ResponseBody(contentLength: body.contentLength) { writer in
                    defer { withExtendedLifetime(self) {} }
                    try await body.write(writer)
                }
            }
            return response
        case .answered(let answer):
            return Response(answer)
        case .failed(let status):
            return Response(status: status)
        }
    }
}
