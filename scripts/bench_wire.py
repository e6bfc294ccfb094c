"""Requests, bytes and connections a second: Monoflow's wire beside nginx and Hummingbird, in turns, in one run.

Every server runs on loopback with all cores, as the load generator does, and is idle while another one is measured. A round
measures each server once; ratios are taken within rounds, so that what the machine does beside them falls on all alike.
"""

import argparse
import contextlib
import json
import os
import pathlib
import platform
import resource
import subprocess
import tempfile
import urllib.request

from wire import loads, peers, processes, tables

GIBIBYTE = peers.GIBIBYTE
KIBIBYTE = 1 << 10


def in_turns(servers, key, repeat, measure):
    """One run of `measure(server, url)` for each server that answers `key`, round by round. None where Monoflow cannot."""
    able = [server for server in servers if key in server.urls]
    if not any(server.name.startswith("monoflow") for server in able):
        return None
    results = {server.name: [] for server in able}
    for _ in range(repeat):
        for server in able:
            results[server.name].append(measure(server, server.urls[key]))
    return results


def hello(servers, options, aims):
    for connections in options.connections:
        results = in_turns(servers, "hello", options.repeat, lambda server, url: loads.wrk(server, url, connections, options.seconds))
        tables.rates(f"hello JSON, {connections} connection(s)", results, ["nginx", "hummingbird"])
        for name in ("monoflow", "monoflow-wire"):
            aims.at_least(f"hello at {connections}: {name}", results, name, "nginx", 0.9)
            if connections > 1:
                aims.at_least(f"hello at {connections}: {name}", results, name, "hummingbird", 2)
            if name in results and "hummingbird" in results:
                own, other = (tables.median(results[who], "p99") for who in (name, "hummingbird"))
                aims.add(f"hello at {connections}: p99 of {name}", f"≤ hummingbird's {other:.2f} ms", f"{own:.2f} ms", own <= other)


def auth(servers, options, aims):
    for key, title in (("auth", "GET /api/system, bearer token"), ("session", "GET /api/session, bearer token")):
        for connections in options.connections[1:]:
            results = in_turns(servers, key, options.repeat, lambda server, url: loads.wrk(server, url, connections, options.seconds, server.headers))
            tables.rates(f"{title}, {connections} connections (nginx: hello)", results, ["nginx"])
            aims.at_least(f"{title}, at {connections}", results, "monoflow", "nginx", 0.5)


def h2(servers, options, aims):
    for key, what in (("h2", "h2c"), ("h2tls", "h2 over TLS")):
        for clients in (1, 8, 32):
            results = in_turns(
                [server for server in servers if speaks_h2(server)], key, options.repeat,
                lambda server, url: loads.h2load(server, url, clients, 32, options.seconds))
            if results is None:
                continue
            tables.rates(f"hello, {what}, {clients} client(s) × 32 streams", results, ["nginx"], latency=False)
            if key == "h2":
                for name in ("monoflow", "monoflow-wire"):
                    aims.at_least(f"h2c, {clients} client(s): {name}", results, name, "nginx", 1)


def speaks_h2(server):
    """Whether the server takes HTTP/2 by prior knowledge; asked once."""
    if not hasattr(server, "has_h2"):
        url = server.urls.get("h2")
        server.has_h2 = bool(url) and subprocess.run(
            ["curl", "-sf", "--max-time", "10", "--http2-prior-knowledge", "-o", "/dev/null", url]).returncode == 0
    return server.has_h2


def tls(servers, options, aims):
    for connections in options.connections[1:]:
        results = in_turns(servers, "tls", options.repeat, lambda server, url: loads.wrk(server, url, connections, options.seconds))
        if results is not None:
            tables.rates(f"hello over TLS 1.3, {connections} connections", results, ["nginx"])


def transfer(servers, options, aims):
    file = options.file
    kinds = [("count", "upload of 1 GiB, dropped", file), ("store", "upload of 1 GiB, to disk", file),
             ("file", "download of 1 GiB, from a file", None), ("made", "download of 1 GiB, made in memory", None)]
    for key, title, upload in kinds:
        results = in_turns(
            servers, key, min(options.repeat, 3), lambda server, url: loads.transfer(server, url, GIBIBYTE, upload))
        if results is None:
            continue
        tables.rates(title, results, ["nginx", "hummingbird"], unit="MiB/s", cpu="CPU ms/GiB", latency=False, growth=True)
        for name in ("monoflow", "monoflow-wire"):
            aims.at_least(f"{title}: {name}", results, name, "nginx", 0.7)
            if name in results:
                most = max(run.growth for run in results[name])
                aims.add(f"{title}: memory growth of {name}", "< 64 MiB", f"{most / (1 << 20):.0f} MiB", most < 64 << 20)


def idle(_, options, aims):
    """On servers that have done nothing before: memory that was freed would be used again and not count."""
    count = min(options.idle, resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 200)
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    with tempfile.TemporaryDirectory(prefix="wire-idle-") as temporary, contextlib.ExitStack() as stack:
        pathlib.Path(temporary).chmod(0o755)
        fresh = start_servers(pathlib.Path(temporary), options, stack)
        peers.raise_descriptor_limit()
        print(f"| {count:,} idle kept-alive connections | server memory, bytes/connection | answered |\n|---|---|---|")
        for server in fresh:
            figures = loads.idle(server, server.urls["idle"], count)
            print(f"| {server.name} | {figures.growth:,} | {count - figures.errors:,} |", flush=True)
            if server.name.startswith("monoflow"):
                aims.add(
                    f"idle connections: {server.name}", "< 8 KiB each, all answered", f"{figures.growth:,} bytes, {count - figures.errors:,} answered",
                    figures.growth < 8 * KIBIBYTE and figures.errors == 0)
        print()
    resource.setrlimit(resource.RLIMIT_NOFILE, limit)


MEASURES = {"hello": hello, "auth": auth, "h2": h2, "tls": tls, "transfer": transfer, "idle": idle}


def start_servers(directory, options, stack):
    """The servers of this run: Monoflow first, because the others answer with its hello."""
    servers = []

    def add(server, *arguments, **named):
        stack.callback(server.stop)
        servers.append(server.start(*arguments, **named))
        return servers[-1]

    without = set(options.without.split(","))
    monoflow = add(peers.MonoflowServer(directory / "monoflow"))
    text = urllib.request.urlopen(monoflow.urls["hello"]).read().decode()
    if peers.WireServer.binary().exists() and "monoflow-wire" not in without:
        wire = add(peers.WireServer(directory / "wire"), options.file)
        text = urllib.request.urlopen(wire.urls["hello"]).read().decode()
    assert json.loads(text) is not None and "'" not in text and "$" not in text, text
    if "nginx" not in without:
        add(peers.Nginx(directory / "nginx"), text, file=options.file)
    if "hummingbird" not in without and (peers.Hummingbird.PACKAGE / ".build/release/hummingbird-peer").exists():
        add(peers.Hummingbird(directory / "hummingbird"), text)
    return servers


def introduce(servers):
    for server in servers:
        with urllib.request.urlopen(server.urls["hello"]) as answer:
            print(f"- {server.name}: hello {len(answer.read())} bytes, head about {len(str(answer.headers)) + 15} bytes")
    print(flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(MEASURES), help="comma-separated: " + ", ".join(MEASURES))
    parser.add_argument("--without", default="", help="comma-separated: nginx, hummingbird, monoflow-wire")
    parser.add_argument("--seconds", type=int, default=5, help="of each measurement")
    parser.add_argument("--repeat", type=int, default=5, help="rounds")
    parser.add_argument("--connections", default="1,32,256", help="of wrk")
    parser.add_argument("--idle", type=int, default=10_000, help="idle connections")
    parser.add_argument("--quick", action="store_true", help="1 second, 2 rounds: shows that everything works, not how fast")
    options = parser.parse_args()
    options.connections = [int(number) for number in options.connections.split(",")]
    if options.quick:
        options.seconds, options.repeat = 1, 2
    wanted = options.only.split(",")
    unknown = set(wanted) - set(MEASURES)
    if unknown:
        parser.error(f"unknown measures: {', '.join(sorted(unknown))}")

    with tempfile.TemporaryDirectory(prefix="wire-") as temporary, contextlib.ExitStack() as stack:
        directory = pathlib.Path(temporary)
        directory.chmod(0o755)
        options.file = None
        if "transfer" in wanted:
            options.file = directory / "big"
            block = os.urandom(1 << 20)
            with open(options.file, "wb") as file:
                for _ in range(GIBIBYTE // len(block)):
                    file.write(block)
        print(f"{platform.machine()}, {os.cpu_count()} cores, Linux {platform.release()}, load before {os.getloadavg()[0]:.1f}; "
              f"{options.repeat} rounds of {options.seconds} s; median (range)\n")
        servers = start_servers(directory, options, stack)
        introduce(servers)
        aims = tables.Aims()
        for name in MEASURES:
            if name in wanted:
                MEASURES[name](servers, options, aims)
        aims.print()
        for server in servers:
            print(f"- {server.name}: {processes.resident(server.pid) / (1 << 20):.0f} MiB resident at the end, {processes.descriptors(server.pid)} descriptors")


if __name__ == "__main__":
    main()
