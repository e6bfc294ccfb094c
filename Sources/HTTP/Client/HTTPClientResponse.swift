/// The head of a response, with its body arriving.
public struct HTTPClientResponse: Sendable {
    public let status: HTTPStatus
    public let version: HTTPVersion
    public var headers: HTTPHeaders
    /// Held back while its reader is behind. A body that nobody holds any more is given up, and its connection closed.
    /// Reading throws `dataLoss` where it ends too early or is malformed, `deadlineExceeded` where it was too slow.
    public let body: HTTPBody
    /// The connection, where the status is 101.
    public let upgrade: HTTPUpgrade?
    /// Where the response came from, redirects followed.
    public let url: HTTPURL
}

/// A connection that was switched to another protocol: raw bytes both ways. Letting go of `input` closes it.
public struct HTTPUpgrade: Sendable {
    /// What the server sends, held back while the reader is behind; ends when the server closes its direction.
    public let input: HTTPBody
    /// Sends bytes; `write` waits while the server is behind.
    public let output: ResponseWriter
    let onEndOutput: @Sendable () -> Void
    let onClose: @Sendable () -> Void

    /// Sends what was written, then tells the server that nothing follows; reading goes on.
    public func endOutput() { onEndOutput() }

    /// Closes at once; what was not sent is lost.
    public func close() { onClose() }
}
