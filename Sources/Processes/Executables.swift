import Core
import Foundation

public enum Executables {
    /// The first executable file of that name in the directories of a PATH; nil where there is none.
    public static func find(_ name: String, path: String) -> String? { all(name, path: path).first }

    public static func all(_ name: String, path: String) -> [String] {
        path.split(separator: ":").map { "\($0)/\(name)" }.filter(isExecutableFile)
    }

    /// A version manager's shim is a script that picks a program by the caller's directory: no use inside a sandbox.
    public static func isNativeProgram(_ path: String) -> Bool {
        let fd = open(path, O_RDONLY | O_CLOEXEC)
        guard fd >= 0 else { return false }
        defer { close(fd) }
        var magic = [UInt8](repeating: 0, count: 4)
        return read(fd, &magic, 4) == 4 && magic == [0x7f, 0x45, 0x4c, 0x46]
    }

    /// The path with every symbolic link resolved; nil where it does not exist.
    public static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func isExecutableFile(_ path: String) -> Bool {
        var info = stat()
        return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }
}
