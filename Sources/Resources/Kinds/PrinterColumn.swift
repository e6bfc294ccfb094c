/// A column of the table that `kubectl get` shows.
public struct PrinterColumn: Sendable, Equatable {
    public enum ValueType: String, Sendable, CaseIterable { case string, integer, number, boolean, date }

    /// Cells that no path leads to; what each shows is said here, `kubectl` being the model.
    public enum Computed: String, Sendable, CaseIterable {
        /// Number of keys in `data` and `binaryData`.
        case dataCount
        /// Number of items in `secrets`.
        case secretCount
        /// `RWO`, `ROX`, `RWX`, `RWOP` for `spec.accessModes`, with commas between.
        case accessModes
        /// Ready containers of all, `1/2`.
        case podReady
        /// The pod's phase, or the reason of the container that holds it up; `Terminating` while it is deleted.
        case podStatus
        /// Restarts of all containers, with the age of the last one behind.
        case podRestarts
        /// `type` of the condition that ended the job, `Suspended`, `Terminating` or `Running`.
        case jobStatus
        /// Succeeded pods of those wanted, `1/3`.
        case jobCompletions
        /// From the start to the end, or to now.
        case jobDuration
        /// Names of the pod template's containers, with commas between.
        case containerNames
        /// Images of the pod template's containers, with commas between.
        case containerImages
        /// The label selector as a selector's text.
        case selector
        /// Number of items in `status.active`.
        case activeCount
        /// Age of the event's last occurrence, and of its first.
        case eventLastSeen, eventFirstSeen
        /// `pod/name` of the involved object.
        case eventObject
        /// Component and host of an event's source.
        case eventSource
        /// Readiness gates that hold of all, `1/2`; `<none>` without any.
        case readinessGates
        /// `used/hard` of a quota's requests and counts, and of its limits.
        case quotaRequests, quotaLimits
        /// Kind and name of a binding's role, and its subjects by their kind.
        case bindingRole, bindingUsers, bindingGroups, bindingAccounts
    }

    public enum Source: Sendable, Equatable {
        /// A JSON path as kubectl writes it, `.status.conditions[?(@.type=="Ready")].status`. A cell without value is empty; a date is shown as its age.
        case path(String)
        case computed(Computed)
    }

    public var name: String
    public var type: ValueType
    /// `name` for the column with the object's name, else an OpenAPI format or empty.
    public var format: String
    public var description: String
    /// 0 is always shown, more only with `-o wide`.
    public var priority: Int
    public var source: Source

    public init(_ name: String, _ type: ValueType, _ source: Source, format: String = "", priority: Int = 0, description: String = "") {
        self.name = name
        self.type = type
        self.format = format
        self.description = description
        self.priority = priority
        self.source = source
    }

    public init(_ name: String, _ type: ValueType, _ path: String, format: String = "", priority: Int = 0, description: String = "") {
        self.init(name, type, .path(path), format: format, priority: priority, description: description)
    }

    /// The path, for a CustomResourceDefinition's columns; nil for a computed cell.
    public var jsonPath: String? { if case .path(let path) = source { path } else { nil } }

    public static let name = PrinterColumn("Name", .string, ".metadata.name", format: "name", description: "Name of the object, unique in its namespace.")
    public static let age = PrinterColumn("Age", .date, ".metadata.creationTimestamp", description: "Time since the object was created.")
}
