import ArgumentParser
import Gateway
import ProxyWasm

struct EchoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "echo",
        abstract: "An upstream for trying things out: answers every request with a JSON description of it."
    )

    @Option(help: "Port to listen on; 0 takes a free one.")
    var port: UInt16

    @Option(help: "Address to listen on.")
    var address = "127.0.0.1"

    func run() async throws {
        let log = GatewayLog()
        let signals = Signals.terminations()
        let server = EchoServer()
        do {
            try await server.start(host: self.address, port: Int(self.port))
        } catch {
            throw CommandFailure("cannot listen on \(HostPort(host: self.address, port: Int(self.port))): \(error)")
        }
        let port = server.port ?? Int(self.port)
        log.log(.main, .info, "echo listens on http://\(HostPort(host: self.address, port: port))")
        for await _ in signals { break }
        await server.stop()
    }
}
