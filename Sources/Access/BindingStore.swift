import Core
import GRDB

/// SQL of roles given to others than users that are known, and of groups. Functions take the transaction that they join.
enum BindingStore {
    /// Everybody who has a role in the namespace of their own, by kind and name.
    static func bound(_ db: GRDB.Database, namespace: String) throws -> [BoundRole] {
        let sql = """
            SELECT 'User' AS kind, users.name AS name, roles.role AS role FROM roles JOIN users ON users.id = roles.user_id WHERE roles.namespace = ?1
            UNION ALL SELECT kind, name, role FROM bound_roles WHERE namespace = ?1
            """
        return try Row.fetchAll(db, sql: sql, arguments: [namespace]).map { BoundRole(subject: try subject($0), role: try AccessStore.role($0)) }
            .sorted { $0.subject < $1.subject }
    }

    static func role(_ db: GRDB.Database, _ subject: Subject, namespace: String) throws -> Role? {
        if subject.kind == .user, let user = try AccessStore.find(db, name: subject.name) { return user.roles[namespace] }
        let sql = "SELECT role FROM bound_roles WHERE namespace = ? AND kind = ? AND name = ?"
        return try Row.fetchOne(db, sql: sql, arguments: [namespace, subject.kind.rawValue, subject.name]).map(AccessStore.role)
    }

    /// Nil takes the role away. That of a user who is not there waits for it.
    static func set(_ db: GRDB.Database, _ subject: Subject, namespace: String, _ role: Role?) throws {
        if subject.kind == .user, let user = try AccessStore.find(db, name: subject.name) {
            return try AccessStore.setRole(db, userID: user.id, namespace: namespace, role)
        }
        guard let role else {
            return try db.execute(
                sql: "DELETE FROM bound_roles WHERE namespace = ? AND kind = ? AND name = ?", arguments: [namespace, subject.kind.rawValue, subject.name])
        }
        try db.execute(
            sql: """
                INSERT INTO bound_roles (namespace, kind, name, role) VALUES (?, ?, ?, ?)
                ON CONFLICT (namespace, kind, name) DO UPDATE SET role = excluded.role
                """, arguments: [namespace, subject.kind.rawValue, subject.name, role.rawValue])
    }

    /// Roles of a subject that is no known user, by namespace.
    static func roles(_ db: GRDB.Database, of subject: Subject) throws -> [String: Role] {
        let rows = try Row.fetchAll(
            db, sql: "SELECT namespace, role FROM bound_roles WHERE kind = ? AND name = ?", arguments: [subject.kind.rawValue, subject.name])
        return Dictionary(uniqueKeysWithValues: try rows.map { ($0["namespace"] as String, try AccessStore.role($0)) })
    }

    /// What waited for a user of this name becomes the user's own. - Returns: the roles.
    static func takeWaiting(_ db: GRDB.Database, user: String) throws -> [String: Role] {
        let waiting = try roles(db, of: .user(user))
        if !waiting.isEmpty { try db.execute(sql: "DELETE FROM bound_roles WHERE kind = 'User' AND name = ?", arguments: [user]) }
        return waiting
    }

    // MARK: Groups

    static func groups(_ db: GRDB.Database) throws -> [GroupRecord] {
        var members: [String: [String]] = [:]
        let sql = "SELECT group_name, users.name AS user FROM group_members JOIN users ON users.id = user_id ORDER BY users.name"
        for row in try Row.fetchAll(db, sql: sql) { members[row["group_name"], default: []].append(row["user"]) }
        return try Row.fetchAll(db, sql: "SELECT name, created_at FROM user_groups ORDER BY name").map { row in
            GroupRecord(name: row["name"], members: members[row["name"]] ?? [], createdAt: Timestamp(milliseconds: row["created_at"]))
        }
    }

    static func groupExists(_ db: GRDB.Database, _ name: String) throws -> Bool {
        try Row.fetchOne(db, sql: "SELECT 1 FROM user_groups WHERE name = ?", arguments: [name]) != nil
    }

    static func insertGroup(_ db: GRDB.Database, _ name: String, at now: Timestamp) throws {
        guard try !groupExists(db, name) else { throw MonoflowError(.alreadyExists, "create group", name, "a group of this name exists") }
        try db.execute(sql: "INSERT INTO user_groups (name, created_at) VALUES (?, ?)", arguments: [name, now.milliseconds])
    }

    /// - Returns: whether there was one.
    static func deleteGroup(_ db: GRDB.Database, _ name: String) throws -> Bool {
        try db.execute(sql: "DELETE FROM user_groups WHERE name = ?", arguments: [name])
        return db.changesCount > 0
    }

    static func setMember(_ db: GRDB.Database, group: String, userID: String, _ isMember: Bool) throws {
        try db.execute(
            sql: isMember
                ? "INSERT INTO group_members (group_name, user_id) VALUES (?, ?) ON CONFLICT DO NOTHING"
                : "DELETE FROM group_members WHERE group_name = ? AND user_id = ?", arguments: [group, userID])
    }

    static func groups(_ db: GRDB.Database, of userID: String) throws -> [String] {
        try String.fetchAll(db, sql: "SELECT group_name FROM group_members WHERE user_id = ? ORDER BY group_name", arguments: [userID])
    }

    private static func subject(_ row: Row) throws -> Subject {
        guard let kind = Subject.Kind(rawValue: row["kind"]) else {
            throw MonoflowError(.dataLoss, "read roles", "", "the kind of subject \(row["kind"] as String) is unknown")
        }
        return Subject(kind, row["name"])
    }
}
