import Resources
import Testing

@Suite struct FieldPathTests {
    @Test func writtenAsKubernetesDoes() {
        let path = FieldPath().field("spec").field("containers").index(2).field("limits").key("nvidia.com/gpu")
        #expect(path.description == "spec.containers[2].limits[nvidia.com/gpu]")
        #expect(FieldPath().description == "")
    }
}
