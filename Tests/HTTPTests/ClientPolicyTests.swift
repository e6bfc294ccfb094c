import Core
import HTTP
import Sockets
import Synchronization
import Testing

/// URLs, retries and redirects.
@Suite struct ClientPolicyTests {
    @Test(arguments: [
        ("http://host", "http://host/", 80), ("HTTP://Host:8080/a?b#c", "http://host:8080/a?b", 8080), ("https://host:443/", "https://host/", 443),
        ("http://[::1]:81/x", "http://[::1]:81/x", 81), ("http://host?q", "http://host/?q", 80), ("http://host:/", "http://host/", 80),
    ]) func urls(text: String, expected: String, port: Int) throws {
        let url = try HTTPURL(text)
        #expect(url.description == expected)
        #expect(url.origin.port == port)
    }

    @Test(arguments: [
        "", "host", "/path", "ftp://host/", "http:/host", "http://", "http://:80/", "http://user@host/", "http://user:pw@host/", "http://ho st/", "http://host/a b",
        "http://host/a\r\nb", "http://host:0/", "http://host:65536/", "http://host:8x/", "http://::1/", "http://[::1/", "http://h\u{f6}st/", "http://host/\u{f6}", "http://host\\@other/",
    ]) func badURLs(text: String) async { #expect(await code { _ = try HTTPURL(text) } == .invalidArgument) }

    @Test(arguments: [
        ("/x", "http://a/x"), ("x", "http://a/b/c/x"), ("../x", "http://a/b/x"), ("../../../x", "http://a/x"), ("./", "http://a/b/c/"), ("?y", "http://a/b/c/d?y"),
        ("", "http://a/b/c/d?q"), ("#f", "http://a/b/c/d?q"), ("//other/x", "http://other/x"), ("https://other:1/", "https://other:1/"), ("x/../y?z=..", "http://a/b/c/y?z=.."),
        ("/a/./b/../c", "http://a/a/c"), ("..", "http://a/b/"),
    ]) func references(reference: String, expected: String) throws {
        #expect(try HTTPURL("http://a/b/c/d?q").resolving(reference).description == expected)
    }

    @Test func retriesWaitLongerAndLonger() async throws {
        let slept = Mutex<[Duration]>([])
        let timing = RetryTiming(sleep: { wait in slept.withLock { $0.append(wait) } }, random: { 0.5 })
        var options = HTTPClientOptions()
        options.retries = RetryPolicy(attempts: 4)
        options.retries.delay = .milliseconds(100)
        options.retries.maxDelay = .milliseconds(300)
        let server = try RawServer(), client = try makeClient(options, timing: timing)
        let answers = Task {
            try await server.accept().close()
            try await server.answer("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            try await server.answer("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            try await server.answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        }
        #expect(try await client.send(HTTPClientRequest(.get, server.url + "/")).status == .ok)
        try await answers.value
        // The delay less a quarter: half of it is left to chance, and the chance was a half.
        #expect(slept.withLock { $0 } == [.milliseconds(75), .milliseconds(150), .milliseconds(225)])
        #expect(client.counters.retries == 3)
    }

    @Test func whatIsNotRetried() async throws {
        let timing = RetryTiming(sleep: { _ in }, random: { 0 })
        var options = HTTPClientOptions()
        options.retries = RetryPolicy(attempts: 3)
        let server = try RawServer(), client = try makeClient(options, timing: timing)
        let unavailable = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        // A call that is not idempotent, a body that cannot be sent twice, a wait that is too long: the answer is the answer.
        async let post = server.answer(unavailable)
        #expect(try await client.send(HTTPClientRequest(.post, server.url + "/")).status == .serviceUnavailable)
        _ = try await post
        async let stream = server.answer(unavailable)
        #expect(try await client.send(HTTPClientRequest(.put, server.url + "/", body: .stream(length: 0) { _ in })).status == .serviceUnavailable)
        _ = try await stream
        async let late = server.answer("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 86400\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        #expect(try await client.send(HTTPClientRequest(.get, server.url + "/")).status == .serviceUnavailable)
        _ = try await late
        #expect(client.counters.retries == 0)
        // A connection that cannot be made costs nobody anything: tried again for every method.
        #expect(await code { _ = try await client.send(HTTPClientRequest(.post, "http://127.0.0.1:1/")) } == .unavailable)
        #expect(client.counters.retries == 2)
    }

    struct Redirect: Sendable {
        var method = HTTPMethod.get
        var status: Int
        var next: HTTPMethod
        var keepsBody = false
    }

    @Test(arguments: [
        Redirect(status: 301, next: .get), Redirect(method: .post, status: 302, next: .get), Redirect(method: .put, status: 301, next: .put, keepsBody: true),
        Redirect(method: .post, status: 303, next: .get), Redirect(method: .put, status: 303, next: .get), Redirect(method: .head, status: 303, next: .head),
        Redirect(method: .post, status: 307, next: .post, keepsBody: true), Redirect(method: .post, status: 308, next: .post, keepsBody: true),
    ]) func redirectsKeepOrChangeTheMethod(_ item: Redirect) async throws {
        var options = HTTPClientOptions()
        options.redirects = .follow()
        let server = try RawServer(), other = try RawServer(), client = try makeClient(options)
        let headers: HTTPHeaders = ["Authorization": "secret", "Cookie": "a=b", "X-Kept": "1", "Content-Type": "text/plain"]
        let request = try HTTPClientRequest(item.method, server.url + "/", headers: headers, body: item.method == .get || item.method == .head ? .none : .bytes([65]))
        async let first = server.answer("HTTP/1.1 \(item.status) Moved\r\nLocation: /there\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        let outcome = Task { try await client.send(request) }
        _ = try await first
        let same = try await server.answer("HTTP/1.1 307 Moved\r\nLocation: \(other.url)/elsewhere\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").request
        #expect(same.hasPrefix("\(item.next.rawValue) /there "))
        #expect(same.contains("Authorization: secret") && same.contains("Cookie: a=b"))
        #expect(same.contains("Content-Length: 1") == item.keepsBody)
        #expect(same.contains("Content-Type") == (item.keepsBody || item.method == .get || item.method == .head))
        let foreign = try await other.answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").request
        #expect(foreign.hasPrefix("\(item.next.rawValue) /elsewhere "))
        #expect(!foreign.contains("secret") && !foreign.contains("Cookie") && foreign.contains("X-Kept: 1"))
        #expect(foreign.contains("Host: 127.0.0.1:\(other.port)"))
        let response = try await outcome.value
        #expect(response.status == .ok)
        #expect(response.url.description == "\(other.url)/elsewhere")
        #expect(client.counters.redirects == 2)
    }

    @Test func redirectsThatAreNotFollowed() async throws {
        let server = try RawServer(), client = try makeClient()
        func answer(_ location: String, _ redirects: RedirectPolicy, body: HTTPClientRequest.Body = .none) async throws -> MonoflowError.Code? {
            var changed = try HTTPClientRequest(.put, server.url + "/", body: body)
            changed.redirects = redirects
            let request = changed
            let outcome = Task { try await client.send(request) }
            try await server.answer("HTTP/1.1 307 Moved\r\n\(location)Content-Length: 0\r\nConnection: close\r\n\r\n")
            return await code {
                let status = try await outcome.value.status
                #expect(status.code == 307)
            }
        }
        #expect(try await answer("Location: /a\r\n", .none) == nil)
        #expect(try await answer("", .follow()) == nil)
        #expect(try await answer("Location: /a\r\n", .follow(max: 0)) == .failedPrecondition)
        #expect(try await answer("Location: /a\r\nLocation: /b\r\n", .follow()) == .failedPrecondition)
        #expect(try await answer("Location: file:///etc/passwd\r\n", .follow()) == .invalidArgument)
        #expect(try await answer("Location: /a\r\n", .follow(), body: .stream(length: nil) { _ in }) == .failedPrecondition)
    }
}
