import Core
import HTTP
import Synchronization

/// What a handler knows of its call beside the messages. The handler's task is cancelled when the client cancels or
/// goes away, and when the deadline has passed.
public final class GRPCCall: Sendable {
    /// `/package.Service/Method`.
    public let method: String
    /// What the client sent beside the messages.
    public let metadata: GRPCMetadata
    /// The client's address as `HTTPRequest.peer`.
    public let peer: String
    /// When the client gives up; nil where it did not say.
    public let deadline: ContinuousClock.Instant?
    /// What middleware put into the request, e.g. who calls.
    public let context: RequestContext

    private struct State {
        var initial = GRPCMetadata()
        var trailing = GRPCMetadata()
        var compresses: Bool
    }

    private let state: Mutex<State>
    private let exchange: ServerExchange

    init(
        method: String, metadata: GRPCMetadata, peer: String, deadline: ContinuousClock.Instant?, context: RequestContext,
        compresses: Bool, exchange: ServerExchange
    ) {
        self.method = method
        self.metadata = metadata
        self.peer = peer
        self.deadline = deadline
        self.context = context
        self.exchange = exchange
        state = Mutex(State(compresses: compresses))
    }

    /// Goes out before the first message. What is set after that is not sent.
    public var initialMetadata: GRPCMetadata {
        get { state.withLock { $0.initial } }
        set { state.withLock { $0.initial = newValue } }
    }

    /// Goes out with the status.
    public var trailingMetadata: GRPCMetadata {
        get { state.withLock { $0.trailing } }
        set { state.withLock { $0.trailing = newValue } }
    }

    /// Whether answers are packed where the client accepts that; by default what the service says. Set it before the
    /// first message.
    public var compressesResponses: Bool {
        get { state.withLock { $0.compresses } }
        set { state.withLock { $0.compresses = newValue } }
    }

    /// Sends the initial metadata now instead of with the first message. - Throws: `GRPCStatus` where the call has ended.
    public func sendInitialMetadata() async throws { _ = try await exchange.writer() }

    /// What is left until the deadline, zero where it has passed.
    public var timeRemaining: Duration? { deadline.map { max(.zero, $0 - .now) } }

    /// Whether nobody waits for the answer any more. For code that runs outside the handler's task.
    public var isEnded: Bool { exchange.isEnded }
}
