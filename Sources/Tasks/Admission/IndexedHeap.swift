/// A binary min-heap whose elements are found again by their key: put in, moved and taken out in O(log n).
struct IndexedHeap<Key: Hashable & Sendable, Priority: Comparable & Sendable>: Sendable {
    struct Element: Sendable {
        var key: Key
        var priority: Priority
    }

    private var elements: [Element] = []
    private var places: [Key: Int] = [:]

    var count: Int { elements.count }
    var isEmpty: Bool { elements.isEmpty }
    /// The one of the lowest priority.
    var first: Element? { elements.first }

    /// The first that matches among the `most` first, in their order; takes O(most · log most) and changes nothing.
    func first(most: Int, where matches: (Element) -> Bool) -> Element? {
        // Places whose parents were seen, the lowest priority last.
        var next = elements.isEmpty ? [] : [0]
        for _ in 0..<most {
            guard let place = next.popLast() else { return nil }
            if matches(elements[place]) { return elements[place] }
            for child in [2 * place + 1, 2 * place + 2] where child < elements.count {
                var low = 0, high = next.count
                while low < high {
                    let middle = (low + high) / 2
                    if elements[child].priority < elements[next[middle]].priority { low = middle + 1 } else { high = middle }
                }
                next.insert(child, at: low)
            }
        }
        return nil
    }

    func contains(_ key: Key) -> Bool { places[key] != nil }

    /// Puts the key in, or moves it to where its new priority belongs.
    mutating func set(_ key: Key, _ priority: Priority) {
        guard let place = places[key] else {
            elements.append(Element(key: key, priority: priority))
            places[key] = elements.count - 1
            return rise(from: elements.count - 1)
        }
        elements[place].priority = priority
        rise(from: place)
        sink(from: places[key] ?? place)
    }

    /// - Returns: whether it was there.
    @discardableResult
    mutating func remove(_ key: Key) -> Bool {
        guard let place = places.removeValue(forKey: key) else { return false }
        let last = elements.removeLast()
        guard place < elements.count else { return true }
        elements[place] = last
        places[last.key] = place
        rise(from: place)
        sink(from: places[last.key] ?? place)
        return true
    }

    private mutating func rise(from start: Int) {
        var place = start
        while place > 0 {
            let parent = (place - 1) / 2
            guard elements[place].priority < elements[parent].priority else { return }
            exchange(place, parent)
            place = parent
        }
    }

    private mutating func sink(from start: Int) {
        var place = start
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2] where child < elements.count && elements[child].priority < elements[least].priority { least = child }
            guard least != place else { return }
            exchange(place, least)
            place = least
        }
    }

    private mutating func exchange(_ a: Int, _ b: Int) {
        elements.swapAt(a, b)
        places[elements[a].key] = a
        places[elements[b].key] = b
    }
}
