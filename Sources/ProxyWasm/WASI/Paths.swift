extension WASI {
    /// There is no file system and there are no sockets.
    static let paths: [Hostcall] = [
        Self.constant("path_open", "iiiiiIIii", .noEntry),
        Self.constant("path_filestat_get", "iiiii", .notSupported),
        Self.constant("path_filestat_set_times", "iiiiIIi", .notSupported),
        Self.constant("path_create_directory", "iii", .notSupported),
        Self.constant("path_remove_directory", "iii", .notSupported),
        Self.constant("path_unlink_file", "iii", .notSupported),
        Self.constant("path_rename", "iiiiii", .notSupported),
        Self.constant("path_link", "iiiiiii", .notSupported),
        Self.constant("path_symlink", "iiiii", .notSupported),
        Self.zeroing("path_readlink", "iiiiii", [5]),
        Self.zeroing("sock_accept", "iii", [2]),
        Self.zeroing("sock_recv", "iiiiii", [4, 5]),
        Self.zeroing("sock_send", "iiiii", [4]),
        Self.constant("sock_shutdown", "ii", .notSupported),
    ]

    /// Not supported; the out-values at those parameters are 0.
    private static func zeroing(_ name: StaticString, _ signature: String, _ outs: [Int]) -> Hostcall {
        Self.define(name, signature) { vm, v in
            for out in outs where !Self.store(vm, 0, at: v[out].i32) { return .fault }
            return .notSupported
        }
    }
}
