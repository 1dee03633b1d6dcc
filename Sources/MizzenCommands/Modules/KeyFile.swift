/// PEM files that the command line names.
enum KeyFile {
    static func read(_ path: String, maximumBytes: Int = 64 << 10) throws(CommandFailure) -> String {
        do throws(BoundedFile.Problem) {
            return String(decoding: try BoundedFile.read(path, maximumBytes: maximumBytes), as: UTF8.self)
        } catch {
            throw CommandFailure(error.description)
        }
    }
}
