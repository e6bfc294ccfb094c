import Core
import Resources
import Testing

@Suite struct SchemaValidationTests {
    /// What stands in `spec`, beside a right `cronSpec`, and the errors that it makes.
    @Test(arguments: [
        ("{}", []),
        (#"{"replicas":3,"ratio":2,"image":null,"policy":"Forbid","port":80,"when":"2026-11-24T09:00:00.123+01:00","tags":["a","b"],"both":4}"#, []),
        (#"{"replicas":"3"}"#, [#"spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string""#]),
        (#"{"replicas":1.5}"#, [#"spec.replicas: Invalid value: "number": spec.replicas in body must be of type integer: "number""#]),
        (#"{"replicas":2.0}"#, []),
        (#"{"replicas":null}"#, [#"spec.replicas: Invalid value: "null": spec.replicas in body must be of type integer: "null""#]),
        (#"{"replicas":0}"#, ["spec.replicas: Invalid value: 0: spec.replicas in body should be greater than or equal to 1"]),
        (#"{"replicas":11}"#, ["spec.replicas: Invalid value: 11: spec.replicas in body should be less than or equal to 10"]),
        (#"{"ratio":0}"#, ["spec.ratio: Invalid value: 0: spec.ratio in body should be greater than 0"]),
        (#"{"ratio":0.75}"#, ["spec.ratio: Invalid value: 0.75: spec.ratio in body should be a multiple of 0.5"]),
        (#"{"cronSpec":"x"}"#, [#"spec.cronSpec: Invalid value: "x": spec.cronSpec in body should match '^(\d+|\*)( (\d+|\*)){4}$'"#]),
        (#"{"image":"a"}"#, [#"spec.image: Invalid value: "a": spec.image in body should be at least 2 chars long"#]),
        (#"{"image":"123456789"}"#, ["spec.image: Too long: may not be more than 8 bytes"]),
        (#"{"image":"ääääääää"}"#, []),
        (#"{"policy":"Maybe"}"#, [#"spec.policy: Unsupported value: "Maybe": supported values: "Allow", "Forbid""#]),
        (#"{"port":"http"}"#, []),
        (#"{"port":true}"#, [#"spec.port: Invalid value: "boolean": spec.port in body must be of type integer,string: "boolean""#]),
        (#"{"when":"yesterday"}"#, [#"spec.when: Invalid value: "yesterday": spec.when in body must be of type date-time: "yesterday""#]),
        (#"{"labels":{"a.b/c":1}}"#, [#"spec.labels[a.b/c]: Invalid value: "integer": spec.labels[a.b/c] in body must be of type string: "integer""#]),
        (#"{"labels":{"a":"1","b":"2","c":"3"}}"#, ["spec.labels: Too many: 3: must have at most 2 items"]),
        (#"{"free":{"x":[1],"known":{"a":"b"}}}"#, [#"spec.free.known.a: Invalid value: "string": spec.free.known.a in body must be of type integer: "string""#]),
        (#"{"anything":null}"#, []),
        (#"{"object":{"apiVersion":"v1","metadata":{"labels":{"a":1}}}}"#, [
            "spec.object.kind: Required value: must not be empty",
            #"spec.object.metadata.labels[a]: Invalid value: "integer": spec.object.metadata.labels[a] in body must be of type string: "integer""#,
        ]),
        (#"{"tags":["a","b","a"]}"#, [#"spec.tags[2]: Duplicate value: "a""#]),
        (#"{"tags":["a","b","c","d"]}"#, ["spec.tags: Too many: 4: must have at most 3 items"]),
        (#"{"ports":[]}"#, ["spec.ports: Invalid value: 0: spec.ports in body should have at least 1 items"]),
        (#"{"ports":[{"port":1},{"port":1,"protocol":"UDP"},{"port":1,"protocol":"TCP"}]}"#, [#"spec.ports[2]: Duplicate value: {"port":1,"protocol":"TCP"}"#]),
        (#"{"ports":[{"name":"x"}]}"#, ["spec.ports[0].port: Required value"]),
        (#"{"choice":{"a":"1"}}"#, []),
        (#"{"choice":{"a":"1","b":"2"}}"#, [
            #"spec.choice: Invalid value: {"a":"1","b":"2"}: "spec.choice" must validate one and only one schema (oneOf). Found 2 valid alternatives"#,
        ]),
        (#"{"either":{}}"#, [#"spec.either: Invalid value: {}: "spec.either" must validate at least one schema (anyOf)"#]),
        (#"{"either":{"b":4}}"#, [#"spec.either: Invalid value: {"b":4}: "spec.either" must validate at least one schema (anyOf)"#]),
        (#"{"either":{"b":5}}"#, []),
        (#"{"either":{"a":1,"b":5}}"#, [#"spec.either: Invalid value: {"a":1,"b":5}: "spec.either" must not validate the schema (not)"#]),
        (#"{"both":6}"#, ["spec.both: Invalid value: 6: spec.both in body should be less than or equal to 5"]),
    ] as [(String, [String])])
    func ofASpec(spec: String, errors: [String]) throws {
        var spec = try json(spec)
        if spec["cronSpec"] == nil { spec["cronSpec"] = "1 2 3 * *" }
        let validation = SchemaValidation(try SchemaReader.read(json(cronTabSchema)).schema)
        #expect(validation.errors(of: ["spec": spec]).map(\.description) == errors)
    }

    @Test func requiredAndBounded() throws {
        let validation = SchemaValidation(try SchemaReader.read(json(cronTabSchema)).schema)
        #expect(validation.errors(of: [:]).map(\.description) == ["spec: Required value"])
        let many = JSON.array((0..<5000).map { .int($0) })
        #expect(validation.errors(of: ["spec": ["cronSpec": "* * * * *", "tags": many]]).count == SchemaValidation.maximumErrors)
        let long = JSON.string(String(repeating: "1", count: SchemaValidation.maximumPatternInput + 1))
        #expect(validation.errors(of: ["spec": ["cronSpec": long]]).map(\.reason) == [.tooLong])
    }

    @Test func aMessageRepeatsNoDocument() throws {
        let validation = SchemaValidation(.object(["a": .string(allowed: ["x"])]))
        let errors = validation.errors(of: ["a": .string(String(repeating: "é", count: 100_000))])
        #expect(errors.count == 1 && errors[0].message.utf8.count < 1000)
    }

    @Test(arguments: [
        ("date-time", ["2026-11-24T09:00:00Z", "2024-02-29T23:59:60.123456789-05:30"],
            ["2026-11-24", "2025-02-29T00:00:00Z", "2026-11-24T25:00:00Z", "2026-11-24T09:00:00", "2026-11-24T09:00:00.Z"]),
        ("date", ["2026-11-24"], ["2026-13-01", "2026-04-31", "26-01-01", ""]),
        ("byte", ["", "aGk=", "aGk\n=", "YWJj"], ["aGk", "a=Gk", "aG k=", "===="]),
        ("uuid", ["123e4567-e89b-12d3-a456-426614174000", "123E4567E89B12D3A456426614174000"], ["123e4567", "123e4567-e89b-12d3-a456-42661417400g", ""]),
        ("ipv4", ["10.0.0.1"], ["10.0.0", "10.0.0.256", "::1", ""]),
        ("ipv6", ["::1", "2001:db8::8a2e:370:7334"], ["10.0.0.1", ":::", "g::"]),
        ("cidr", ["10.0.0.0/8", "2001:db8::/32"], ["10.0.0.0", "10.0.0.0/33", "/8", "10.0.0.0/"]),
        ("uri", ["https://a.b/c?d=%20", "urn:x", "/path"], ["a b", "no-scheme", ":x", "http://a/%zz", ""]),
        ("email", ["a@b.example", "a.b+c@d.e"], ["a", "@b", "a@", "a b@c", "a..b@c", "a@-b"]),
        ("hostname", ["a", "a-b.c9.example"], ["", "-a", "a-", "a..b", "a_b"]),
        ("duration", ["1h30m", "-1.5s", "300ms", "0", "2 days"], ["", "1", "h", "1x", "1.2.3s"]),
        ("unheard-of", ["anything"], []),
    ] as [(String, [String], [String])])
    func formats(format: String, right: [String], wrong: [String]) {
        let validation = SchemaValidation(.string(format: format))
        for text in right { #expect(validation.errors(of: .string(text)).isEmpty, "\(text.debugDescription) is \(format)") }
        for text in wrong { #expect(validation.errors(of: .string(text)).count == 1, "\(text.debugDescription) is no \(format)") }
    }

    @Test func int32() {
        let validation = SchemaValidation(.integer())
        #expect(validation.errors(of: 2_147_483_647).isEmpty)
        #expect(validation.errors(of: 2_147_483_648).count == 1)
        #expect(SchemaValidation(.integer(format: "int64")).errors(of: 2_147_483_648).isEmpty)
    }
}
