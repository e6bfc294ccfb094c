import Core

/// Expands an `Environment` document into the objects that stand for it.
struct EnvironmentReader {
    private let document: SourceDocument
    private var errors: [MonoflowError] = []
    private var objects: [EnvironmentPart: [JSON]] = [:]
    /// Roles by user, in the order in which they stand.
    private var roles: [String: [(namespace: String, role: String)]] = [:]
    private var namespaces: Set<String> = []

    init(_ document: SourceDocument) { self.document = document }

    /// - Throws: `DocumentErrors` with every place that is wrong.
    consuming func expand() throws(DocumentErrors) -> [EnvironmentPart: [JSON]] {
        if document.apiVersion != NativeDocuments.apiVersion || document.kind != "Environment" {
            wrong("kind", "must be Environment of \(NativeDocuments.apiVersion)")
        }
        check(document.json, "", known: ["apiVersion", "kind", "metadata", "users", "namespaces", "configMaps", "secrets", "models", "notebooks", "schedules"])
        for (path, item) in items("namespaces") { namespace(item, path) }
        for (path, item) in items("users") { user(item, path) }
        for (path, item) in items("configMaps") { configMap(item, path) }
        for (path, item) in items("secrets") { secret(item, path) }
        for (path, item) in items("models") { model(item, path) }
        for (path, item) in items("notebooks") { passedOn(item, path, .notebooks, "kubeflow.org/v1", "Notebook") }
        for (path, item) in items("schedules") { passedOn(item, path, .schedules, "kubeflow.org/v1beta1", "ScheduledWorkflow") }
        if !errors.isEmpty { throw DocumentErrors(errors: errors) }
        return objects
    }

    // MARK: Parts

    private mutating func namespace(_ item: JSON, _ path: String) {
        check(item, path, known: ["name", "owner", "members", "labels", "quota"])
        guard let name = text(item, "name", path) else { return }
        if !namespaces.insert(name).inserted { wrong("\(path).name", "\"\(name)\" stands twice") }
        let owner = item["owner"].flatMap { _ in text(item, "owner", path) }
        let labels = map(item, "labels", path), quota = map(item, "quota", path)
        if let owner {
            roles[owner, default: []].append((name, "owner"))
            add(.namespaces, .make([
                "apiVersion": "kubeflow.org/v1", "kind": "Profile", "metadata": .make(["name": .string(name), "labels": labels]),
                "spec": .make(["owner": ["kind": "User", "name": .string(owner)], "resourceQuotaSpec": quota.map { ["hard": $0] }]),
            ]))
        } else {
            if quota != nil { wrong("\(path).quota", "needs an owner beside it") }
            add(.namespaces, ["apiVersion": "v1", "kind": "Namespace", "metadata": .make(["name": .string(name), "labels": labels])])
        }
        for (memberPath, member) in list(item, "members", path) {
            check(member, memberPath, known: ["user", "role"])
            guard let user = text(member, "user", memberPath), let role = text(member, "role", memberPath) else { continue }
            guard NativeDocuments.roles.contains(role) else {
                wrong("\(memberPath).role", "must be one of \(NativeDocuments.roles.joined(separator: ", "))")
                continue
            }
            roles[user, default: []].append((name, role))
            add(.members, [
                "apiVersion": .string(NativeDocuments.apiVersion), "kind": "Member", "metadata": ["name": .string(user), "namespace": .string(name)],
                "spec": ["role": .string(role)],
            ])
        }
    }

    private mutating func user(_ item: JSON, _ path: String) {
        check(item, path, known: ["name", "admin", "home"])
        guard let name = text(item, "name", path) else { return }
        let isAdmin = item["admin"]?.boolValue
        if let given = item["admin"], isAdmin == nil { wrong("\(path).admin", "must be true or false, it is \(given.kindName)") }
        let own = roles[name] ?? []
        guard let home = item["home"].flatMap({ _ in text(item, "home", path) }) ?? own.first?.namespace ?? (isAdmin == true ? "default" : nil) else {
            return wrong(path, "\"\(name)\" has no role in a namespace and no home")
        }
        let role = own.first { $0.namespace == home }?.role
        if role == nil && isAdmin != true { return wrong("\(path).home", "\"\(name)\" has no role in \(home)") }
        add(.users, [
            "apiVersion": .string(NativeDocuments.apiVersion), "kind": "User", "metadata": ["name": .string(name)],
            "spec": .make(["homeNamespace": .string(home), "role": role.map { .string($0) }, "isAdmin": isAdmin == true ? true : nil]),
        ])
    }

    private mutating func configMap(_ item: JSON, _ path: String) {
        check(item, path, known: ["name", "namespace", "labels", "data"])
        guard let metadata = metadata(item, path) else { return }
        let data = map(item, "data", path)
        add(.configMaps, .make(["apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data]))
    }

    private mutating func secret(_ item: JSON, _ path: String) {
        check(item, path, known: ["name", "namespace", "labels", "type", "data"])
        guard let metadata = metadata(item, path) else { return }
        var data = JSONObject()
        for (key, source) in item["data"]?.objectValue ?? [:] {
            let field = "\(path).data[\(key)]"
            guard let members = source.objectValue, members.count == 1, let from = members.keys.first, let name = members[from]?.stringValue,
                from == "fromEnvironment" || from == "fromFile"
            else {
                wrong(field, "must be {fromEnvironment: NAME} or {fromFile: PATH}: values of secrets do not stand here")
                continue
            }
            data[key] = [from: .string(from == "fromFile" ? below(name) : name)]
        }
        if data.isEmpty { wrong("\(path).data", "is missing or empty") }
        add(.secrets, .make([
            "apiVersion": .string(NativeDocuments.apiVersion), "kind": "SecretReference", "metadata": metadata,
            "spec": .make(["type": item["type"], "data": .object(data)]),
        ]))
    }

    private mutating func model(_ item: JSON, _ path: String) {
        check(item, path, known: ["name", "namespace", "file", "version"])
        guard let metadata = metadata(item, path), let file = text(item, "file", path) else { return }
        add(.models, .make([
            "apiVersion": .string(NativeDocuments.apiVersion), "kind": "Model", "metadata": metadata,
            "spec": .make(["file": .string(below(file)), "version": item["version"]]),
        ]))
    }

    private mutating func passedOn(_ item: JSON, _ path: String, _ part: EnvironmentPart, _ apiVersion: String, _ kind: String) {
        check(item, path, known: ["name", "namespace", "labels", "spec"])
        guard let metadata = metadata(item, path) else { return }
        guard let spec = item["spec"], spec.objectValue != nil else { return wrong("\(path).spec", "is missing or no object") }
        add(part, ["apiVersion": .string(apiVersion), "kind": .string(kind), "metadata": metadata, "spec": spec])
    }

    // MARK: Inside

    private mutating func add(_ part: EnvironmentPart, _ object: JSON) { objects[part, default: []].append(object) }
    private mutating func wrong(_ path: String, _ message: String) { errors.append(document.error(path, message)) }

    /// A path seen from `objects/`.
    private func below(_ path: String) -> String { path.hasPrefix("/") ? path : "../" + path }

    private mutating func check(_ value: JSON, _ path: String, known: Set<String>) {
        for key in value.objectValue?.keys ?? [] where !known.contains(key) {
            wrong(path.isEmpty ? key : "\(path).\(key)", "is unknown; known are \(known.sorted().joined(separator: ", "))")
        }
    }

    private mutating func items(_ key: String) -> [(String, JSON)] { list(document.json, key, "") }

    /// Objects with their paths; none where the key is absent or null.
    private mutating func list(_ value: JSON, _ key: String, _ path: String) -> [(String, JSON)] {
        let place = path.isEmpty ? key : "\(path).\(key)"
        guard let given = value[key], given != .null else { return [] }
        guard let items = given.arrayValue else {
            wrong(place, "must be a list, it is \(given.kindName)")
            return []
        }
        var found: [(String, JSON)] = []
        for (index, item) in items.enumerated() {
            if item.objectValue == nil { wrong("\(place)[\(index)]", "must be an object, it is \(item.kindName)") }
            if item.objectValue != nil { found.append(("\(place)[\(index)]", item)) }
        }
        return found
    }

    private mutating func text(_ item: JSON, _ key: String, _ path: String) -> String? {
        guard let text = item[key]?.stringValue, !text.isEmpty else {
            wrong("\(path).\(key)", item[key].map { "must be a text, it is \($0.kindName)" } ?? "is missing")
            return nil
        }
        return text
    }

    /// Texts by key; numbers and booleans are taken as they are written.
    private mutating func map(_ item: JSON, _ key: String, _ path: String) -> JSON? {
        guard let given = item[key], given != .null else { return nil }
        guard let members = given.objectValue else {
            wrong("\(path).\(key)", "must be an object, it is \(given.kindName)")
            return nil
        }
        var out = JSONObject()
        for (name, value) in members {
            switch value {
            case .string, .int, .double, .bool: out[name] = .string(value.stringValue ?? value.text())
            default: wrong("\(path).\(key)[\(name)]", "must be a text, it is \(value.kindName)")
            }
        }
        return .object(out)
    }

    private mutating func metadata(_ item: JSON, _ path: String) -> JSON? {
        let name = text(item, "name", path), namespace = text(item, "namespace", path), labels = map(item, "labels", path)
        guard let name, let namespace else { return nil }
        return .make(["name": .string(name), "namespace": .string(namespace), "labels": labels])
    }
}
