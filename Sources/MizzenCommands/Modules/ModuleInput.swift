/// Modules on this machine.
enum ModuleInput {
    static func read(_ path: String) throws(CommandFailure) -> [UInt8] {
        do throws(BoundedFile.Problem) {
            return try BoundedFile.read(path, maximumBytes: FileModuleProvider.maximumBytes)
        } catch {
            throw CommandFailure(error.description)
        }
    }
}
