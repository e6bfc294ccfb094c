import Core
import HTTP

/// What `/openapi.json` tells of one route beside its path: what it takes, what it answers and how it fails. The description of a route
/// stands in the file of its group in this folder, and is listed in `RouteDescriptions.all`.
struct RouteDescription: Sendable {
    /// The body that a request has.
    struct Body: Sendable {
        /// Media type → schema.
        var content: KeyValuePairs<String, JSON>
        var isRequired = true

        /// `application/json` as the component of this name describes it.
        static func json(_ component: String) -> Body { Body(content: ["application/json": Schema.ref(component)]) }
    }

    /// What the route answers where all is well.
    struct Answer: Sendable {
        var status: Int
        var description: String
        /// Media type → schema; empty: no body.
        var content: KeyValuePairs<String, JSON>

        static func json(_ component: String, _ status: Int = 200) -> Answer {
            Answer(status: status, description: component, content: ["application/json": Schema.ref(component)])
        }

        static func content(_ type: String, _ schema: JSON, _ description: String) -> Answer {
            Answer(status: 200, description: description, content: [type: schema])
        }

        static let noContent = Answer(status: 204, description: "Done.", content: [:])
    }

    /// The shape that errors have, by what the path's clients expect.
    enum Errors: String, Sendable {
        /// `{error, code, message, details, hint}`, also of KFP and the Open Inference Protocol.
        case native = "Error"
        /// Kubernetes' `Status`.
        case status = "Status"
        /// Paths with a group in them: what begins like a version is KFP's.
        case either = "StatusOrError"
    }

    var method: HTTPMethod
    /// As the route is registered.
    var pattern: String
    /// Unique among all routes; generators name their functions by it.
    var operation: String
    var summary: String
    /// Query parameters.
    var query: [Parameter] = []
    var body: Body?
    var answers: [Answer]
    /// Statuses of errors beside those that every route may have (400 and 503, and where a caller is needed 401, 403, 404 and 429).
    var failures: [Int] = []
    /// Whether the route is there only where the server's options ask for it.
    var isOptional = false

    init(
        _ method: HTTPMethod, _ pattern: String, _ operation: String, _ summary: String, query: [Parameter] = [], body: Body? = nil, _ answers: Answer...,
        failures: [Int] = []
    ) {
        self.method = method
        self.pattern = pattern
        self.operation = operation
        self.summary = summary
        self.query = query
        self.body = body
        self.answers = answers
        self.failures = failures
    }

    /// The same, of a route that is not there on every server.
    func whereConfigured() -> RouteDescription {
        var other = self
        other.isOptional = true
        return other
    }

    /// The same route below a prefix, where clients of another address find it.
    func under(_ prefix: String, operation before: String) -> RouteDescription {
        var other = self
        other.pattern = prefix + pattern
        other.operation = before + operation
        return other
    }
}

/// A query parameter.
struct Parameter: Sendable {
    var name: String
    var schema: JSON
    var description: String
    var isRequired = false

    static func text(_ name: String, _ description: String, isRequired: Bool = false) -> Parameter {
        Parameter(name: name, schema: Schema.text, description: description, isRequired: isRequired)
    }

    static func integer(_ name: String, _ range: ClosedRange<Int64>, _ description: String) -> Parameter {
        let schema: JSON = ["type": "integer", "format": "int64", "minimum": .int(range.lowerBound), "maximum": .int(range.upperBound)]
        return Parameter(name: name, schema: schema, description: description)
    }

    static func flag(_ name: String, _ description: String) -> Parameter { Parameter(name: name, schema: Schema.flag, description: description) }

    static let namespace = text("namespace", "A namespace; without it the caller's home namespace is meant.")
}

/// Routes of one kind: a tag of the document.
struct RouteGroup: Sendable {
    /// A schema that bodies and answers point to by its name.
    struct Component: Sendable {
        var name: String
        var schema: JSON

        init(_ name: String, _ schema: JSON) {
            self.name = name
            self.schema = schema
        }
    }

    var name: String
    var description: String
    var errors: RouteDescription.Errors
    /// Schemas of path parameters that are not any text.
    var parameters: [String: JSON]
    var components: [Component]
    var routes: [RouteDescription]

    init(
        _ name: String, _ description: String, errors: RouteDescription.Errors = .native, parameters: [String: JSON] = [:],
        @ListBuilder<Component> components: () -> [Component] = { [] }, @ListBuilder<RouteDescription> routes: () -> [RouteDescription]
    ) {
        self.name = name
        self.description = description
        self.errors = errors
        self.parameters = parameters
        self.components = components()
        self.routes = routes()
    }
}

/// Makes a list of statements, each of which is an element or a list. The compiler checks them one by one, which is much faster than a literal.
@resultBuilder
enum ListBuilder<Element> {
    static func buildExpression(_ element: Element) -> [Element] { [element] }
    static func buildExpression(_ elements: [Element]) -> [Element] { elements }
    static func buildArray(_ lists: [[Element]]) -> [Element] { lists.flatMap { $0 } }
    static func buildPartialBlock(first: [Element]) -> [Element] { first }
    static func buildPartialBlock(accumulated: [Element], next: [Element]) -> [Element] { accumulated + next }
}
