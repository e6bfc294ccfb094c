import Core
import Resources
import Testing

@Suite struct MetadataValidationTests {
    private func check(_ metadata: String, _ rule: NameRule = .subdomain, isNamespaced: Bool = true) throws -> [String] {
        MetadataValidation.validate(["metadata": try .read(metadata)], name: rule, isNamespaced: isNamespaced).map { "\($0.path) \($0.reason.rawValue)" }
    }

    private func owner(_ members: String) -> String { #"{"name":"a","namespace":"b","ownerReferences":[\#(members)]}"# }

    @Test func good() throws {
        #expect(try check(#"{"name":"a","namespace":"b"}"#) == [])
        #expect(try check(#"{"name":"a.b","namespace":""}"#, isNamespaced: false) == [])
        let full = """
            {"name":"a-x5","generateName":"a-","namespace":"b","labels":{"a/b":"c","d":""},"annotations":{"A.b/c":"any text at all, é","e":""},
            "finalizers":["orphan","a.b/c"],"ownerReferences":[{"apiVersion":"apps/v1","kind":"K","name":"n","uid":"u","controller":true,"blockOwnerDeletion":false},
            {"apiVersion":"v1","kind":"K","name":"m","uid":"v","controller":false}]}
            """
        #expect(try check(full) == [])
        #expect(try check(#"{"name":"a","namespace":"b","labels":null,"annotations":null,"finalizers":null,"ownerReferences":null,"generateName":null}"#) == [])
    }

    @Test func names() throws {
        #expect(MetadataValidation.validate([:], name: .label, isNamespaced: false).map(\.path.description) == ["metadata"])
        #expect(try check(#"{"namespace":"b"}"#) == ["metadata.name FieldValueRequired"])
        #expect(try check(#"{"name":"","namespace":"b","generateName":"x-"}"#) == ["metadata.name FieldValueRequired"])
        #expect(try check(#"{"name":5,"namespace":"b"}"#) == ["metadata.name FieldValueTypeInvalid"])
        #expect(try check(#"{"name":"A","namespace":"b"}"#) == ["metadata.name FieldValueInvalid"])
        #expect(try check(#"{"name":"a.b","namespace":"b"}"#, .label) == ["metadata.name FieldValueInvalid"])
        #expect(try check(#"{"name":"a:B","namespace":"b"}"#, .pathSegment) == [])
        #expect(try check(#"{"name":"a"}"#) == ["metadata.namespace FieldValueRequired"])
        #expect(try check(#"{"name":"a","namespace":"b.c"}"#) == ["metadata.namespace FieldValueInvalid"])
        #expect(try check(#"{"name":"a","namespace":[]}"#) == ["metadata.namespace FieldValueTypeInvalid"])
        #expect(try check(#"{"name":"a","namespace":"b"}"#, isNamespaced: false) == ["metadata.namespace FieldValueForbidden"])
        #expect(try check(#"{"name":"a","namespace":"b","generateName":"A-"}"#) == ["metadata.generateName FieldValueInvalid"])
    }

    @Test func labelsAndAnnotations() throws {
        let both = try check(#"{"name":"a","namespace":"b","labels":{"a b":"c","d":"-","e":1,"f":null},"annotations":{"a b":"c","d":5,"A/b/c":""}}"#)
        #expect(both == [
            "metadata.labels FieldValueInvalid", "metadata.labels[d] FieldValueInvalid", "metadata.labels[e] FieldValueTypeInvalid", "metadata.labels[f] FieldValueTypeInvalid",
            "metadata.annotations FieldValueInvalid", "metadata.annotations[d] FieldValueTypeInvalid", "metadata.annotations FieldValueInvalid",
        ])
        #expect(try check(#"{"name":"a","namespace":"b","labels":{"A.b/c":"d"}}"#) == ["metadata.labels FieldValueInvalid"])
        #expect(try check(#"{"name":"a","namespace":"b","labels":[],"annotations":1}"#) == ["metadata.labels FieldValueTypeInvalid", "metadata.annotations FieldValueTypeInvalid"])
        for (size, errors) in [(Names.annotationsLimit, []), (Names.annotationsLimit + 1, ["metadata.annotations FieldValueTooLong"])] {
            let half = String(repeating: "x", count: (size - 2) / 2), rest = String(repeating: "y", count: size - 2 - half.utf8.count)
            #expect(try check(#"{"name":"a","namespace":"b","annotations":{"k":"\#(half)","l":"\#(rest)"}}"#) == errors)
        }
        let message = MetadataValidation.validate(["metadata": ["name": "a", "labels": ["k": "x y"]]], name: .label, isNamespaced: false).first?.message
        #expect(message?.hasPrefix("Invalid value: \"x y\": a label value is empty, or") == true)
    }

    @Test func finalizers() throws {
        #expect(try check(#"{"name":"a","namespace":"b","finalizers":["a b",1,"orphan","foregroundDeletion"]}"#) == [
            "metadata.finalizers[0] FieldValueInvalid", "metadata.finalizers[1] FieldValueTypeInvalid", "metadata.finalizers FieldValueInvalid",
        ])
        #expect(try check(#"{"name":"a","namespace":"b","finalizers":{}}"#) == ["metadata.finalizers FieldValueTypeInvalid"])
    }

    @Test func owners() throws {
        let at = "metadata.ownerReferences"
        #expect(try check(owner("{}")) == ["apiVersion", "kind", "name", "uid"].map { "\(at)[0].\($0) FieldValueRequired" })
        #expect(try check(owner(#"{"apiVersion":"a/b/c","kind":"K","name":1,"uid":""}"#)) == [
            "\(at)[0].apiVersion FieldValueInvalid", "\(at)[0].name FieldValueTypeInvalid", "\(at)[0].uid FieldValueRequired",
        ])
        let controller = #"{"apiVersion":"v1","kind":"K","name":"n","uid":"u","controller":true}"#
        #expect(try check(owner("\(controller),\(controller)")) == ["\(at) FieldValueInvalid"])
        #expect(try check(owner(#"{"apiVersion":"v1","kind":"K","name":"n","uid":"u","controller":"yes"},5"#)) == ["\(at)[0].controller FieldValueTypeInvalid", "\(at)[1] FieldValueTypeInvalid"])
        #expect(try check(#"{"name":"a","namespace":"b","ownerReferences":{}}"#) == ["\(at) FieldValueTypeInvalid"])
    }

    @Test func listOfErrorsIsBounded() throws {
        let labels = (0..<500).map { #""k\#($0)":1"# }.joined(separator: ",")
        #expect(try check(#"{"name":"a","namespace":"b","labels":{\#(labels)}}"#).count == MetadataValidation.maximumErrors)
    }
}
