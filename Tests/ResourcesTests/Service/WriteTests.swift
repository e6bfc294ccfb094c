import Core
import Resources
import Testing

@Suite(.timeLimit(.minutes(5))) struct WriteTests {
    @Test func aCreatedObjectIsReadAndSeen() async throws {
        try await ResourcesFixture.with { fixture in
            let service = fixture.service, maps = try #require(fixture.kind("configmaps"))
            let watcher = try await service.hub.watch(WatchFilter(kind: "configmaps"), after: try await service.version())
            let made = try await service.create(maps, namespace: "a", configMap("one"), tester)
            #expect(made.isCreated && !made.document.version.isEmpty && !made.document.uid.isEmpty)
            let found = try await service.get(maps, namespace: "a", name: "one")
            #expect(try JSONParser.parse(found.document).sorted == made.document.sorted)
            guard case .change(let event, let type)? = try await watcher.next() else { Issue.record("no event"); return }
            #expect(type == .added && event.document == Array(found.document.utf8))
            await expect(.alreadyExists) { _ = try await service.create(maps, namespace: "a", configMap("one"), tester) }
            // The refused creation left nothing: neither an event nor a version.
            #expect(try await String(service.version()) == made.document.version)
        }
    }

    /// What changes nothing makes no event: a replacement with its members in another order, patches, an apply again.
    @Test func writesWithoutEffectKeepTheVersion() async throws {
        try await ResourcesFixture.with { fixture in
            let service = fixture.service, widgets = try #require(try await fixture.define())
            let made = try await service.create(widgets, namespace: "a", widget("w"), tester).document
            let reordered: JSON = [
                "spec": ["size": 1, "color": "red"], "kind": "Widget", "metadata": ["name": "w", "managedFields": made["metadata"]?["managedFields"] ?? .null],
                "apiVersion": "example.com/v1",
            ]
            let applied: JSON = ["apiVersion": "example.com/v1", "kind": "Widget", "spec": ["color": "red"]]
            let first = try await service.patch(widgets, namespace: "a", name: "w", .apply(applied, force: false), tester).document
            #expect(first.version != made.version && first.generation == 1)
            let version = try await service.version()
            let writes: [() async throws -> WriteResult] = [
                { try await service.patch(widgets, namespace: "a", name: "w", .merge(["spec": ["size": 1]]), tester) },
                { try await service.patch(widgets, namespace: "a", name: "w", .json([["op": "replace", "path": "/spec/color", "value": "red"]]), tester) },
                { try await service.patch(widgets, namespace: "a", name: "w", .apply(applied, force: false), tester) },
                { try await service.patch(widgets, namespace: "a", name: "w", subresource: .status, .merge(["status": .null]), tester) },
                { try await service.replace(widgets, namespace: "a", name: "w", first, tester) },
                {
                    var body = reordered
                    body["metadata"]?["managedFields"] = first["metadata"]?["managedFields"]
                    return try await service.replace(widgets, namespace: "a", name: "w", body, tester)
                },
            ]
            for (index, write) in writes.enumerated() {
                let result = try await write()
                #expect(result.document.version == first.version && result.document.generation == 1, "write \(index)")
                #expect(try await service.version() == version, "write \(index)")
            }
        }
    }

    @Test func generationCountsChangesOfTheSpec() async throws {
        try await ResourcesFixture.with { fixture in
            let service = fixture.service, widgets = try #require(try await fixture.define())
            func patch(_ patch: JSON, _ subresource: Subresource? = nil) async throws -> JSON {
                try await service.patch(widgets, namespace: "a", name: "w", subresource: subresource, .merge(patch), tester).document
            }
            _ = try await service.create(widgets, namespace: "a", widget("w", finalizers: ["x.y/z"]), tester)
            #expect(try await patch(["spec": ["size": 2]]).generation == 2)
            #expect(try await patch(["metadata": ["labels": ["a": "b"]]]).generation == 2)
            #expect(try await patch(["metadata": ["generation": 9, "annotations": ["a": "b"]]]).generation == 2)
            // The status is the subresource's, all else is not.
            let status = try await patch(["status": ["phase": "Up"], "spec": ["size": 9], "metadata": ["labels": ["c": "d"]]], .status)
            #expect(status.generation == 2 && status["status"] == ["phase": "Up"] && status["spec"]?["size"] == 2 && status["metadata"]?["labels"] == ["a": "b"])
            let main = try await patch(["status": ["phase": "Down"], "spec": ["size": 3]])
            #expect(main.generation == 3 && main["status"] == ["phase": "Up"])
            let deleted = try await service.delete(widgets, namespace: "a", name: "w", DeleteOptions())
            #expect(deleted.document.generation == 4 && !deleted.isRemoved)
        }
    }

    /// Rules that fill something in do not make a change of a write that leaves it out.
    @Test func whatRulesFillInIsNoChange() async throws {
        struct Filling: KindRules {
            func complete(_ change: inout ResourceChange) throws(MonoflowError) {
                if change.new["spec"]?["size"] == nil { change.new["spec"]?["size"] = 7 }
            }
        }
        try await ResourcesFixture.with(ResourcesFixture(rules: ["widgets.example.com": Filling()])) { fixture in
            let service = fixture.service, widgets = try #require(try await fixture.define())
            let made = try await service.create(widgets, namespace: "a", widget("w", ["color": "red"]), tester).document
            #expect(made["spec"]?["size"] == 7)
            let again = try await service.replace(widgets, namespace: "a", name: "w", widget("w", ["color": "red"]), tester).document
            #expect(again.version == made.version && again.generation == 1)
        }
    }

    @Test func systemMetadataIsTheServers() async throws {
        try await ResourcesFixture.with { fixture in
            let service = fixture.service, maps = try #require(fixture.kind("configmaps"))
            var body = configMap("m")
            for (key, value) in [("uid", "u"), ("creationTimestamp", "2001-01-01T00:00:00Z"), ("deletionTimestamp", "2001-01-01T00:00:00Z"), ("selfLink", "/x")] {
                body["metadata"]?[key] = .string(value)
            }
            let made = try await service.create(maps, namespace: "a", body, tester).document
            #expect(made.uid != "u" && !made.isBeingDeleted && made["metadata"]?["selfLink"] == nil)
            #expect(made["metadata"]?["creationTimestamp"]?.stringValue?.hasPrefix("2001") == false)
            let patched = try await service.patch(
                maps, namespace: "a", name: "m",
                .merge(["metadata": ["creationTimestamp": "2001-01-01T00:00:00Z", "deletionTimestamp": "2001-01-01T00:00:00Z", "uid": .null]]), tester).document
            #expect(patched.sorted == made.sorted)
            await expect(.invalidArgument) { _ = try await service.patch(maps, namespace: "a", name: "m", .merge(["metadata": ["name": "n"]]), tester) }
            await expect(.invalidArgument) { _ = try await service.patch(maps, namespace: "a", name: "m", .merge(["metadata": ["namespace": "b"]]), tester) }
            await expect(.conflict) { _ = try await service.patch(maps, namespace: "a", name: "m", .merge(["metadata": ["uid": "other"]]), tester) }
            body["metadata"]?["resourceVersion"] = "1"
            await expect(.invalidArgument) { _ = try await service.create(maps, namespace: "a", body, tester) }
            await expect(.invalidArgument) { _ = try await service.create(maps, namespace: "a", ["apiVersion": "v1", "kind": "Secret", "metadata": ["name": "m"]], tester) }
        }
    }

    @Test func namesAreGenerated() async throws {
        try await ResourcesFixture.with { fixture in
            let service = fixture.service, maps = try #require(fixture.kind("configmaps"))
            let body: JSON = ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["generateName": "job-"]]
            try await fixture.each(0..<50) { _ in _ = try await service.create(maps, namespace: "a", body, tester) }
            let names = try await service.list(maps, ResourceQuery(kind: maps.key)).items.map(\.key.name)
            #expect(names.count == 50 && names.allSatisfy { $0.hasPrefix("job-") && $0.count == 9 })
        }
    }

    @Test func dryRunsStoreNothing() async throws {
        try await ResourcesFixture.with { fixture in
            let service = fixture.service, maps = try #require(fixture.kind("configmaps"))
            let made = try await service.create(maps, namespace: "a", configMap("m"), tester).document
            let version = try await service.version()
            var dry = tester
            dry.isDryRun = true
            #expect(try await service.create(maps, namespace: "a", configMap("n"), dry).document["data"] == ["a": "1"])
            await expect(.alreadyExists) { _ = try await service.create(maps, namespace: "a", configMap("m"), dry) }
            #expect(try await service.patch(maps, namespace: "a", name: "m", .merge(["data": ["a": "2"]]), dry).document["data"] == ["a": "2"])
            var apply = configMap("p")
            apply["metadata"] = [:]
            #expect(try await service.patch(maps, namespace: "a", name: "p", .apply(apply, force: false), dry).isCreated)
            var options = DeleteOptions()
            options.isDryRun = true
            _ = try await service.delete(maps, namespace: "a", name: "m", options)
            #expect(try await service.version() == version)
            #expect(try await fixture.document(maps, "m").sorted == made.sorted)
        }
    }

    @Test func unknownFieldsAreAnsweredAsAsked() async throws {
        try await ResourcesFixture.with { fixture in
            let service = fixture.service, widgets = try #require(try await fixture.define())
            let body = widget("w", ["color": "red", "shape": "round"])
            var options = tester
            options.fieldValidation = .strict
            await expect(.invalidArgument, "strict decoding error: unknown field \"spec.shape\"") { _ = try await service.create(widgets, namespace: "a", body, options) }
            options.fieldValidation = .ignore
            #expect(try await service.create(widgets, namespace: "a", body, options).warnings == [])
            options.fieldValidation = .warn
            let replaced = try await service.replace(widgets, namespace: "a", name: "w", body, options)
            #expect(replaced.warnings == ["unknown field \"spec.shape\""] && replaced.document["spec"] == ["color": "red"])
            do {
                _ = try await service.patch(widgets, namespace: "a", name: "w", .merge(["spec": ["size": "big"], "metadata": ["labels": ["-": "x"]]]), tester)
                Issue.record("an invalid object was stored")
            } catch let error as InvalidResource {
                #expect(error.kind == "Widget" && error.name == "w" && error.errors.contains { $0.path.description == "metadata.labels" })
            }
            do {
                _ = try await service.patch(widgets, namespace: "a", name: "w", .merge(["spec": ["size": "big"]]), tester)
                Issue.record("an invalid object was stored")
            } catch let error as InvalidResource { #expect(error.errors.map(\.path.description) == ["spec.size"]) }
        }
    }
}

/// Expects an error of the code, and with the text in its message.
func expect(_ code: MonoflowError.Code, _ text: String = "", sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void) async {
    do {
        try await body()
        Issue.record("no error", sourceLocation: sourceLocation)
    } catch let error as MonoflowError {
        #expect(error.code == code && (text.isEmpty || error.message.contains(text)), "\(error)", sourceLocation: sourceLocation)
    } catch { Issue.record(error, sourceLocation: sourceLocation) }
}
