import Core
import Resources
import Testing

@Suite(.timeLimit(.minutes(5))) struct CustomKindTests {
    private func condition(_ document: JSON, _ type: String) -> JSON? {
        document["status"]?["conditions"]?.arrayValue?.first { $0["type"]?.stringValue == type }
    }

    private func definition(_ fixture: ResourcesFixture, _ name: String = "widgets.example.com") async throws -> JSON {
        try await fixture.document(try #require(fixture.kind(definitionKind)), name, in: "")
    }

    private func patch(_ fixture: ResourcesFixture, _ patch: ResourcePatch, _ name: String = "widgets.example.com") async throws -> JSON {
        try await fixture.service.patch(try #require(fixture.kind(definitionKind)), namespace: "", name: name, patch, tester).document
    }

    @Test func aKindIsServedAtOnce() async throws {
        try await ResourcesFixture.with { fixture in
            let widgets = try #require(try await fixture.define())
            let stored = try await definition(fixture)
            #expect(condition(stored, "Established")?["status"] == "True" && condition(stored, "NamesAccepted")?["status"] == "True")
            #expect(stored["status"]?["acceptedNames"]?["listKind"] == "WidgetList" && stored["status"]?["storedVersions"] == ["v1"] && stored.finalizers.isEmpty)
            _ = try await fixture.service.create(widgets, namespace: "a", widget("w"), tester)
            // A stricter schema is the next writer's.
            _ = try await patch(fixture, .json([["op": "add", "path": "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/size/maximum", "value": 5]]))
            let now = try #require(fixture.kind("widgets.example.com"))
            await #expect(throws: InvalidResource.self) { try await fixture.service.create(now, namespace: "a", widget("big", ["size": 9]), tester) }
        }
    }

    /// A stricter schema is for what is changed: an object that was stored before can be let go, and changed elsewhere.
    @Test func whatWasValidMayStay() async throws {
        try await ResourcesFixture.with { fixture in
            let service = fixture.service, old = try #require(try await fixture.define())
            _ = try await service.create(old, namespace: "a", widget("w", ["size": 9], finalizers: ["x.y/z"]), tester)
            _ = try await patch(fixture, .json([["op": "add", "path": "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/size/maximum", "value": 5]]))
            let now = try #require(fixture.kind("widgets.example.com"))
            func change(_ change: JSON, _ subresource: Subresource? = nil) async throws -> WriteResult {
                try await service.patch(now, namespace: "a", name: "w", subresource: subresource, .merge(change), tester)
            }
            _ = try await change(["metadata": ["labels": ["a": "b"]]])
            _ = try await change(["status": ["phase": "Up"]], .status)
            await #expect(throws: InvalidResource.self) { try await change(["spec": ["color": "blue"]]) }
            _ = try await service.delete(now, namespace: "a", name: "w", DeleteOptions())
            #expect(try await change(["metadata": ["finalizers": .null]]).isRemoved)
        }
    }

    /// Sixteen writers of one definition: what is served in the end is what is stored in the end.
    @Test func theLastDefinitionIsServed() async throws {
        try await ResourcesFixture.with { fixture in
            _ = try #require(try await fixture.define())
            try await withThrowingTaskGroup { group in
                for index in 1...16 {
                    group.addTask {
                        let place = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/size/maximum"
                        _ = try await patch(fixture, .json([["op": "add", "path": .string(place), "value": .int(Int64(index))]]))
                    }
                }
                try await group.waitForAll()
            }
            let size = try await definition(fixture)["spec"]?["versions"]?[0]?["schema"]?["openAPIV3Schema"]?["properties"]?["spec"]?["properties"]?["size"]
            let maximum = try #require(size?["maximum"]?.intValue), served = try #require(fixture.kind("widgets.example.com"))
            _ = try await fixture.service.create(served, namespace: "a", widget("fits", ["size": .int(maximum)]), tester)
            await #expect(throws: InvalidResource.self) { try await fixture.service.create(served, namespace: "a", widget("big", ["size": .int(maximum + 1)]), tester) }
        }
    }

    @Test func namesThatAreTakenAreNotAccepted() async throws {
        try await ResourcesFixture.with { fixture in
            let definitions = try #require(fixture.kind(definitionKind))
            _ = try await fixture.define(widgetDefinition(shortName: "wd"))
            #expect(try await fixture.define(widgetDefinition(plural: "wands", kind: "Wand", shortName: "wd"), key: "wands.example.com") == nil)
            let refused = try await definition(fixture, "wands.example.com")
            #expect(condition(refused, "NamesAccepted")?["status"] == "False" && condition(refused, "NamesAccepted")?["reason"] == "ShortNamesConflict")
            #expect(condition(refused, "Established")?["status"] == "False")
            // It gets them when the other goes.
            _ = try await fixture.service.delete(definitions, namespace: "", name: "widgets.example.com", DeleteOptions())
            try await fixture.until(definitionKind) { try await condition(definition(fixture, "wands.example.com"), "Established")?["status"] == "True" }
            #expect(fixture.service.kinds.current.kinds(shortName: "wd").map(\.key) == ["wands.example.com"])
        }
    }

    /// A kind that asks for a name too many goes on under those that it had, with what else is new in its definition.
    @Test func aServedKindKeepsItsNames() async throws {
        try await ResourcesFixture.with { fixture in
            _ = try await fixture.define(widgetDefinition(plural: "wands", kind: "Wand", shortName: "wd"), key: "wands.example.com")
            _ = try await fixture.define(widgetDefinition(shortName: "wi"))
            let changed = try await patch(fixture, .json([
                ["op": "replace", "path": "/spec/names/shortNames", "value": ["wd"]],
                ["op": "add", "path": "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/size/maximum", "value": 5],
            ]))
            #expect(condition(changed, "NamesAccepted")?["reason"] == "ShortNamesConflict" && condition(changed, "Established")?["status"] == "True")
            #expect(changed["status"]?["acceptedNames"]?["shortNames"] == ["wi"])
            let served = try #require(fixture.kind("widgets.example.com"))
            #expect(served.definition.shortNames == ["wi"])
            await #expect(throws: InvalidResource.self) { try await fixture.service.create(served, namespace: "a", widget("big", ["size": 9]), tester) }
        }
    }

    /// Of several at once that want one name, one is served, and only that one says so.
    @Test func oneOfManyGetsAName() async throws {
        try await ResourcesFixture.with { fixture in
            let definitions = try #require(fixture.kind(definitionKind)), count = 12
            try await withThrowingTaskGroup { group in
                for index in 0..<count {
                    group.addTask {
                        let body = widgetDefinition(plural: "wands\(index)", kind: "Wand\(index)", shortName: "wd")
                        _ = try await fixture.service.create(definitions, namespace: "", body, tester)
                    }
                }
                try await group.waitForAll()
            }
            try await fixture.until(definitionKind) {
                let documents = try await fixture.service.list(definitions, ResourceQuery(kind: definitionKind)).items.map { try JSONParser.parse($0.document) }
                let accepted = documents.filter { condition($0, "NamesAccepted")?["status"] == "True" }.map(\.name)
                return accepted == fixture.service.kinds.current.kinds(shortName: "wd").map(\.key)
            }
        }
    }

    @Test func whatCannotChange() async throws {
        try await ResourcesFixture.with { fixture in
            _ = try await fixture.define()
            for (path, value) in [("scope", "Cluster"), ("names/kind", "Gadget")] {
                do {
                    _ = try await patch(fixture, .json([["op": "replace", "path": .string("/spec/" + path), "value": .string(value)]]))
                    Issue.record("\(path) was changed")
                } catch let error as InvalidResource { #expect(error.errors.map(\.path.description) == ["spec." + path.replacing("/", with: ".")]) }
            }
            // A version that objects are stored in cannot go before somebody says that there are none left.
            do {
                _ = try await patch(fixture, .merge(["spec": widgetDefinition(versions: ["v2"], stored: "v2")["spec"] ?? .null]))
                Issue.record("a stored version went")
            } catch let error as InvalidResource { #expect(error.errors.map(\.path.description) == ["status.storedVersions[0]"]) }
        }
    }

    /// Objects that were stored in one version are served in the other when that is stored, in every way that leads to them.
    @Test func objectsInTwoVersions() async throws {
        try await ResourcesFixture.with { fixture in
            let service = fixture.service
            let old = try #require(try await fixture.define(widgetDefinition(versions: ["v1", "v2"])))
            let made = try await service.create(old, namespace: "a", widget("w"), tester).document
            let asNew = try #require(fixture.kind("widgets.example.com", "v2"))
            #expect(try await fixture.document(asNew, "w")["apiVersion"] == "example.com/v2")
            _ = try await patch(fixture, .merge(["spec": widgetDefinition(versions: ["v1", "v2"], stored: "v2")["spec"] ?? .null]))
            #expect(try await definition(fixture)["status"]?["storedVersions"] == ["v1", "v2"])
            for version in ["v1", "v2"] {
                let kind = try #require(fixture.kind("widgets.example.com", version)), expected = JSON.string("example.com/" + version)
                #expect(try await fixture.document(kind, "w")["apiVersion"] == expected)
                let page = try await service.list(kind, ResourceQuery(kind: kind.key))
                #expect(try JSONParser.parse(page.items[0].document)["apiVersion"] == expected)
                let watcher = try await service.hub.watch(WatchFilter(kind: kind.key), after: try #require(Int64(made.version)) - 1)
                guard case .change(let event, _)? = try await watcher.next() else { Issue.record("no event"); continue }
                #expect(try JSONParser.parse(event.line(as: .added, in: kind))["object"]?["apiVersion"] == expected)
                // What is written in one is read in the other, and a write without effect is one in both.
                let written = try await service.patch(kind, namespace: "a", name: "w", .merge(["spec": ["color": .string(version)]]), tester).document
                #expect(written["apiVersion"] == expected && written["spec"]?["color"] == .string(version))
                #expect(try await service.replace(kind, namespace: "a", name: "w", written, tester).document.version == written.version)
            }
        }
    }

    @Test func definitionsOutliveAProcess() async throws {
        let before = try ResourcesFixture()
        let (directory, version) = try await ResourcesFixture.with(before) { fixture in
            _ = try await fixture.define(widgetDefinition(plural: "zwidgets", kind: "Zwidget", shortName: "wd"), key: "zwidgets.example.com")
            _ = try await fixture.define(widgetDefinition(plural: "awidgets", kind: "Awidget", shortName: "wd"), key: "awidgets.example.com")
            return (try fixture.crashed(), try await fixture.service.version())
        }
        try await ResourcesFixture.with(ResourcesFixture(directory: directory)) { fixture in
            // Who had the name first has it still.
            #expect(fixture.kind("zwidgets.example.com") != nil && fixture.kind("awidgets.example.com") == nil)
            let now = try await fixture.service.version()
            #expect(now == version)
        }
    }
}
