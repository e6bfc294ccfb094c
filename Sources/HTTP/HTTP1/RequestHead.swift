/// How a message's body is delimited.
enum BodyFraming: Equatable {
    case none
    case fixed(Int64)
    case chunked
    /// By the end of the connection; responses only.
    case untilClose
}

/// A request line and its header fields, checked.
struct RequestHead {
    let method: HTTPMethod
    let target: String
    let version: HTTPVersion
    let headers: HTTPHeaders
    let framing: BodyFraming
    let keepAlive: Bool
    let expectsContinue: Bool
}

/// Why a request is refused before any handler sees it. The connection is closed after the answer, because what
/// follows on it cannot be trusted to be a request.
struct RequestRefusal: Error, Equatable {
    let status: HTTPStatus
    let message: String

    init(_ status: HTTPStatus, _ message: String) {
        self.status = status
        self.message = message
    }
}
