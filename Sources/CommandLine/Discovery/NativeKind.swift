import Core
import HTTP

/// What is not of the resource API: pipelines, experiments and runs by KFP's routes, models by the server's own.
enum NativeKind: String, CaseIterable, Sendable {
    case pipelines, experiments, runs, models

    /// Nil where the word means another kind; `runs.GROUP` does.
    init?(word: String) {
        let word = word.lowercased()
        guard let found = Self.allCases.first(where: { $0.rawValue == word || $0.singular == word }) else { return nil }
        self = found
    }

    var singular: String { String(rawValue.dropLast()) }

    private var base: [String] { self == .models ? ["api", "models"] : ["apis", "v2beta1", rawValue] }

    /// - Parameter token: of the page before.
    func list(namespace: String, token: String? = nil, pageSize: Int = 200) -> APIRequest {
        if self == .models { return APIRequest(base, query: ["namespace": namespace]) }
        return APIRequest(base, query: ["namespace": namespace, "page_size": String(pageSize), "page_token": token, "sort_by": "created_at desc"])
    }

    func object(_ id: String, namespace: String, method: HTTPMethod = .get) -> APIRequest {
        APIRequest(method, base + [id], query: ["namespace": self == .models ? namespace : nil])
    }

    func id(_ object: JSON) -> String { object[self == .models ? "name" : "\(singular)_id"]?.stringValue ?? "" }

    /// What people call it: not unique among runs and pipelines of KFP.
    func name(_ object: JSON) -> String { object["display_name"]?.stringValue ?? object["name"]?.stringValue ?? "" }

    var titles: [String] {
        switch self {
        case .pipelines: ["NAME", "ID", "AGE"]
        case .experiments: ["NAME", "ID", "STATE", "AGE"]
        case .runs: ["NAME", "ID", "STATE", "DURATION", "AGE"]
        case .models: ["NAME", "VERSION", "STATE", "VERSIONS", "AGE"]
        }
    }

    var wideTitles: [String] {
        switch self {
        case .pipelines, .experiments: ["DESCRIPTION"]
        case .runs: ["EXPERIMENT", "MESSAGE"]
        case .models: ["INPUTS", "OUTPUTS"]
        }
    }

    func cells(_ object: JSON, now: Timestamp) -> [String] {
        let created = object["created_at"]?.stringValue
        switch self {
        case .pipelines: return [name(object), id(object), Times.age(created, now: now)]
        case .experiments: return [name(object), id(object), object["storage_state"]?.stringValue ?? "", Times.age(created, now: now)]
        case .runs:
            let finished = object["finished_at"]?.stringValue
            return [name(object), id(object), object["state"]?.stringValue ?? "", Times.between(created, finished, now: now), Times.age(created, now: now)]
        case .models:
            let versions = object["versions"]?.arrayValue ?? []
            let newest = versions.last, served = object["default_version"]?.stringValue
            return [
                name(object), served ?? newest?["version"]?.stringValue ?? "<none>", served == nil ? newest?["state"]?.stringValue ?? "" : "Ready",
                String(versions.count), Times.age(newest?["created_at"]?.stringValue, now: now),
            ]
        }
    }

    func wideCells(_ object: JSON) -> [String] {
        func text(_ key: String) -> String { object[key]?.stringValue.flatMap { $0.isEmpty ? nil : $0 } ?? "<none>" }
        switch self {
        case .pipelines, .experiments: return [text("description")]
        case .runs: return [text("experiment_id"), object["error"]?["message"]?.stringValue ?? "<none>"]
        case .models: return [Self.tensors(object["inputs"]), Self.tensors(object["outputs"])]
        }
    }

    /// `X:FP32[-1,64]`.
    static func tensors(_ list: JSON?) -> String {
        let items = (list?.arrayValue ?? []).map { item in
            "\(item["name"]?.stringValue ?? ""):\(item["datatype"]?.stringValue ?? "")\(item["shape"]?.text() ?? "")"
        }
        return items.isEmpty ? "<none>" : items.joined(separator: ",")
    }
}
