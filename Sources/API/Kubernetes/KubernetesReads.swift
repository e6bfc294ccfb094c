import Access
import Core
import Foundation
import HTTP
import Resources

/// Getting and listing objects.
struct KubernetesReads: Sendable {
    /// What a client may ask for at most in one page; without a limit all is sent.
    static let largestPage = 10_000

    let resources: ResourceService
    let access: AccessService

    func get(_ request: HTTPRequest, _ target: KubernetesTarget, _ subresource: Subresource? = nil) async throws -> HTTPResponse {
        let kind = try target.known(), name = target.name ?? ""
        try KubernetesAccess.check(try request.caller(), .get, kind.definition, namespace: target.namespace, name: name)
        try KubernetesWrites.check(subresource, kind)
        let found = try await resources.get(kind, namespace: target.namespace ?? "", name: name)
        guard ResourceTable.isAsked(for: request) else { return Self.json(Array(found.document.utf8)) }
        let table = ResourceTable(kind.definition, kind.version, include: request.query("includeObject"), now: resources.now)
        return .json(table.json([try JSONParser.parse(found.document)], metadata: ["resourceVersion": .string(String(found.version))]))
    }

    func list(_ request: HTTPRequest, _ target: KubernetesTarget) async throws -> HTTPResponse {
        let kind = try target.known()
        let page = try await page(request, target, kind)
        var metadata: JSON = ["resourceVersion": .string(String(page.version))]
        if page.hasMore, let last = page.items.last {
            metadata["continue"] = .string(ContinueToken(version: page.version, namespace: last.key.namespace, name: last.key.name).text)
            if let remaining = page.remaining { metadata["remainingItemCount"] = .int(Int64(remaining)) }
        }
        if ResourceTable.isAsked(for: request) {
            let table = ResourceTable(kind.definition, kind.version, include: request.query("includeObject"), now: resources.now)
            return .json(table.json(try page.items.map { try JSONParser.parse($0.document) }, metadata: metadata))
        }
        var out = Array("{\"kind\":\(JSON.string(kind.definition.listKind).text()),\"apiVersion\":\(JSON.string(kind.apiVersion).text()),\"metadata\":".utf8)
        out.reserveCapacity(out.count + page.items.reduce(64) { $0 + $1.document.utf8.count + 1 })
        metadata.write(into: &out)
        out.append(contentsOf: ",\"items\":[".utf8)
        for (index, item) in page.items.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            out.append(contentsOf: item.document.utf8)
        }
        out.append(contentsOf: "]}".utf8)
        return Self.json(out)
    }

    /// The page that the request asks for, of what the caller may see.
    func page(_ request: HTTPRequest, _ target: KubernetesTarget, _ kind: KindReference) async throws -> ResourcePage {
        let caller = try request.caller()
        try KubernetesAccess.check(caller, .list, kind.definition, namespace: target.namespace, name: nil)
        var query = try Self.selection(request, kind).query(kind, namespace: target.namespace)
        if let text = request.query("continue"), !text.isEmpty {
            let token = try ContinueToken(text)
            query.after = (token.namespace, token.name)
            query.version = token.version
        }
        let limit = try request.integer("limit") ?? 0
        guard limit >= 0 else { throw MonoflowError(.invalidArgument, "list \(kind.key)", "limit", "must not be negative") }
        if limit > 0 { query.limit = min(limit, Self.largestPage) }
        if !caller.isAdmin, KubernetesAccess.isPartlyVisible(kind.definition) {
            let inner = query.matches
            query.matches = { item in try caller.may(.read, in: item.key.name) && inner?(item) != false }
        }
        return try await resources.list(kind, query)
    }

    static func selection(_ request: HTTPRequest, _ kind: KindReference) throws -> ResourceSelection {
        let selection = ResourceSelection(
            labels: try LabelSelector(request.query("labelSelector") ?? ""), fields: try FieldSelector(request.query("fieldSelector") ?? ""))
        try selection.check(kind)
        return selection
    }

    static func json(_ bytes: [UInt8], status: HTTPStatus = .ok) -> HTTPResponse { .bytes(bytes, type: "application/json", status: status) }
}

/// Where a list goes on. Opaque to clients.
struct ContinueToken: Sendable, Equatable {
    var version: Int64
    var namespace: String
    var name: String

    init(version: Int64, namespace: String, name: String) {
        self.version = version
        self.namespace = namespace
        self.name = name
    }

    var text: String { Data((["v": .int(version), "ns": .string(namespace), "n": .string(name)] as JSON).serialized()).base64EncodedString() }

    /// - Throws: `invalidArgument`.
    init(_ text: String) throws(MonoflowError) {
        guard let data = Data(base64Encoded: text), let json = try? JSONParser.parse(data), let version = json["v"]?.intValue,
            let namespace = json["ns"]?.stringValue, let name = json["n"]?.stringValue
        else { throw MonoflowError(.invalidArgument, "list", "continue", "continue key is not valid") }
        self.init(version: version, namespace: namespace, name: name)
    }
}

extension ResourceTable {
    /// Whether the client prefers a table: the first of what it accepts.
    static func isAsked(for request: HTTPRequest) -> Bool {
        guard let first = request.headers["Accept"]?.split(separator: ",").first else { return false }
        return first.split(separator: ";").contains { $0.trimmingCharacters(in: .whitespaces) == "as=Table" }
    }
}
