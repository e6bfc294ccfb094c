extension HTTPHeaders {
    /// Fields that a receiver must not take from behind the body (RFC 9110, section 6.5.1): framing, routing, credentials, coding.
    private static let forbiddenTrailers = [
        "content-length", "transfer-encoding", "host", "connection", "upgrade", "te", "trailer", "expect", "range", "authorization", "cookie",
        "set-cookie", "content-encoding", "content-type", "content-range", "cache-control", "max-forwards",
    ]

    /// - Parameter block: whole lines. - Throws: 400 for lines that are no fields, 431 for too many.
    static func trailers(_ block: [UInt8], limits: HTTPLimits) throws(RequestRefusal) -> HTTPHeaders {
        var result: Result<HTTPHeaders, RequestRefusal> = .success(HTTPHeaders())
        block.withUnsafeBytes { bytes in
            do throws(RequestRefusal) {
                var reader = FieldReader(bytes, limits: limits)
                try reader.read()
                result = .success(reader.headers)
            } catch { result = .failure(error) }
        }
        return try result.get().asTrailers()
    }

    /// Less what a receiver must not take from trailers.
    func asTrailers() -> HTTPHeaders {
        var headers = self
        for name in Self.forbiddenTrailers { headers.remove(name) }
        return headers
    }
}
