import ArgumentParser
import IstioResources

/// Which files to read and who the gateway is: shared by every command that takes resources.
struct ResourceOptions: ParsableArguments {
    @Option(
        name: [.customShort("f"), .customLong("filename")],
        parsing: .upToNextOption,
        help: ArgumentHelp("A YAML file or a directory of them; may be repeated.", valueName: "path"),
        completion: .file(extensions: ["yaml", "yml"])
    )
    var paths: [String] = []

    @Option(help: "The gateway's namespace, and that of resources which name none.")
    var namespace = "default"

    @Option(help: "The namespace whose plugins apply everywhere.")
    var rootNamespace = "istio-system"

    @Option(help: "The gateway's labels: KEY=VALUE,…")
    var labels = LabelsArgument(labels: ["istio": "ingressgateway"])

    @Option(help: "Order of plugins with equal or absent priorities: documented, or istio (absent = lowest).")
    var ordering = OrderingArgument.documented

    /// The gateway that the options describe.
    var identity: ProxyIdentity {
        ProxyIdentity(
            namespace: self.namespace,
            rootNamespace: self.rootNamespace,
            labels: self.labels.labels,
            ordering: self.ordering == .istio ? .istio : .documented
        )
    }
}

/// `key=value,key=value`
struct LabelsArgument: ExpressibleByArgument, Equatable, CustomStringConvertible {
    var labels: [String: String]

    init(labels: [String: String]) { self.labels = labels }

    init?(argument: String) {
        var labels: [String: String] = [:]
        for pair in argument.split(separator: ",") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else { return nil }
            labels[String(parts[0])] = String(parts[1])
        }
        self.labels = labels
    }

    var description: String {
        self.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
    }

    var defaultValueDescription: String { self.description }
}

enum OrderingArgument: String, ExpressibleByArgument, CaseIterable {
    case documented
    case istio
}
