import ProxyWasm
import TestSupport
import Testing

/// P15: what a Go program (wasip1, reactor) imports beside the ABI.
struct GoImportsConformanceTests {
    /// Names and types as Go's runtime and its syscall package declare them.
    private static let imports: [(name: String, parameters: String, hasResult: Bool)] = [
        ("args_get", "i32 i32", true), ("args_sizes_get", "i32 i32", true),
        ("clock_time_get", "i32 i64 i32", true),
        ("environ_get", "i32 i32", true), ("environ_sizes_get", "i32 i32", true),
        ("fd_close", "i32", true), ("fd_fdstat_get", "i32 i32", true), ("fd_fdstat_set_flags", "i32 i32", true),
        ("fd_prestat_get", "i32 i32", true), ("fd_prestat_dir_name", "i32 i32 i32", true),
        ("fd_read", "i32 i32 i32 i32", true), ("fd_write", "i32 i32 i32 i32", true),
        ("fd_pread", "i32 i32 i32 i64 i32", true), ("fd_pwrite", "i32 i32 i32 i64 i32", true),
        ("fd_seek", "i32 i64 i32 i32", true), ("fd_sync", "i32", true), ("fd_readdir", "i32 i32 i32 i64 i32", true),
        ("fd_filestat_get", "i32 i32", true), ("fd_filestat_set_size", "i32 i64", true),
        ("path_create_directory", "i32 i32 i32", true), ("path_filestat_get", "i32 i32 i32 i32 i32", true),
        ("path_filestat_set_times", "i32 i32 i32 i32 i64 i64 i32", true),
        ("path_link", "i32 i32 i32 i32 i32 i32 i32", true), ("path_open", "i32 i32 i32 i32 i32 i64 i64 i32 i32", true),
        ("path_readlink", "i32 i32 i32 i32 i32 i32", true), ("path_remove_directory", "i32 i32 i32", true),
        ("path_rename", "i32 i32 i32 i32 i32 i32", true), ("path_symlink", "i32 i32 i32 i32 i32", true),
        ("path_unlink_file", "i32 i32 i32", true),
        ("poll_oneoff", "i32 i32 i32 i32", true), ("proc_exit", "i32", false), ("random_get", "i32 i32", true),
        ("sched_yield", "", true), ("sock_accept", "i32 i32 i32", true), ("sock_shutdown", "i32 i32", true),
    ]

    @Test("P15 a Go program's imports are all there")
    func imports() throws {
        let lines = Self.imports.map { name, parameters, hasResult in
            #"(import "wasi_snapshot_preview1" "\#(name)" (func (param \#(parameters)) \#(hasResult ? "(result i32)" : "")))"#
        }
        let module = try LoadingConformanceTests.load(
            lines.joined(separator: "\n")
                + #"""
                \#(LoadingConformanceTests.memory) \#(LoadingConformanceTests.marker)
                \#(LoadingConformanceTests.allocator) (func (export "_initialize"))
                """#
        )
        let life = Life()
        let definition = ConformanceCase.definition
        let vm = try PluginVM(module: module, definition: definition, host: life.host, services: life.services)
        _ = try vm.startPlugin(definition)
        #expect(life.transcript.lines == [])
    }
}
