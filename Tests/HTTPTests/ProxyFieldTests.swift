import Core
import Foundation
import Sockets
import Testing
@testable import HTTP

/// Which fields pass a proxy, and what it adds: rules that need no connection.
@Suite struct ProxyFieldTests {
    private func proxy(_ change: (inout ProxyOptions) -> Void = { _ in }) throws -> ReverseProxy {
        var options = ProxyOptions()
        change(&options)
        return ReverseProxy(try HTTPOrigin(host: "upstream", port: 81), client: HTTPClient(group: try TestLoops.group), options: options)
    }

    private func text(_ headers: HTTPHeaders) -> [String] { headers.map { "\($0.name): \($0.value)" } }

    @Test func hopByHopFieldsEnd() throws {
        let request = HTTPRequest(.get, "/", headers: [
            "Host": "app.example", "Connection": "close, X-Mine,TE, Host", "X-Mine": "1", "Keep-Alive": "timeout=5", "Proxy-Connection": "keep-alive",
            "Proxy-Authorization": "secret", "TE": "gzip, trailers", "Trailer": "X-Sum", "Transfer-Encoding": "chunked", "Upgrade": "h2c", "Expect": "100-continue",
            "X-Kept": "2", "Accept": "*/*",
        ])
        #expect(text(try proxy { $0.via = nil }.requestHeaders(request)) == [
            "Trailer: X-Sum", "X-Kept: 2", "Accept: */*", "Forwarded: for=127.0.0.1;host=app.example;proto=http", "X-Forwarded-For: 127.0.0.1",
            "X-Forwarded-Proto: http", "X-Forwarded-Host: app.example", "TE: trailers",
        ])
    }

    @Test(arguments: [
        ("192.0.2.1", "app", "for=192.0.2.1;host=app;proto=http"), ("2001:db8::1", "app:8080", "for=\"[2001:db8::1]\";host=\"app:8080\";proto=http"),
        ("::1", "[::1]:80", "for=\"[::1]\";host=\"[::1]:80\";proto=http"), ("unix", "a", "for=unknown;host=a;proto=http"), ("10.0.0.1", "", "for=10.0.0.1;host=\"\";proto=http"),
    ]) func forwardedElement(peer: String, host: String, expected: String) {
        #expect(ForwardedFields(HTTPRequest(.get, "/", headers: ["Host": host], peer: peer)).element == expected)
    }

    @Test func quoting() {
        #expect(ForwardedFields.value("a\"b\\c") == "\"a\\\"b\\\\c\"")
        #expect(ForwardedFields.value("token") == "token")
    }

    @Test func clientsClaimsAreReplacedOrAppended() throws {
        let claims: HTTPHeaders = [
            "Host": "app", "Forwarded": "for=1.2.3.4", "X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil", "X-Real-IP": "1.2.3.4",
            "Via": "1.0 first",
        ]
        let request = HTTPRequest(.get, "/", headers: claims, peer: "::1", version: .http2)
        let replaced = try proxy().requestHeaders(request)
        #expect(replaced.values("Forwarded") == ["for=\"[::1]\";host=app;proto=http"])
        #expect(replaced.values("X-Forwarded-For") == ["::1"])
        #expect(replaced.values("X-Forwarded-Proto") == ["http"] && replaced.values("X-Forwarded-Host") == ["app"])
        #expect(!replaced.contains("X-Real-IP"))
        #expect(replaced.values("Via") == ["1.0 first, 2 monoflow"])
        let appended = try proxy { $0.forwarding = .appended }.requestHeaders(request)
        #expect(appended.values("Forwarded") == ["for=1.2.3.4, for=\"[::1]\";host=app;proto=http"])
        #expect(appended.values("X-Forwarded-For") == ["1.2.3.4, ::1"])
        #expect(appended.values("X-Forwarded-Proto") == ["https"] && appended.values("X-Forwarded-Host") == ["evil"])
        // The client cannot have the proxy's own fields taken away.
        let sneaky = HTTPRequest(.get, "/", headers: ["Host": "app", "Connection": "Forwarded, X-Forwarded-For, Via, Host"])
        let kept = try proxy { $0.host = .preserved }.requestHeaders(sneaky)
        #expect(kept["Forwarded"] != nil && kept["X-Forwarded-For"] != nil && kept["Via"] != nil && kept["Host"] == "app")
    }

    @Test func credentialsOfTheDashboardStay() throws {
        let request = HTTPRequest(.get, "/", headers: ["Host": "a", "Authorization": "Bearer x", "Cookie": "app=1; monoflow=secret;other=2", "cookie": "monoflow=again"])
        let stripped = try proxy {
            $0.cookies = .allBut(["monoflow"])
            $0.passesAuthorization = false
        }
        let headers = stripped.requestHeaders(request)
        #expect(headers.values("Cookie") == ["app=1; other=2"])
        #expect(!headers.contains("Authorization"))
        #expect(try proxy().requestHeaders(request).values("Cookie").count == 2)
        #expect(try !proxy { $0.cookies = .none }.requestHeaders(request).contains("Cookie"))
        // Nor can the app set them.
        let response = HTTPClientResponse(
            status: .ok, version: .http11, headers: ["Set-Cookie": "app=1; Path=/", "set-cookie": "monoflow=forged; Path=/", "X": "1"], body: .empty, upgrade: nil,
            url: try HTTPURL("http://a/"))
        #expect(stripped.responseHeaders(request, response).values("Set-Cookie") == ["app=1; Path=/"])
        #expect(try !proxy { $0.cookies = .none }.responseHeaders(request, response).contains("Set-Cookie"))
    }

    @Test func responseFields() throws {
        let response = HTTPClientResponse(
            status: .found, version: .http10,
            headers: ["Date": "then", "Server": "theirs", "Connection": "X-Hop", "X-Hop": "1", "Keep-Alive": "5", "Upgrade": "h2c", "Location": "http://upstream:81/a", "Trailer": "T"],
            body: .empty, upgrade: nil, url: try HTTPURL("http://upstream:81/"))
        let headers = try proxy {
            $0.rewriteResponse = { request, status, headers in
                #expect(status == .found)
                headers["Location"] = headers["Location"]?.replacingOccurrences(of: "http://upstream:81", with: "/app")
            }
        }.responseHeaders(HTTPRequest(.get, "/"), response)
        #expect(text(headers) == ["Date: then", "Server: theirs", "Trailer: T", "Via: 1.0 monoflow", "Location: /app/a"])
    }

    @Test(arguments: [
        ("/apps/x", "/"), ("/apps/x/", "/"), ("/apps/x/a/b?c=d", "/a/b?c=d"), ("/apps/x?c", "/?c"), ("/apps/xy", nil), ("/other", nil), ("/apps/x%2fa", nil),
    ]) func prefix(target: String, expected: String?) { #expect(ProxyOptions.withoutPrefix("/apps/x")(target) == expected) }

    @Test func bytesThatAreNoUTF8Pass() {
        var headers = HTTPHeaders()
        let value: [UInt8] = [0xe9, 0x74, 0xe9]
        Array("X-Old".utf8).withUnsafeBufferPointer { name in value.withUnsafeBufferPointer { headers.append(checkedName: name, checkedValue: $0) } }
        let passed = EndToEndFields(headers).of(headers)
        #expect(passed.block == headers.block)
    }
}
