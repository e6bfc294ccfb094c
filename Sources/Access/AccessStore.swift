import Core
import GRDB

/// SQL of users, namespaces and roles. Functions take the transaction that they join.
enum AccessStore {
    static func insertNamespace(_ db: GRDB.Database, _ name: String, at now: Timestamp) throws {
        guard try !namespaceExists(db, name) else {
            throw MonoflowError(.alreadyExists, "create namespace", name, "a namespace of this name exists")
        }
        try db.execute(sql: "INSERT INTO namespaces (name, created_at) VALUES (?, ?)", arguments: [name, now.milliseconds])
    }

    /// Those that are being emptied, or have been.
    static func terminating(_ db: GRDB.Database) throws -> [String] {
        try String.fetchAll(db, sql: "SELECT name FROM namespaces WHERE state <> 0 ORDER BY name")
    }

    static func namespaceExists(_ db: GRDB.Database, _ name: String) throws -> Bool {
        try Row.fetchOne(db, sql: "SELECT 1 FROM namespaces WHERE name = ?", arguments: [name]) != nil
    }

    static func namespaceSettings(_ db: GRDB.Database) throws -> [String: NamespaceSettings] {
        let rows = try Row.fetchAll(db, sql: "SELECT name, network FROM namespaces")
        return Dictionary(uniqueKeysWithValues: rows.map { ($0["name"], NamespaceSettings(stored: $0["network"])) })
    }

    /// - Returns: whether there is such a namespace.
    static func update(_ db: GRDB.Database, namespace: String, _ settings: NamespaceSettings) throws -> Bool {
        try db.execute(sql: "UPDATE namespaces SET network = ? WHERE name = ?", arguments: [settings.stored, namespace])
        return db.changesCount > 0
    }

    static func insert(_ db: GRDB.Database, _ user: UserRecord) throws {
        guard try find(db, name: user.name) == nil else {
            throw MonoflowError(.alreadyExists, "create user", user.name, "a user of this name exists")
        }
        for namespace in Set(user.roles.keys).union([user.homeNamespace]).sorted() {
            guard try namespaceExists(db, namespace) else {
                throw MonoflowError(.failedPrecondition, "create user", user.name, "there is no namespace \(namespace)", hint: "create it first")
            }
        }
        try db.execute(
            sql: "INSERT INTO users (id, name, home_namespace, is_admin, created_at) VALUES (?, ?, ?, ?, ?)",
            arguments: [user.id, user.name, user.homeNamespace, user.isAdmin, user.createdAt.milliseconds])
        for (namespace, role) in user.roles.merging(try BindingStore.takeWaiting(db, user: user.name), uniquingKeysWith: { given, _ in given }) {
            try setRole(db, userID: user.id, namespace: namespace, role)
        }
    }

    /// Nil takes the role away.
    static func setRole(_ db: GRDB.Database, userID: String, namespace: String, _ role: Role?) throws {
        guard let role else {
            return try db.execute(sql: "DELETE FROM roles WHERE user_id = ? AND namespace = ?", arguments: [userID, namespace])
        }
        try db.execute(
            sql: "INSERT INTO roles (user_id, namespace, role) VALUES (?, ?, ?) ON CONFLICT (user_id, namespace) DO UPDATE SET role = excluded.role",
            arguments: [userID, namespace, role.rawValue])
    }

    static func members(_ db: GRDB.Database, namespace: String) throws -> [Member] {
        let sql = "SELECT users.name, roles.role FROM roles JOIN users ON users.id = roles.user_id WHERE roles.namespace = ? ORDER BY users.name"
        return try Row.fetchAll(db, sql: sql, arguments: [namespace]).map { Member(user: $0["name"], role: try role($0)) }
    }

    static func find(_ db: GRDB.Database, name: String) throws -> UserRecord? {
        try Row.fetchOne(db, sql: "SELECT * FROM users WHERE name = ?", arguments: [name]).map { try user(db, $0) }
    }

    static func find(_ db: GRDB.Database, userID: String) throws -> UserRecord? {
        try Row.fetchOne(db, sql: "SELECT * FROM users WHERE id = ?", arguments: [userID]).map { try user(db, $0) }
    }

    static func users(_ db: GRDB.Database) throws -> [UserRecord] {
        try Row.fetchAll(db, sql: "SELECT * FROM users ORDER BY name").map { try user(db, $0) }
    }

    static func delete(_ db: GRDB.Database, userID: String) throws {
        try db.execute(sql: "DELETE FROM users WHERE id = ?", arguments: [userID])
    }

    static func adminCount(_ db: GRDB.Database) throws -> Int {
        try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM users WHERE is_admin") ?? 0
    }

    static func role(_ row: Row) throws -> Role {
        guard let role = Role(rawValue: row["role"]) else {
            throw MonoflowError(.dataLoss, "read roles", "", "the role \(row["role"] as String) is unknown")
        }
        return role
    }

    private static func user(_ db: GRDB.Database, _ row: Row) throws -> UserRecord {
        let id: String = row["id"]
        var roles: [String: Role] = [:]
        for entry in try Row.fetchAll(db, sql: "SELECT namespace, role FROM roles WHERE user_id = ?", arguments: [id]) {
            roles[entry["namespace"]] = try role(entry)
        }
        return UserRecord(
            id: id, name: row["name"], homeNamespace: row["home_namespace"], isAdmin: row["is_admin"], roles: roles,
            createdAt: Timestamp(milliseconds: row["created_at"]))
    }
}
