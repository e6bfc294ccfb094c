import Core

/// A request that the server has refused, or could not do.
struct ServerFailure: Error, Sendable, Equatable {
    /// A place of the document that was sent, and what is wrong there.
    struct Cause: Sendable, Equatable {
        var field: String
        var message: String
    }

    /// HTTP's.
    var status: Int
    /// The word of a Kubernetes `Status`, e.g. `NotFound`; empty in other answers.
    var reason = ""
    var message: String
    var hint: String?
    var causes: [Cause] = []

    /// Reads Kubernetes' `Status` and the `{"error","code","message","hint"}` of all other routes; what is neither is shown as it is.
    init(status: Int, body: [UInt8], url: String) {
        self.status = status
        let json = try? JSONParser.parse(body)
        if let json, json["kind"] == "Status" {
            reason = json["reason"]?.stringValue ?? ""
            message = json["message"]?.stringValue ?? ""
            causes = (json["details"]?["causes"]?.arrayValue ?? []).map {
                Cause(field: $0["field"]?.stringValue ?? "", message: $0["message"]?.stringValue ?? "")
            }
        } else if let text = json?["message"]?.stringValue ?? json?["error"]?.stringValue {
            message = text
            hint = json?["hint"]?.stringValue
        } else {
            message = String(decoding: body.prefix(300), as: UTF8.self)
        }
        if message.isEmpty { message = "\(url) answers \(status)" }
        if status == 401 && hint == nil { hint = "the token is unknown, revoked or expired" }
    }

    init(status: Int, reason: String = "", message: String, hint: String? = nil, causes: [Cause] = []) {
        self.status = status
        self.reason = reason
        self.message = message
        self.hint = hint
        self.causes = causes
    }

    var isMissing: Bool { status == 404 }
    var isExpired: Bool { status == 410 }
}

extension ServerFailure: CustomStringConvertible {
    var description: String { message + (hint.map { " (\($0))" } ?? "") }
}
