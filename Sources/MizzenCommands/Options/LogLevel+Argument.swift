import ArgumentParser
import Gateway

extension LogLevelSpecification: ExpressibleByArgument {
    init?(argument: String) {
        guard let specification = try? Self(parsing: argument) else { return nil }
        self = specification
    }
}
