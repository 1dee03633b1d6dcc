import ArgumentParser
import ModuleFetch

/// An image on the command line. What is wrong with it is said when it is used: the parser would show the whole text,
/// with a password that somebody wrote into it.
struct ImageArgument: ExpressibleByArgument, Sendable {
    private let text: String

    init(argument: String) { self.text = argument }

    func reference() throws(ModuleFetchError) -> ImageReference { try ImageReference(self.text) }
}

extension ImageLayout: ExpressibleByArgument {}
