import Core
import Foundation
import Processes

/// A way outside for network namespaces, on Linux as root: a pair of virtual interfaces each, and address translation by nftables. What
/// comes from a namespace may be forwarded, but reaches neither the host's own services, nor another namespace, nor link-local addresses
/// (where clouds keep credentials); nobody outside opens connections to it. IPv4 only.
struct VethEgress: Sendable {
    private let ip: String
    private let nft: String
    private let nsenter: String
    /// What names this server's interfaces: several servers may run on one machine.
    private let tag: String
    private let environment: [String]
    private let directory: String

    /// Every server's interfaces begin so; the rules speak of all of them.
    private static let prefix = "mfv"
    /// The host's end of every pair; a link-local address that is valid on its own link only.
    private static let gateway = "169.254.1.1"
    /// 198.18.0.0/15, kept for tests of network devices (RFC 2544), so hardly on anybody's network. An address is taken by the host's
    /// route to it, which the kernel makes once only.
    private static let firstAddress: UInt32 = 198 << 24 | 18 << 16
    private static let addresses: UInt32 = 1 << 17
    private static let attempts: UInt32 = 64

    private static let rules = """
        table inet monoflow
        delete table inet monoflow
        table inet monoflow {
          chain input {
            type filter hook input priority 0; policy accept;
            iifname "mfv*" ct state established,related accept
            iifname "mfv*" reject
          }
          chain forward {
            type filter hook forward priority 0; policy accept;
            iifname "mfv*" oifname "mfv*" reject
            iifname "mfv*" ip daddr 169.254.0.0/16 meta l4proto { tcp, udp } th dport != 53 reject
            oifname "mfv*" ct state established,related accept
            oifname "mfv*" drop
          }
        }
        table ip monoflow
        delete table ip monoflow
        table ip monoflow {
          chain postrouting {
            type nat hook postrouting priority 100; policy accept;
            ip saddr 198.18.0.0/15 oifname != "mfv*" masquerade
          }
        }

        """

    /// - Parameter directory: a place for its files, this server's own; it also names the interfaces.
    /// - Throws: `failedPrecondition` with what is missing.
    init(directory: String, searchPath: String) throws(MonoflowError) {
        guard geteuid() == 0 else { throw Self.unavailable("the server is not root") }
        let path = searchPath + ":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"
        func find(_ name: String, _ package: String) throws(MonoflowError) -> String {
            guard let found = Executables.find(name, path: path) else { throw Self.unavailable("\(name) was not found (package \(package))") }
            return found
        }
        ip = try find("ip", "iproute2")
        nft = try find("nft", "nftables")
        nsenter = try find("nsenter", "util-linux")
        self.directory = directory
        tag = String(Hashing.sha256Hex(directory).prefix(6))
        environment = ["PATH=" + path]
    }

    private static func unavailable(_ why: String) -> MonoflowError { MonoflowError(.failedPrecondition, "make a way outside", "network", why) }

    private func run(_ arguments: [String]) throws(MonoflowError) -> String {
        let result = try Command(arguments, environment: environment, outputLimit: 1 << 20).run()
        guard result.status == 0 else {
            let told = result.output.split(separator: "\n").first.map(String.init) ?? "status \(result.status)"
            throw Self.unavailable("\((arguments[0] as NSString).lastPathComponent): \(told)")
        }
        return result.output
    }

    /// Installs the rules, which are the same for every server of the machine, and has the kernel forward.
    /// - Throws: `failedPrecondition` where something of the host stands against it.
    func prepare() throws(MonoflowError) {
        guard NameServers.areReachable(NameServers.file) else { throw Self.unavailable("names are resolved by a service on the host's loopback") }
        try checkFirewall()
        let file = directory + "/firewall.nft"
        try Files.writeAtomically(Array(Self.rules.utf8), to: file)
        defer { unlink(file) }
        _ = try run([nft, "-f", file])
        try set("/proc/sys/net/ipv4/ip_forward", "1")
    }

    /// A firewall that drops what is forwarded would drop this as well.
    private func checkFirewall() throws(MonoflowError) {
        let listed = try run([nft, "-j", "list", "chains"])
        guard let entries = (try? JSONParser.parse(listed))?["nftables"]?.arrayValue else { throw Self.unavailable("nft: its answer cannot be read") }
        for chain in entries.compactMap({ $0["chain"] }) where chain["hook"]?.stringValue == "forward" {
            let table = chain["table"]?.stringValue ?? ""
            if chain["policy"]?.stringValue == "drop" || table == "firewalld" {
                throw Self.unavailable("the firewall's table \(table) drops what is forwarded")
            }
        }
    }

    private func set(_ path: String, _ value: String) throws(MonoflowError) {
        if (try? Files.read(path, limit: 64)).map({ String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines) }) == value { return }
        let fd = Foundation.open(path, O_WRONLY | O_CLOEXEC)
        guard fd >= 0 else { throw Self.unavailable("\(path) cannot be written") }
        defer { close(fd) }
        try Files.write(Array(value.utf8), descriptor: fd, path: path)
    }

    private func interface(_ index: UInt32) -> String { Self.prefix + tag + String(index, radix: 36) }

    /// Joins a network namespace to the outside; does nothing where it is joined.
    func attach(_ index: UInt32, pid: Int32) throws(MonoflowError) {
        let name = interface(index)
        if Files.exists("/sys/class/net/" + name) { return }
        let mtu = Self.outsideMTU
        _ = try run([ip, "link", "add", name, "mtu", mtu, "type", "veth", "peer", "name", "eth0", "mtu", mtu, "netns", "\(pid)"])
        do {
            // Without an address of the other family on the link there is no way round the rules by it.
            try? set("/proc/sys/net/ipv6/conf/\(name)/disable_ipv6", "1")
            _ = try run([ip, "address", "add", Self.gateway + "/32", "dev", name])
            _ = try run([ip, "link", "set", name, "up"])
            let address = try takeAddress(index, name)
            let inside = [
                "\(ip) address add \(address)/32 dev eth0", "\(ip) link set eth0 up", "\(ip) route add \(Self.gateway) dev eth0",
                "\(ip) route add default via \(Self.gateway)",
            ].joined(separator: " && ")
            _ = try run([nsenter, "--net=/proc/\(pid)/ns/net", "/bin/sh", "-c", inside])
        } catch {
            detach(index)
            throw error
        }
    }

    private func takeAddress(_ index: UInt32, _ name: String) throws(MonoflowError) -> String {
        let start = UInt32(Hashing.sha256Hex("\(tag) \(index)").prefix(8), radix: 16) ?? 0
        var last = Self.unavailable("no address is free")
        for attempt in 0..<Self.attempts {
            let number = Self.firstAddress + (start &+ attempt &* 7919) % Self.addresses
            let address = [24, 16, 8, 0].map { String((number >> $0) & 255) }.joined(separator: ".")
            do {
                _ = try run([ip, "route", "add", address + "/32", "dev", name])
                return address
            } catch {
                last = error
                guard error.message.contains("File exists") else { break }
            }
        }
        throw last
    }

    /// Takes the way outside; connections by it end.
    func detach(_ index: UInt32) {
        let name = interface(index)
        if Files.exists("/sys/class/net/" + name) { _ = try? run([ip, "link", "delete", name]) }
    }

    /// Of the interface with the default route: packets that are larger would have to be cut on the way.
    private static var outsideMTU: String {
        let routes = (try? Files.read("/proc/net/route", limit: 1 << 20)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        for line in routes.split(separator: "\n") {
            let fields = line.split(separator: "\t")
            guard fields.count > 1, fields[1] == "00000000", let bytes = try? Files.read("/sys/class/net/\(fields[0])/mtu", limit: 64) else { continue }
            let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            if Int(text) != nil { return text }
        }
        return "1500"
    }
}

/// Where tasks find name servers.
enum NameServers {
    private static let upstream = "/run/systemd/resolve/resolv.conf"

    /// The host's, or what stands behind the service on its loopback.
    static var file: String { areReachable("/etc/resolv.conf") || !areReachable(upstream) ? "/etc/resolv.conf" : upstream }

    /// Whether it names an IPv4 server outside loopback.
    static func areReachable(_ path: String) -> Bool {
        let text = (try? Files.read(path, limit: 1 << 20)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return text.split(separator: "\n").contains { line in
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            return words.count > 1 && words[0] == "nameserver" && words[1].contains(".") && !words[1].hasPrefix("127.")
        }
    }
}
