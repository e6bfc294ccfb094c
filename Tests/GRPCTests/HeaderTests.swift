import Core
import HTTP
import SwiftProtobuf
import Testing

@testable import GRPC

@Suite struct HeaderTests {
    @Test func timeoutsAreRead() {
        let good: [(String, Duration)] = [
            ("1H", .seconds(3600)), ("2M", .seconds(120)), ("3S", .seconds(3)), ("100m", .milliseconds(100)), ("5u", .microseconds(5)),
            ("7n", .nanoseconds(7)), ("0n", .zero), ("99999999H", .seconds(359_999_996_400)), ("00000001S", .seconds(1)),
        ]
        for (text, duration) in good { #expect(GRPCTimeout.parse(text) == duration, "\(text)") }
        for text in ["", "S", "1", "1s", "1h", "-1S", "+1S", "1.5S", " 1S", "1S ", "1 S", "123456789S", "1SS", "１S", "0x1S"] {
            #expect(GRPCTimeout.parse(text) == nil, "\(text)")
        }
    }

    @Test func timeoutsAreWrittenNeverTooShort() throws {
        let cases: [(Duration, String)] = [
            (.zero, "0n"), (.seconds(-5), "0n"), (.nanoseconds(1), "1n"), (.milliseconds(99), "99000000n"), (.milliseconds(100), "100000u"),
            (.seconds(1), "1000000u"), (.seconds(100), "100000m"), (.seconds(86_400), "86400000m"), (.seconds(100_000), "100000S"),
        ]
        for (duration, text) in cases { #expect(GRPCTimeout.text(duration) == text) }
        for duration in [Duration.nanoseconds(123_456_789_123), .seconds(359_999_996_400), .seconds(12_345_678_901), .milliseconds(100_000_001)] {
            let back = try #require(GRPCTimeout.parse(GRPCTimeout.text(duration)))
            #expect(back >= duration && back <= duration * 1.01 + .seconds(3600))
        }
        #expect(GRPCTimeout.text(.seconds(Int64.max)) == "99999999H")
    }

    @Test func messagesArePercentEncoded() {
        for (plain, coded) in [
            ("plain text", "plain text"), ("50% off", "50%25 off"), ("a\nb", "a%0Ab"), ("grün", "gr%C3%BCn"), ("~\u{7f}", "~%7F"), ("", ""),
        ] {
            #expect(GRPCText.percentEncoded(plain) == coded)
            #expect(GRPCText.percentDecoded(coded) == plain)
        }
        // What is broken stays readable.
        #expect(GRPCText.percentDecoded("100%") == "100%")
        #expect(GRPCText.percentDecoded("%zz%4") == "%zz%4")
        #expect(GRPCText.percentDecoded("%FF") == "\u{fffd}")
        #expect(GRPCText.percentDecoded("%c3%bc") == "ü")
    }

    @Test func base64TakesBothForms() {
        for (bytes, short, full) in [
            ([UInt8](), "", ""), ([0], "AA", "AA=="), ([255, 254], "//4", "//4="), ([1, 2, 3], "AQID", "AQID"),
        ] {
            #expect(GRPCText.base64(bytes) == short)
            #expect(GRPCText.bytes(base64: short) == bytes)
            #expect(GRPCText.bytes(base64: full) == bytes)
        }
        for broken in ["A", "AAAAA", "A!AA", "AA=A", "AA=", "AAA==", "=", "===="] { #expect(GRPCText.bytes(base64: broken) == nil, "\(broken)") }
    }

    @Test func metadataIsChecked() throws {
        var metadata = GRPCMetadata()
        try metadata.add("x-trace.id_1", "a b")
        try metadata.add("x-trace.id_1", "c")
        try metadata.add("key-bin", binary: [0, 255])
        #expect(metadata.values("x-trace.id_1") == ["a b", "c"])
        #expect(metadata["key-bin"] == "AP8")
        #expect(try metadata.binary("key-bin") == [[0, 255]])
        #expect(metadata.names == ["x-trace.id_1", "x-trace.id_1", "key-bin"])
        for name in ["", "Upper", "sp ace", "grpc-status", "content-type", "te", ":path", "colon:", "naïve", "connection"] {
            #expect(throws: MonoflowError.self, "\(name)") { try metadata.add(name, "v") }
        }
        for value in ["a\nb", "ü", "\u{7f}", " a", "a ", "\t"] { #expect(throws: MonoflowError.self, "\(value)") { try metadata.add("k", value) } }
        #expect(throws: MonoflowError.self) { try metadata.add("k-bin", "text") }
        #expect(throws: MonoflowError.self) { try metadata.add("k", binary: [1]) }
    }

    @Test func receivedMetadataHidesTheProtocol() throws {
        let metadata = GRPCMetadata(received: [
            "content-type": "application/grpc", "te": "trailers", "grpc-timeout": "1S", "user-agent": "test", "x-bin": "AA==,//4", "x-bin": " AQID",
            "bad-bin": "!", "authorization": "Bearer t",
        ])
        #expect(metadata.names == ["user-agent", "x-bin", "x-bin", "bad-bin", "authorization"])
        #expect(metadata["grpc-timeout"] == nil)
        #expect(metadata["authorization"] == "Bearer t")
        #expect(try metadata.binary("x-bin") == [[0], [255, 254], [1, 2, 3]])
        #expect(throws: MonoflowError.self) { try metadata.binary("bad-bin") }
        #expect(try metadata.binary("none-bin") == [])
        #expect(GRPCMetadata(received: ["te": "trailers"]).isEmpty)
    }

    @Test func aStatusGoesThroughTrailers() throws {
        let detail = try Google_Protobuf_Any(message: Google_Protobuf_StringValue.with { $0.value = "field x" })
        for status in [
            GRPCStatus.ok, GRPCStatus(.notFound, "no “thing”\n50%"), GRPCStatus(.invalidArgument, "bad", details: [detail]), GRPCStatus(.unauthenticated),
        ] {
            var headers = HTTPHeaders()
            StatusTrailers.add(status, to: &headers)
            let back = try #require(StatusTrailers.read(headers))
            #expect(back.code == status.code && back.message == status.message)
            #expect(back.details.map(\.typeURL) == status.details.map(\.typeURL) && back.details.map(\.value) == status.details.map(\.value))
        }
        #expect(StatusTrailers.read([:]) == nil)
        #expect(StatusTrailers.read(["grpc-status": "x"]) == nil)
        #expect(StatusTrailers.read(["grpc-status": "99"])?.code == .unknown)
    }

    @Test func aStatusFitsIntoAHead() throws {
        let long = String(repeating: "ü", count: 5000)
        let detail = try Google_Protobuf_Any(message: Google_Protobuf_StringValue.with { $0.value = long })
        var headers = HTTPHeaders()
        StatusTrailers.add(GRPCStatus(.internalError, "x" + long, details: [detail]), to: &headers)
        let status = try #require(StatusTrailers.read(headers))
        #expect(status.message == "x" + String(repeating: "ü", count: 511))
        #expect(status.details.isEmpty)
    }

    @Test func everyErrorHasAStatus() {
        for code in MonoflowError.Code.allCases {
            let mapped = GRPCErrorTable.code(code)
            #expect(mapped != .ok && mapped != .unknown, "\(code)")
            #expect(mapped.rawValue == HTTPErrorTable.status(code).grpc)
        }
        for code in GRPCCode.allCases {
            guard let back = GRPCErrorTable.code(code) else {
                #expect(code == .ok)
                continue
            }
            // Round trips, where we have a word for it.
            if code != .unknown && code != .outOfRange { #expect(GRPCErrorTable.code(back) == code) }
        }
        let expected: [(HTTPStatus, GRPCCode)] = [
            (400, .internalError), (401, .unauthenticated), (403, .permissionDenied), (404, .unimplemented), (429, .unavailable), (502, .unavailable),
            (503, .unavailable), (504, .unavailable), (200, .unknown), (500, .unknown), (418, .unknown),
        ]
        for (status, code) in expected { #expect(GRPCErrorTable.code(status) == code) }
        #expect(GRPCCode.deadlineExceeded.rawValue == 4 && GRPCCode.unauthenticated.rawValue == 16 && GRPCCode.internalError.rawValue == 13)
    }

    @Test func foreignErrorsDoNotTellTheirText() {
        struct Secret: Error { let text = "password" }
        let status = GRPCStatus(Secret(), method: "/a.B/C")
        #expect(status.code == .internalError)
        #expect(!status.message.contains("password"))
        #expect(GRPCStatus(CancellationError(), method: "m").code == .cancelled)
        // A handler that throws OK has made a mistake, and the client must not take it for success.
        #expect(GRPCStatus(GRPCStatus.ok, method: "m").code == .internalError)
        let error = GRPCStatus(.aborted, "try again").error("get suggestions", "exp1")
        #expect(error.code == .conflict && error.description.contains("try again"))
    }
}
