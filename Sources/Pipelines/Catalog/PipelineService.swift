import Core
import Database
import GRDB

/// Pipelines and their versions: what a user uploads and later runs.
public struct PipelineService: Sendable {
    let database: MetadataDatabase
    let clock: WallClock
    let identifiers: IdentifierSource

    public init(database: MetadataDatabase, clock: WallClock, identifiers: IdentifierSource) {
        self.database = database
        self.clock = clock
        self.identifiers = identifiers
    }

    /// Makes a pipeline, with its first version where a package is given.
    /// - Throws: `alreadyExists` for a taken name, `invalidArgument` for an empty one.
    public func create(namespace: String, name: String, displayName: String?, description: String, package: PipelinePackage?) async throws -> (PipelineRecord, PipelineVersionRecord?) {
        guard !name.isEmpty else { throw MonoflowError(.invalidArgument, "create pipeline", "name", "is missing") }
        let pipeline = PipelineRecord(
            id: identifiers.next(), namespace: namespace, name: name, displayName: displayName ?? name, description: description, createdAt: clock.now())
        let versionID = identifiers.next()
        return try await database.write { db in
            try PipelineStore.insert(db, pipeline)
            guard let package else { return (pipeline, nil) }
            let version = PipelineVersionRecord(
                id: versionID, pipelineID: pipeline.id, name: name, displayName: displayName ?? name, description: description,
                specDigest: try PipelineStore.insertSpec(db, package), createdAt: pipeline.createdAt)
            try PipelineStore.insert(db, version)
            return (pipeline, version)
        }
    }

    public func createVersion(pipelineID: String, name: String, displayName: String?, description: String, package: PipelinePackage) async throws -> PipelineVersionRecord {
        guard !name.isEmpty else { throw MonoflowError(.invalidArgument, "create pipeline version", "name", "is missing") }
        let id = identifiers.next(), now = clock.now()
        return try await database.write { db in
            guard try PipelineStore.find(db, id: pipelineID) != nil else {
                throw MonoflowError(.notFound, "create pipeline version", pipelineID, "there is no such pipeline")
            }
            let version = PipelineVersionRecord(
                id: id, pipelineID: pipelineID, name: name, displayName: displayName ?? name, description: description,
                specDigest: try PipelineStore.insertSpec(db, package), createdAt: now)
            try PipelineStore.insert(db, version)
            return version
        }
    }

    /// - Throws: `notFound`.
    public func get(_ id: String) async throws -> PipelineRecord {
        guard let pipeline = try await database.read({ try PipelineStore.find($0, id: id) }) else {
            throw MonoflowError(.notFound, "get pipeline", id, "there is no such pipeline")
        }
        return pipeline
    }

    public func find(namespace: String, name: String) async throws -> PipelineRecord? {
        try await database.read { try PipelineStore.find($0, namespace: namespace, name: name) }
    }

    public func list(namespace: String, _ query: ListQuery) async throws -> Page<PipelineRecord> {
        try await database.read { db in
            let page = try PipelineStore.columns.page(db, query, where: "namespace = ?", arguments: [namespace])
            return Page(items: page.rows.map(PipelineStore.record), nextToken: page.next, total: page.total)
        }
    }

    public func delete(_ id: String) async throws {
        let found = try await database.write { db in
            try db.execute(sql: "DELETE FROM pipelines WHERE id = ?", arguments: [id])
            return db.changesCount > 0
        }
        guard found else { throw MonoflowError(.notFound, "delete pipeline", id, "there is no such pipeline") }
    }

    /// Deletes every pipeline of the namespace with its versions.
    public func removeAll(of namespace: String) async throws {
        try await database.write { try $0.execute(sql: "DELETE FROM pipelines WHERE namespace = ?", arguments: [namespace]) }
    }

    public func version(_ id: String) async throws -> PipelineVersionRecord {
        guard let version = try await database.read({ try PipelineStore.findVersion($0, id: id) }) else {
            throw MonoflowError(.notFound, "get pipeline version", id, "there is no such version")
        }
        return version
    }

    public func latestVersion(of pipelineID: String) async throws -> PipelineVersionRecord? {
        try await database.read { try PipelineStore.latestVersion($0, pipelineID: pipelineID) }
    }

    public func versions(of pipelineID: String, _ query: ListQuery) async throws -> Page<PipelineVersionRecord> {
        try await database.read { db in
            let page = try PipelineStore.versionColumns.page(db, query, where: "pipeline_id = ?", arguments: [pipelineID])
            return Page(items: page.rows.map(PipelineStore.version), nextToken: page.next, total: page.total)
        }
    }

    public func deleteVersion(_ id: String) async throws {
        let found = try await database.write { db in
            try db.execute(sql: "DELETE FROM pipeline_versions WHERE id = ?", arguments: [id])
            return db.changesCount > 0
        }
        guard found else { throw MonoflowError(.notFound, "delete pipeline version", id, "there is no such version") }
    }

    /// The definition that a version or a run names.
    public func package(digest: String) async throws -> PipelinePackage {
        try await database.read { try PipelineStore.spec($0, digest: digest) }
    }
}
