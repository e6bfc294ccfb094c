#if FUZZ
import Core

@testable import HTTP

private let preface = HTTP2Connection.preface

extension HTTPRequest {
    /// What an echo answers: everything that the handler sees.
    var echo: String {
        let fields = headers.map { "\($0.name): \($0.value)" }.joined(separator: "|")
        return "\(method.rawValue) \(target) \(version) [\(fields)] \((body.bytes ?? []).shown)"
    }
}

/// A connection whose handlers all run on the loop: the same bytes in one piece and in many must bring the same answers.
func connectionTarget() throws -> FuzzTarget {
    let bench = try ServerBench { router in
        for method in HTTPMethod.allCases { router.inline(method, "/inline") { .text($0.echo) } }
        router.inline(.get, "/validated") { _ in
            HTTPResponse(headers: ["ETag": "\"a\"", "Last-Modified": "Sun, 06 Nov 1994 08:49:37 GMT"], body: .bytes("validated".bytes))
        }
        router.inline(.get, "/{name}/end") { try .text($0.parameter("name")) }
        router.inline(.get, "/fail") { _ in throw MonoflowError(.conflict, "answer", "", "no") }
        router.inline(.get, "/close") { _ in
            var response = HTTPResponse.text("bye")
            response.closesConnection = true
            return response
        }
        router.otherwise(.inline { .text($0.echo, status: .notFound) })
        router.wrap(ContentCodings().wrap)
    }
    return FuzzTarget("connection", seeds: WireSeeds.requests, words: WireSeeds.words + ["/validated", "/fail", "/close", "/x/end", "If-Match: \"a\"\r\n"]) { input in
        if input.starts(with: preface) { return }
        var chance = Chance(of: input)
        let (whole, cut) = try bench.feed(input, chance.pieces(input))
        let output = ResponseOracle.undated(whole.output), other = ResponseOracle.undated(cut.output)
        try require(output == other, "in one piece \(output.shown), in pieces \(other.shown)")
        let answers = try ResponseOracle.read(whole.output, methods: whole.exchanges.map(\.request.method))
        let complete = whole.exchanges.count { $0.isComplete }
        // Behind the exchanges there may be the answer to what never became a request; it closes.
        try require((complete...whole.exchanges.count + 1).contains(answers.count), "\(answers.count) answers to \(whole.exchanges.count) exchanges")
        if answers.count > complete, let last = answers.last { try require(last.closes && last.status >= 400, "a refusal with status \(last.status)") }
        for (answer, exchange) in zip(answers, whole.exchanges) {
            try require(answer.status == exchange.status.code, "status \(answer.status) recorded as \(exchange.status.code)")
        }
        // Nothing is answered behind an answer that closes.
        for answer in answers.dropLast() { try require(!answer.closes, "an answer follows one that closes") }
    }
}

/// A connection with handlers in tasks, over a socket: whatever comes, it ends, and what it sent is HTTP.
func socketTarget() throws -> FuzzTarget {
    let bench = try ServerBench { router in
        router.on(.post, "/task") { .bytes(try await $0.body.collect(), type: "text/plain") }
        router.on(.get, "/task") { .text(String(repeating: $0.target, count: 100)) }
        router.inline(.post, "/inline") { .bytes($0.body.bytes ?? []) }
        router.on(.put, "/stream") { request in
            .stream(type: "text/plain") { writer in
                for try await chunk in request.body { try await writer.write(chunk) }
                writer.trailers(["X-Seen": "\(request.body.trailers.count)"])
            }
        }
        router.on(.get, "/stream") { request in .stream(type: "text/plain", length: 9) { try await $0.write("nine bytes".prefix(9).description) } }
        router.on(.get, "/short") { _ in .stream(type: "text/plain", length: 9) { try await $0.write("eight by") } }
        router.on(.get, "/tunnel") { _ in
            HTTPResponse(.switchingProtocols, headers: ["Upgrade": "echo"], body: .tunnel { input, writer in
                for try await chunk in input { try await writer.write(chunk) }
            })
        }
        router.wrap(ContentCodings().wrap)
    }
    let seeds = WireSeeds.requests + HTTP2Frames.seeds.map { preface + HTTP2Frames.frames($0) }
    return FuzzTarget("socket", seeds: seeds, words: WireSeeds.words, longest: 1024) { input in
        var chance = Chance(of: input)
        let output = try bench.converse(chance.oneIn(2) ? [input] : chance.pieces(input))
        // Tasks may be cut off by the client's end, so only heads are sure to be whole.
        if output.isEmpty || preface.starts(with: input.prefix(preface.count)) || input.starts(with: preface) { return }
        try require(output.starts(with: "HTTP/1.1 ".utf8), "not a response: \(output.shown)")
    }
}
#endif
