/// Immutable bytes at one address for as long as the object lives: own memory, or memory lent by an owner (a
/// backend's response) that is kept alive with it. 64-byte aligned where it is own memory.
public final class TensorBuffer: @unchecked Sendable {
    public let bytes: UnsafeRawBufferPointer
    private let owner: AnyObject?

    /// `initialize` must fill all `count` bytes.
    public init<Failure: Error>(
        count: Int, initialize: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
        do throws(Failure) {
            try initialize(memory)
        } catch {
            memory.deallocate()
            throw error
        }
        bytes = UnsafeRawBufferPointer(memory)
        owner = nil
    }

    /// A copy.
    public convenience init(copying source: UnsafeRawBufferPointer) {
        self.init(count: source.count) { $0.copyMemory(from: source) }
    }

    init(lent bytes: UnsafeRawBufferPointer, by owner: AnyObject) {
        self.bytes = bytes
        self.owner = owner
    }

    deinit { if owner == nil { bytes.deallocate() } }
}
