import CLinux
import Core
import Foundation

/// Starts a program without a shell and without `fork` in this multi-threaded process.
public enum Spawn {
    /// - Parameters:
    ///   - arguments: `arguments[0]` is the absolute path of the program.
    ///   - environment: `NAME=VALUE` strings; nothing is inherited.
    ///   - descriptors: descriptor there → descriptor here. Standard ones that are not named are /dev/null; every
    ///     other descriptor of this process that is close-on-exec stays here.
    ///   - ownSession: the process leads a session of its own, so a signal to this one's group does not reach it.
    ///   - blocking: signals that stay pending until the program asks for them.
    /// - Returns: the process id of a child that somebody has to reap.
    /// - Throws: `internalError` naming the program.
    public static func start(
        _ arguments: [String], environment: [String] = [], descriptors: [Int32: Int32] = [:], ownSession: Bool = false,
        blocking: [Int32] = []
    ) throws(MonoflowError) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        for target in Int32(0)...2 where descriptors[target] == nil {
            posix_spawn_file_actions_addopen(&actions, target, "/dev/null", target == 0 ? O_RDONLY : O_WRONLY, 0)
        }
        for (target, source) in descriptors.sorted(by: { $0.key < $1.key }) {
            posix_spawn_file_actions_adddup2(&actions, source, target)
        }
        // Dispatch's threads block signals, and a child would inherit that.
        var blocked = sigset_t(), all = sigset_t()
        sigemptyset(&blocked)
        blocking.forEach { sigaddset(&blocked, $0) }
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &blocked)
        posix_spawnattr_setsigdefault(&attributes, &all)
        // POSIX_SPAWN_SETSID, which the Glibc module does not show.
        let session: Int32 = ownSession ? 0x80 : 0
        posix_spawnattr_setflags(&attributes, Int16(Int32(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) | session))

        var pid: pid_t = 0
        let status = withCStrings(arguments) { argv in
            withCStrings(environment) { envp in posix_spawn(&pid, arguments[0], &actions, &attributes, argv, envp) }
        }
        guard status == 0 else {
            throw MonoflowError(.internalError, "start process", arguments[0], String(cString: strerror(status)))
        }
        return pid
    }

    private static func withCStrings<T>(_ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> T) -> T {
        let copies: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) } + [nil]
        defer { copies.forEach { free($0) } }
        return body(copies)
    }
}
