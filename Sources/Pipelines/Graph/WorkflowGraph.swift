import Core

/// What a pipeline is, whoever compiled it: kfp 1.8's Argo Workflows and kfp 2's PipelineSpec IR are both read into
/// this, and only this is planned. The definition is stored, not the graph: it is read again when a run is taken up.
public struct WorkflowGraph: Codable, Sendable, Equatable {
    public enum Dialect: String, Codable, Sendable { case argo, kfp2 }

    public var dialect: Dialect
    public var name: String
    public var description: String
    /// The pipeline's own inputs, in declaration order.
    public var parameters: [ParameterInput]
    /// Input artifacts that the caller of the pipeline may give (kfp 2).
    public var artifactInputs: [ArtifactInput]
    /// Name of the root template.
    public var entrypoint: String
    /// Template run after the root has ended, whatever its end (Argo's `onExit`).
    public var exitTemplate: String?
    public var templates: [String: Template]
    /// Most containers at once; 0 is unlimited.
    public var parallelism: Int
    /// From start to forced end of the run; nil is unlimited.
    public var deadlineSeconds: Double?
    /// What the definition asks for that this server keeps but does not act on, each with its place.
    public var notes: [String]

    public init(dialect: Dialect, name: String, entrypoint: String) {
        self.dialect = dialect
        self.name = name
        self.entrypoint = entrypoint
        description = ""
        parameters = []
        artifactInputs = []
        templates = [:]
        parallelism = 0
        notes = []
    }
}

public struct Template: Codable, Sendable, Equatable {
    public enum Body: Codable, Sendable, Equatable {
        case dag(DAG)
        case container(ContainerTemplate)
        case importer(Importer)
    }

    public var name: String
    public var inputs: [ParameterInput]
    public var artifactInputs: [ArtifactInput]
    public var body: Body

    public init(name: String, inputs: [ParameterInput] = [], artifactInputs: [ArtifactInput] = [], body: Body) {
        self.name = name
        self.inputs = inputs
        self.artifactInputs = artifactInputs
        self.body = body
    }

    public var dag: DAG? { if case .dag(let dag) = body { dag } else { nil } }
    public var container: ContainerTemplate? { if case .container(let container) = body { container } else { nil } }
}

/// Parameter types of KFP; Argo's are all `string`.
public enum ParameterType: String, Codable, Sendable {
    case string = "STRING", integer = "NUMBER_INTEGER", double = "NUMBER_DOUBLE", boolean = "BOOLEAN"
    case list = "LIST", structure = "STRUCT", taskFinalStatus = "TASK_FINAL_STATUS"
}

public struct ParameterInput: Codable, Sendable, Equatable {
    public var name: String
    public var type: ParameterType
    public var defaultValue: JSON?
    public var isOptional: Bool
    public var description: String?
    /// The only values that it takes; empty takes any.
    public var choices: [JSON]
    public init(
        name: String, type: ParameterType = .string, defaultValue: JSON? = nil, isOptional: Bool = false, description: String? = nil, choices: [JSON] = []
    ) {
        self.name = name
        self.type = type
        self.defaultValue = defaultValue
        self.isOptional = isOptional
        self.description = description
        self.choices = choices
    }
}

public struct ArtifactInput: Codable, Sendable, Equatable {
    public var name: String
    /// Schema title, e.g. `system.Dataset`.
    public var type: String
    public var isList: Bool
    public var isOptional: Bool
    /// Where an Argo template wants the file; nil in kfp 2, where the artifact's URI decides.
    public var path: String?
    /// Content where no argument is given (Argo's `raw` on the template itself).
    public var rawDefault: Text?
    public init(name: String, type: String = "system.Artifact", isList: Bool = false, isOptional: Bool = false, path: String? = nil) {
        self.name = name
        self.type = type
        self.isList = isList
        self.isOptional = isOptional
        self.path = path
    }
}

/// Tasks that may run side by side as their dependencies allow.
public struct DAG: Codable, Sendable, Equatable {
    public var tasks: [GraphTask]
    public var outputs: [String: DAGOutput]
    public var artifactOutputs: [String: [OutputSelector]]
    /// Whether the first failure stops tasks that have not started (Argo's default; kfp 2 lets other branches go on).
    public var failFast: Bool
    /// Most tasks (or iterations of one loop) of this dag at once; 0 is unlimited.
    public var parallelism: Int
    /// The template's own policy (Argo); a task's goes before it.
    public var retry: Retry?
    public init(
        tasks: [GraphTask], outputs: [String: DAGOutput] = [:], artifactOutputs: [String: [OutputSelector]] = [:],
        failFast: Bool = false, parallelism: Int = 0
    ) {
        self.tasks = tasks
        self.outputs = outputs
        self.artifactOutputs = artifactOutputs
        self.failFast = failFast
        self.parallelism = parallelism
    }
}

/// A sub-task's output that becomes the dag's own.
public struct OutputSelector: Codable, Sendable, Equatable {
    public var task: String
    public var output: String
    public init(task: String, output: String) {
        self.task = task
        self.output = output
    }
}

public enum DAGOutput: Codable, Sendable, Equatable {
    case from(OutputSelector)
    /// The first of these whose task has succeeded (kfp 2's `OneOf`).
    case oneOf([OutputSelector])
    /// Text over the dag's own scope (Argo's `valueFrom.parameter`).
    case text(Text)
}

public struct GraphTask: Codable, Sendable, Equatable {
    /// What must hold of the dependencies before the task starts; else it ends without having run.
    public enum Trigger: String, Codable, Sendable {
        /// All succeeded (kfp 2's default).
        case succeeded
        /// All succeeded or were skipped by their own condition (Argo's `dependencies`).
        case succeededOrSkipped
        /// All ended, whatever the end (kfp 2's exit tasks and `ignore_upstream_failure`).
        case completed
    }

    public var name: String
    public var displayName: String
    public var template: String
    public var dependencies: [String]
    public var trigger: Trigger
    public var arguments: [String: Expression]
    public var artifactArguments: [String: ArtifactExpression]
    public var condition: Condition?
    public var loop: Loop?
    /// Of the container or dag that the task names; of each iteration, where it is a loop.
    public var retry: Retry?
    /// Whether the result of an earlier, equal step may stand in for this one. False on a dag forbids it to all within; nil says
    /// nothing.
    public var allowsCache: Bool?
    /// A text of the author's own that equal steps have in common.
    public var cacheKey: String?

    public init(name: String, displayName: String? = nil, template: String, dependencies: [String] = [], trigger: Trigger) {
        self.name = name
        self.displayName = displayName ?? name
        self.template = template
        self.dependencies = dependencies
        self.trigger = trigger
        arguments = [:]
        artifactArguments = [:]
    }
}

public enum Condition: Codable, Sendable, Equatable {
    /// kfp 2: CEL over the task's own resolved inputs.
    case cel(String)
    /// Argo: text that is an expression once its placeholders are filled.
    case when(Text)
}

public struct Loop: Codable, Sendable, Equatable {
    public enum Items: Codable, Sendable, Equatable {
        case literal([JSON])
        /// A value that is a list, or the JSON text of one, when the loop starts.
        case parameter(Expression)
        /// The task's own input of this name (kfp 2).
        case inputParameter(String)
        /// One iteration for each artifact of the task's own input of this name (kfp 2).
        case inputArtifact(String)
    }
    public var items: Items
    /// The template's input that receives the item (kfp 2); Argo refers to `{{item}}` instead.
    public var itemInput: String?
    /// Most iterations at once; 0 is unlimited.
    public var parallelism: Int
    public init(items: Items, itemInput: String? = nil, parallelism: Int = 0) {
        self.items = items
        self.itemInput = itemInput
        self.parallelism = parallelism
    }
}

extension WorkflowGraph {
    /// A task that takes a sibling's output waits for it, whether or not the definition says so.
    mutating func addImpliedDependencies() {
        for (name, template) in templates {
            guard case .dag(var dag) = template.body else { continue }
            let siblings = Set(dag.tasks.map(\.name))
            for index in dag.tasks.indices {
                let task = dag.tasks[index]
                var references = task.arguments.values.flatMap(\.references)
                if case .when(let text) = task.condition { references += text.references }
                if case .parameter(let items) = task.loop?.items { references += items.references }
                var implied = references.compactMap(\.task)
                for case .taskOutput(let producer, _) in task.artifactArguments.values { implied.append(producer) }
                for producer in implied.sorted() where siblings.contains(producer) && !task.dependencies.contains(producer) {
                    if !dag.tasks[index].dependencies.contains(producer) { dag.tasks[index].dependencies.append(producer) }
                }
            }
            templates[name]?.body = .dag(dag)
        }
    }
}

extension Reference {
    /// The sibling task that it names, if any.
    var task: String? {
        switch self {
        case .taskOutput(let task, _), .taskStatus(let task), .taskFinalStatus(let task): task
        default: nil
        }
    }
}
