import ArgumentParser
import Gateway

extension HostPort: ExpressibleByArgument {
    init?(argument: String) { self.init(parsing: argument) }
    var defaultValueDescription: String { self.description }
}
