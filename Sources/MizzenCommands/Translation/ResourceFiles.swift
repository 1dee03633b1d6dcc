package import IstioResources

/// Reads the resource files under `paths`: files as named, directories with the YAML files in them, sorted, without
/// hidden ones and a process configuration. A file that cannot be read is a problem, the others count.
package func loadResources(
    paths: [String],
    defaultNamespace: String = "default"
) -> (resources: ResourceSet, problems: [Problem]) {
    let (files, unreadable) = readResourceFiles(paths)
    var (resources, problems) = ResourceSet.decode(files, defaultNamespace: defaultNamespace)
    resources.unreadableFiles.formUnion(unreadable.map(\.file))
    problems = unreadable + problems
    return (resources, problems)
}

private func readResourceFiles(_ paths: [String]) -> (files: [SourceFile], problems: [Problem]) {
    /// Above what a single file may have, so that the decoder's own message is seen.
    let maximumFileBytes = 16 << 20
    let maximumTotalBytes = 256 << 20
    var files: [SourceFile] = []
    var problems: [Problem] = []
    var seen: Set<String> = []
    var total = 0
    for root in paths {
        var found: Set<String> = []
        FileStatus.collect(root, into: &found)
        for path in found.sorted() where seen.insert(path).inserted {
            func refuse(_ message: String) {
                problems.append(Problem(file: path, line: 0, column: 0, severity: .error, message: message))
            }
            do {
                let bytes = try BoundedFile.read(path, maximumBytes: maximumFileBytes)
                total += bytes.count
                guard total <= maximumTotalBytes else {
                    refuse("all files together are larger than \(maximumTotalBytes >> 20) MiB")
                    return (files, problems)
                }
                guard let text = String(validating: bytes, as: UTF8.self) else {
                    refuse("is not UTF-8 text")
                    continue
                }
                let file = SourceFile(path: path, text: text)
                // In a directory it may be how the process is configured; named itself it is meant.
                guard path == root || !ProcessConfigurationFile.isProcessConfiguration(file) else { continue }
                files.append(file)
            } catch {
                refuse("cannot be read: \(error.description)")
            }
        }
    }
    return (files, problems)
}
