import CLinux
import Core
import Dispatch
import Foundation

/// What a loop calls when its descriptor is ready.
protocol EventSource: AnyObject {
    /// - Parameter events: `CLINUX_EPOLL…` bits.
    func ready(_ events: UInt32)
}

/// One serial Dispatch queue that serves many descriptors.
///
/// A single read source watches the loop's epoll descriptor; its handler drains `epoll_wait(…, 0)` until nothing is
/// ready. So Dispatch schedules the loops, no thread is parked, and one wake-up serves many connections. Everything
/// that belongs to a loop is touched on its queue only, hence needs no lock: that is what `@unchecked Sendable` rests on.
public final class EventLoop: @unchecked Sendable {
    static let readBufferSize = 64 << 10
    private static let eventCapacity = 256
    /// Drained batches after which other blocks of the queue (tasks, timers) get their turn.
    private static let batchesPerTurn = 64
    /// Empty polls before the handler returns: going back to Dispatch costs more than a few polls.
    private static let idlePolls = 3

    private let queue: DispatchQueue
    private let epoll: Int32
    private let watcher: any DispatchSourceRead
    private let events = UnsafeMutablePointer<clinux_event>.allocate(capacity: eventCapacity)
    /// Shared by the loop's connections: bytes are handed on before the next read, so that an idle connection holds no buffer.
    let readBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: readBufferSize, alignment: 16)
    let timers: TimerQueue
    private var slots: [(source: (any EventSource)?, generation: UInt32)] = []
    private var freeSlots: [Int] = []
    private var unfinished: [Connection] = []

    /// - Throws: `resourceExhausted` where no epoll descriptor can be had.
    public init(name: String) throws(MonoflowError) {
        epoll = clinux_epoll_create()
        guard epoll >= 0 else {
            throw MonoflowError(.resourceExhausted, "start event loop", name, String(cString: strerror(errno)))
        }
        queue = DispatchQueue(label: name, qos: .userInitiated)
        watcher = DispatchSource.makeReadSource(fileDescriptor: epoll, queue: queue)
        timers = TimerQueue(queue: queue)
        watcher.setEventHandler { [unowned self] in drain() }
        let descriptor = epoll
        watcher.setCancelHandler { close(descriptor) }
        watcher.resume()
    }

    deinit {
        timers.cancel()
        watcher.cancel()
        events.deallocate()
        readBuffer.deallocate()
    }

    /// Runs the work on the loop, later, in order. Callable from everywhere.
    public func execute(_ work: @escaping @Sendable () -> Void) {
        queue.async { [self] in
            work()
            finishReads()
        }
    }

    /// Traps in debug builds when called from anywhere but the loop.
    @inline(__always)
    public func assertCurrent() {
        #if DEBUG
        dispatchPrecondition(condition: .onQueue(queue))
        #endif
    }

    /// A timer whose action runs on this loop. Call on the loop.
    public func makeTimer(_ action: @escaping () -> Void) -> LoopTimer { LoopTimer(loop: self, action: action) }

    // MARK: descriptors

    /// - Returns: the token for `remove`, nil where the kernel refuses (errno tells).
    func add(_ source: any EventSource, descriptor: Int32, events: UInt32) -> UInt64? {
        assertCurrent()
        let index = freeSlots.popLast() ?? slots.count
        if index == slots.count { slots.append((nil, 0)) }
        slots[index].source = source
        let token = UInt64(slots[index].generation) << 32 | UInt64(index)
        if clinux_epoll_add(epoll, descriptor, events, token) == 0 { return token }
        free(index)
        return nil
    }

    func remove(token: UInt64, descriptor: Int32) {
        assertCurrent()
        _ = clinux_epoll_remove(epoll, descriptor)
        free(Int(token & 0xffff_ffff))
    }

    /// The generation tells a late event of the slot's former owner from one of the present owner.
    private func free(_ index: Int) {
        slots[index].source = nil
        slots[index].generation &+= 1
        freeSlots.append(index)
    }

    /// Continues reading a connection after everything else that is ready has had its turn.
    func readLater(_ connection: Connection) {
        assertCurrent()
        unfinished.append(connection)
    }

    // MARK: the loop

    private func drain() {
        var batches = 0, idle = 0
        while batches < Self.batchesPerTurn {
            let count = clinux_epoll_wait(epoll, events, Int32(Self.eventCapacity), 0)
            if count <= 0 && unfinished.isEmpty {
                idle += 1
                if idle > Self.idlePolls { return }
                continue
            }
            (idle, batches) = (0, batches + 1)
            var index = 0
            while index < count {
                let event = events[index]
                index += 1
                let slot = Int(event.token & 0xffff_ffff)
                if slots[slot].generation == UInt32(event.token >> 32), let source = slots[slot].source {
                    source.ready(event.events)
                }
            }
            readUnfinished()
        }
        finishReads()
    }

    private func readUnfinished() {
        if unfinished.isEmpty { return }
        let batch = unfinished
        unfinished.removeAll(keepingCapacity: true)
        for connection in batch { connection.read() }
    }

    private func finishReads() {
        if unfinished.isEmpty { return }
        readUnfinished()
        if !unfinished.isEmpty { execute {} }
    }
}

/// A fixed number of loops that share the connections.
public final class EventLoopGroup: Sendable {
    public let loops: [EventLoop]

    /// - Parameter count: loops, at least 1; by default one per core.
    /// Also makes the process ignore SIGPIPE, because a peer may close at any time.
    public init(count: Int = ProcessInfo.processInfo.activeProcessorCount) throws(MonoflowError) {
        signal(SIGPIPE, SIG_IGN)
        var made: [EventLoop] = []
        for index in 0..<max(1, count) { made.append(try EventLoop(name: "monoflow.loop.\(index)")) }
        loops = made
    }
}
