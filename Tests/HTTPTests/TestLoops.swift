import Core
import Sockets

/// Loops that the tests share. Each keeps a thread, of which a process gets only so many from Dispatch; with loops of their own,
/// tests that run side by side would wait for each other's threads.
enum TestLoops {
    private static let made = Result { () throws(MonoflowError) in try EventLoopGroup(count: 4) }

    static var group: EventLoopGroup {
        get throws { try made.get() }
    }
}
