import CLinux
import Core
import Dispatch
import Foundation
import Synchronization

/// What a loop calls when its descriptor is ready.
protocol EventSource: AnyObject {
    /// - Parameter events: `CLINUX_EPOLL…` bits.
    func ready(_ events: UInt32)
}

/// One serial Dispatch queue that serves many descriptors.
///
/// The queue runs a single block that waits in `epoll_wait` for the loop's descriptors, for its next timer and for blocks
/// from other threads (an eventfd). So a wake-up is one switch of threads, and serves all that is ready. Everything that
/// belongs to a loop is touched on its queue only, hence needs no lock: that is what `@unchecked Sendable` rests on.
public final class EventLoop: @unchecked Sendable {
    static let readBufferSize = 64 << 10
    private static let eventCapacity = 256
    /// The token of the loop's own eventfd.
    private static let wakeToken = UInt64.max

    private struct Inbox {
        var blocks: [@Sendable () -> Void] = []
        /// Somebody has written to the eventfd, or the loop is about to look anyway.
        var isWoken = false
        var isStopped = false
    }

    private let queue: DispatchQueue
    private let epoll: Int32
    private let wake: Int32
    private let inbox = Mutex(Inbox())
    /// The thread that runs the loop; 0 before it does.
    private let thread = Atomic<UInt>(0)
    private let events = UnsafeMutablePointer<clinux_event>.allocate(capacity: eventCapacity)
    /// Shared by the loop's connections: bytes are handed on before the next read, so that an idle connection holds no buffer.
    let readBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: readBufferSize, alignment: 16)
    private var staging: UnsafeMutableRawBufferPointer?
    let timers = TimerQueue()
    private var slots: [(source: (any EventSource)?, generation: UInt32)] = []
    private var freeSlots: [Int] = []
    private var unfinished: [Connection] = []

    /// Runs until `stop`. - Throws: `resourceExhausted` where no descriptor can be had.
    init(name: String) throws(MonoflowError) {
        epoll = clinux_epoll_create()
        wake = epoll < 0 ? -1 : clinux_eventfd(0)
        queue = DispatchQueue(label: name, qos: .userInitiated)
        guard wake >= 0, clinux_epoll_add(epoll, wake, UInt32(CLINUX_EPOLLIN) | CLINUX_EPOLLET, Self.wakeToken) == 0 else {
            let reason = String(cString: strerror(errno))
            if epoll >= 0 { close(epoll) }
            if wake >= 0 { close(wake) }
            throw MonoflowError(.resourceExhausted, "start event loop", name, reason)
        }
        queue.async { [self] in run() }
    }

    deinit {
        close(epoll)
        close(wake)
        events.deallocate()
        readBuffer.deallocate()
        staging?.deallocate()
    }

    /// Ends the loop's block. What is executed later still runs, on the queue; descriptors and timers are served no more.
    func stop() {
        inbox.withLock { $0.isStopped = true }
        signal()
    }

    /// Runs the work on the loop, later, in order. Callable from everywhere.
    public func execute(_ work: @escaping @Sendable () -> Void) {
        let (mustWake, isStopped) = inbox.withLock { inbox -> (Bool, Bool) in
            if inbox.isStopped { return (false, true) }
            inbox.blocks.append(work)
            if inbox.isWoken { return (false, false) }
            inbox.isWoken = true
            return (true, false)
        }
        if isStopped { return queue.async(execute: work) }
        // The loop itself looks into the inbox before it waits.
        if mustWake && thread.load(ordering: .relaxed) != UInt(pthread_self()) { signal() }
    }

    private func signal() {
        var one: UInt64 = 1
        _ = write(wake, &one, 8)
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

    /// Where bytes for TLS are gathered; nothing stays in it from one call to the next. Made when it is first needed.
    var stagingBuffer: UnsafeMutableRawBufferPointer {
        if let staging { return staging }
        let made = UnsafeMutableRawBufferPointer.allocate(byteCount: OutputQueue.stagingSize, alignment: 16)
        staging = made
        return made
    }

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

    private func run() {
        thread.store(UInt(pthread_self()), ordering: .relaxed)
        var hasBlocks = false, turns = TurnPolicy()
        while true {
            let timeout = hasBlocks || !unfinished.isEmpty ? 0 : timers.delay()
            let count = clinux_epoll_wait(epoll, events, Int32(Self.eventCapacity), timeout)
            var index = 0
            while index < count {
                let event = events[index]
                index += 1
                if event.token == Self.wakeToken {
                    // Edge-triggered: the count need not be read for the next write to wake the loop again.
                    continue
                }
                let slot = Int(event.token & 0xffff_ffff)
                if slots[slot].generation == UInt32(event.token >> 32), let source = slots[slot].source {
                    source.ready(event.events)
                }
            }
            guard let more = runBlocks() else { break }
            readUnfinished()
            timers.fire()
            hasBlocks = more || inbox.withLock { $0.isWoken }
            if count >= TurnPolicy.minimumEvents {
                let start = DispatchTime.now().uptimeNanoseconds
                if turns.givesWay(after: count, now: start) {
                    sched_yield()
                    turns.gaveWay(from: start, until: DispatchTime.now().uptimeNanoseconds)
                }
            }
        }
        // Whatever was executed before the stop.
        let rest = inbox.withLock { inbox in
            defer { inbox.blocks = [] }
            return inbox.blocks
        }
        for block in rest { block() }
    }

    /// - Returns: whether there may be more already; nil when the loop is to end.
    private func runBlocks() -> Bool? {
        let (blocks, isStopped) = inbox.withLock { inbox -> ([@Sendable () -> Void], Bool) in
            inbox.isWoken = false
            if inbox.isStopped { return ([], true) }
            if inbox.blocks.isEmpty { return ([], false) }
            defer { inbox.blocks = [] }
            return (inbox.blocks, false)
        }
        if isStopped { return nil }
        for block in blocks { block() }
        return !blocks.isEmpty
    }

    private func readUnfinished() {
        if unfinished.isEmpty { return }
        let batch = unfinished
        unfinished.removeAll(keepingCapacity: true)
        for connection in batch { connection.read() }
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

    deinit { for loop in loops { loop.stop() } }
}
