import Foundation
import Testing

@testable import MizzenCommands

@Suite struct FileWatcherTests {
    private func watcher(_ files: TemporaryFiles) -> FileWatcher {
        var watcher = FileWatcher(roots: [files.path])
        watcher.takeBaseline()
        return watcher
    }

    @Test func `nothing changed is no change`() throws {
        let files = try TemporaryFiles()
        try files.write("a.yaml", "a")
        var watcher = self.watcher(files)
        #expect(watcher.poll().isEmpty)
    }

    @Test func `new, changed and removed files are changes, once`() throws {
        let files = try TemporaryFiles()
        try files.write("a.yaml", "a")
        var watcher = self.watcher(files)
        try files.write("sub/b.yml", "b")
        #expect(watcher.poll() == ["\(files.path)/sub/b.yml"])
        #expect(watcher.poll().isEmpty)
        try files.write("a.yaml", "A")
        #expect(watcher.poll() == ["\(files.path)/a.yaml"])
        try files.remove("a.yaml")
        #expect(watcher.poll() == ["\(files.path)/a.yaml"])
        #expect(watcher.poll().isEmpty)
    }

    @Test func `an edit of equal size within the clock's grain is seen`() throws {
        let files = try TemporaryFiles()
        let path = try files.write("a.yaml", "one")
        var watcher = self.watcher(files)
        let date = try FileManager.default.attributesOfItem(atPath: path)[.modificationDate]
        try files.write("a.yaml", "two")
        try FileManager.default.setAttributes([.modificationDate: date as Any], ofItemAtPath: path)
        #expect(watcher.poll() == [path])
    }

    @Test func `touching a file is no change`() throws {
        let files = try TemporaryFiles()
        let path = try files.write("a.yaml", "a")
        var watcher = self.watcher(files)
        try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: path)
        #expect(watcher.poll().isEmpty)
    }

    @Test func `other files and hidden ones do not count`() throws {
        let files = try TemporaryFiles()
        var watcher = self.watcher(files)
        try files.write("notes.txt", "x")
        try files.write(".a.yaml.swp", "x")
        try files.write(".git/a.yaml", "x")
        #expect(watcher.poll().isEmpty)
    }

    @Test func `modules are watched by name`() throws {
        let files = try TemporaryFiles()
        let module = try files.write("p.wasm", "1")
        var watcher = FileWatcher(roots: [])
        watcher.takeBaseline()
        watcher.watch(extraFiles: FileWatcher.digests([module]))
        #expect(watcher.poll().isEmpty)
        try files.write("p.wasm", "2")
        #expect(watcher.poll() == [module])
        watcher.watch(extraFiles: [:])
        try files.write("p.wasm", "3")
        #expect(watcher.poll().isEmpty)
    }

    @Test func `a module that changed while it was loaded is reported`() throws {
        let files = try TemporaryFiles()
        let module = try files.write("p.wasm", "1")
        let loaded = FileWatcher.digests([module])
        try files.write("p.wasm", "2")
        var watcher = FileWatcher(roots: [])
        watcher.watch(extraFiles: loaded)
        #expect(watcher.poll() == [module])
        #expect(watcher.poll().isEmpty)
    }

    @Test func `a module that comes later is reported`() throws {
        let files = try TemporaryFiles()
        let module = "\(files.path)/p.wasm"
        var watcher = FileWatcher(roots: [])
        watcher.watch(extraFiles: FileWatcher.digests([module]))
        #expect(watcher.poll().isEmpty)
        try files.write("p.wasm", "1")
        #expect(watcher.poll() == [module])
    }

    @Test func `a replaced directory behind a symbolic link is seen`() throws {
        let files = try TemporaryFiles()
        try files.write("v1/a.yaml", "1")
        try files.write("v2/a.yaml", "2")
        let link = "\(files.path)/current"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "\(files.path)/v1")
        var watcher = FileWatcher(roots: [link])
        watcher.takeBaseline()
        try FileManager.default.removeItem(atPath: link)
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "\(files.path)/v2")
        #expect(watcher.poll() == ["\(link)/a.yaml"])
    }
}
