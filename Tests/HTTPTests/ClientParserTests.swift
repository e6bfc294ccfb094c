import Core
import Foundation
import HTTP
import Testing

/// What a server may and may not answer. Each case is one connection; a refused response also costs it.
@Suite struct ClientParserTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let response: String
        /// The body that is read; nil: the response is refused.
        let body: String?
        var method = HTTPMethod.get
        /// Whether the connection can serve another request.
        var isKept = false
        var testDescription: String { name }
    }

    static let accepted: [Case] = [
        Case(name: "length", response: "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", body: "abc", isKept: true),
        Case(name: "chunked", response: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", body: "abcde", isKept: true),
        Case(name: "trailers", response: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-T: 1\r\n\r\n", body: "a", isKept: true),
        Case(name: "until close", response: "HTTP/1.1 200 OK\r\n\r\nabc", body: "abc"),
        Case(name: "until close, HTTP/1.0", response: "HTTP/1.0 200 OK\r\n\r\nabc", body: "abc"),
        Case(name: "HTTP/1.0 with length", response: "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", body: "a"),
        Case(name: "HTTP/1.0 kept", response: "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na", body: "a", isKept: true),
        Case(name: "no reason", response: "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", body: "", isKept: true),
        Case(name: "empty reason", response: "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", body: "", isKept: true),
        Case(name: "HEAD with length", response: "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", body: "", method: .head, isKept: true),
        Case(name: "HEAD with chunked", response: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", body: "", method: .head, isKept: true),
        Case(name: "204", response: "HTTP/1.1 204 No Content\r\n\r\n", body: "", isKept: true),
        Case(name: "304 with length", response: "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", body: "", isKept: true),
        Case(name: "204 with length", response: "HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n", body: ""),
        Case(name: "close", response: "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na", body: "a"),
        Case(name: "more than the length", response: "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nabc", body: "a"),
        Case(name: "two responses to one request",
             response: "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb", body: "a"),
        Case(name: "Host and Expect mean nothing here", response: "HTTP/1.1 200 OK\r\nHost: /\r\nExpect: x\r\nContent-Length: 0\r\n\r\n", body: "", isKept: true),
    ]

    static let refused: [Case] = [
        ("two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        ("the same length twice", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na"),
        ("a list of lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\na"),
        ("length and chunked", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("negative length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
        ("signed length", "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na"),
        ("huge length", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n"),
        ("hex length", "HTTP/1.1 200 OK\r\nContent-Length: 0x1\r\n\r\na"),
        ("two codings", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("another coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        ("chunked behind a blank name", "HTTP/1.1 200 OK\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
        ("coding with a vertical tab", "HTTP/1.1 200 OK\r\nTransfer-Encoding: \u{b}chunked\r\n\r\n0\r\n\r\n"),
        ("coding in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("bare LF", "HTTP/1.1 200 OK\nContent-Length: 1\n\na"),
        ("bare LF between fields", "HTTP/1.1 200 OK\r\nA: b\nContent-Length: 1\r\n\r\na"),
        ("bare CR in a value", "HTTP/1.1 200 OK\r\nA: b\rContent-Length: 1\r\n\r\na"),
        ("folded field", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n"),
        ("NUL in a value", "HTTP/1.1 200 OK\r\nA: \0\r\nContent-Length: 0\r\n\r\n"),
        ("no colon", "HTTP/1.1 200 OK\r\nA\r\nContent-Length: 0\r\n\r\n"),
        ("status out of range", "HTTP/1.1 600 X\r\nContent-Length: 0\r\n\r\n"),
        ("status of two digits", "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n"),
        ("status of four digits", "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n"),
        ("tab behind the version", "HTTP/1.1\t200 OK\r\nContent-Length: 0\r\n\r\n"),
        ("HTTP/2", "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
        ("no HTTP", "SSH-2.0-OpenSSH_9.6\r\n\r\n"),
        ("empty line first", "\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        ("chunk size without digits", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\nabc"),
        ("chunk size with a sign", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n+3\r\nabc\r\n0\r\n\r\n"),
        ("chunk size with a prefix", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n"),
        ("chunk size with a blank", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n0\r\n\r\n"),
        ("chunk size that overflows", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff3\r\nabc\r\n0\r\n\r\n"),
        ("chunk size with bare LF", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n"),
        ("chunk longer than its size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n"),
        ("chunks cut short", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"),
        ("last chunk without its end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"),
        ("body cut short", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc"),
        ("head cut short", "HTTP/1.1 200 OK\r\nContent-Len"),
        ("head too large", "HTTP/1.1 200 OK\r\nA: " + String(repeating: "a", count: 70_000) + "\r\nContent-Length: 0\r\n\r\n"),
        ("too many fields", "HTTP/1.1 200 OK\r\n" + String(repeating: "A: b\r\n", count: 300) + "Content-Length: 0\r\n\r\n"),
        ("nothing but a long line", String(repeating: "a", count: 70_000)),
    ].map { Case(name: $0.0, response: $0.1, body: nil) }

    @Test(arguments: accepted + refused, [false, true])
    func response(_ item: Case, byteByByte: Bool) async throws {
        if byteByByte && item.response.utf8.count > 1000 { return }
        let server = try RawServer(), client = try makeClient()
        let method = item.method, url = server.url + "/"
        async let outcome = Task { () -> Result<String, MonoflowError> in
            do {
                let response = try await client.send(HTTPClientRequest(method, url))
                return .success(String(decoding: try await response.body.collect(), as: UTF8.self))
            } catch { return .failure(MonoflowError.wrap(error, "test")) }
        }.value
        let peer = try await server.accept()
        _ = try await peer.text(through: "\r\n\r\n")
        // A client that has seen enough may close while the rest is sent.
        do {
            if byteByByte { for byte in item.response.utf8 { try await peer.send([byte]) } } else { try await peer.send(item.response) }
            try await peer.halfClose()
        } catch is RawClient.Failure {}
        switch await outcome {
        case .success(let body): #expect(body == item.body)
        case .failure(let error):
            #expect(item.body == nil && error.code == .dataLoss, "\(error)")
            #expect(error.subject == server.url, "\(error)")
        }
        do { #expect(try await peer.isAtEnd()) } catch is RawClient.Failure {}
    }

    @Test(arguments: accepted) func connectionIsKeptOrNot(_ item: Case) async throws {
        let server = try RawServer(), client = try makeClient()
        async let answered = client.send(HTTPClientRequest(item.method, server.url + "/"))
        let peer = try await server.accept()
        _ = try await peer.text(through: "\r\n\r\n")
        try await peer.send(item.response)
        let response = try await answered
        if item.name.hasPrefix("until close") {
            try await peer.close()
            _ = try await response.body.collect()
        } else {
            _ = try await response.body.collect()
            if item.isKept {
                async let next = client.send(HTTPClientRequest(.get, server.url + "/next"))
                #expect(try await peer.text(through: "\r\n\r\n").hasPrefix("GET /next "))
                try await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                _ = try await next
            } else {
                #expect(try await peer.isAtEnd())
            }
        }
        #expect(client.counters.connectionsMade == 1)
    }
}
