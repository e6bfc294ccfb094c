import Core
import GRDB

/// How a write is made.
public struct WriteOptions: Sendable {
    public enum FieldValidation: String, Sendable { case ignore = "Ignore", warn = "Warn", strict = "Strict" }

    /// Who writes, as managed fields record it.
    public var manager: String
    /// Everything but the storing.
    public var isDryRun = false
    /// What becomes of fields that the schema does not know: dropped, dropped with a warning, refused.
    public var fieldValidation = FieldValidation.warn

    public init(manager: String) { self.manager = manager }
}

/// What a write led to.
public struct WriteResult: Sendable {
    /// As it is now, in the version that was asked for; of a dry run as it would be.
    public var document: JSON
    public var isCreated = false
    /// The object is gone: a deletion, or the last finalizer was taken away.
    public var isRemoved = false
    /// For the client's `Warning` headers.
    public var warnings: [String] = []
}

/// A change on its way, as the kind's own rules see it. In the stored version.
public struct ResourceChange: Sendable {
    public enum Operation: Sendable, Equatable { case create, update, remove }

    public var operation: Operation
    public var key: ResourceKey
    /// Nil on creation.
    public var old: JSON?
    /// As it will be stored; of a removal as it was last.
    public var new: JSON
    public var subresource: Subresource?
}

/// The rules of one kind beyond its schema. Every function may be left out.
public protocol KindRules: Sendable {
    /// Puts fields that are only written in the place where they are read. Also of an applied configuration, before it is compared.
    func normalize(_ document: inout JSON)

    /// Completes the object before it is validated. It may run several times for one write. The deletion of an object comes here as an update that
    /// gives it a `deletionTimestamp`: finalizers that are put on keep it.
    func complete(_ change: inout ResourceChange) throws(MonoflowError)

    /// What the schema cannot say.
    func errors(_ change: ResourceChange) -> [FieldError]

    /// Joins the transaction that stores the change; a throw undoes it.
    func write(_ db: GRDB.Database, _ change: ResourceChange) throws

    /// The change is durable; `resourceVersion` of the new object says which of several comes later, for they may be told in any order.
    func committed(_ change: ResourceChange) async
}

extension KindRules {
    public func normalize(_ document: inout JSON) {}
    public func complete(_ change: inout ResourceChange) throws(MonoflowError) {}
    public func errors(_ change: ResourceChange) -> [FieldError] { [] }
    public func write(_ db: GRDB.Database, _ change: ResourceChange) throws {}
    public func committed(_ change: ResourceChange) async {}
}

/// The document breaks its kind's rules.
public struct InvalidResource: Error, Sendable, Equatable {
    public var group: String
    public var kind: String
    public var name: String
    public var errors: [FieldError]
}
