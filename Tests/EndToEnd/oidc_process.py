"""The identity provider of test_oidc.py as a child process, and a person at it."""

import html.parser
import json
import os
import pathlib
import signal
import socket
import subprocess
import time
import urllib.parse

import requests

from server_process import OUTPUT, REPOSITORY

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = pathlib.Path(os.environ.get("MONOFLOW_OIDC_PYTHON", REPOSITORY / ".venv-oidc/bin/python"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Provider:
    """Canaille on a port that is known before it starts."""

    def __init__(self, configuration, directory):
        self.port = free_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.configuration = configuration
        self.directory = pathlib.Path(directory)
        self.process = None

    def start(self):
        path = self.directory / "provider.json"
        path.write_text(json.dumps({**self.configuration, "port": self.port}))
        OUTPUT.mkdir(parents=True, exist_ok=True)
        with open(OUTPUT / "oidc-provider.log", "ab") as log:
            self.process = subprocess.Popen(
                [str(PYTHON), str(HERE / "oidc_provider.py"), str(path)], stdout=subprocess.PIPE, stderr=log, text=True,
                env={**os.environ, "PYTHONUNBUFFERED": "1"})
        self.expect("ready")
        return self

    def expect(self, word):
        """Reads what it says up to a line that begins with the word; fails where it ends before."""
        for line in self.process.stdout:
            if line.startswith(word):
                return line
        raise AssertionError(f"the provider ended with {self.process.wait()}, see {OUTPUT}/oidc-provider.log")

    def change_key(self):
        self.process.send_signal(signal.SIGUSR1)
        self.expect("rotated")

    def stop(self):
        self.process.terminate()
        self.process.stdout.close()
        self.process.wait(30)


class Form(html.parser.HTMLParser):
    """The first form that is posted: where to, and its fields."""

    def __init__(self, text):
        super().__init__()
        self.action = None
        self.fields = {}
        self.inside = False
        self.found = False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag == "form" and not self.found and (values.get("method") or "").lower() == "post":
            self.inside = self.found = True
            self.action = values.get("action")
        elif self.inside and tag == "input" and values.get("name"):
            self.fields[values["name"]] = values.get("value") or ""

    def handle_endtag(self, tag):
        if tag == "form":
            self.inside = False


class Person:
    """A browser with cookies and no scripts, and somebody who types."""

    HTML = {"Accept": "text/html,application/xhtml+xml"}
    # By name: the second in which a code was last given up. The provider's access tokens say the second alone, and must differ.
    last = {}

    def __init__(self, server, name=None, password=None, agrees=True):
        self.server = server
        self.name = name
        self.password = password
        self.answer = "accept" if agrees else "deny"
        self.browser = requests.Session()

    def get(self, url, **rest):
        gives_code = url.startswith(self.server.url) and "code=" in url
        while gives_code and int(time.time()) <= self.last.get(self.name, 0):
            time.sleep(0.02)
        answer = self.browser.get(url, allow_redirects=False, timeout=30, **rest)
        if gives_code:
            self.last[self.name] = int(time.time())
        return answer

    def begin(self, next_path=None):
        """The address at the provider."""
        query = "" if next_path is None else "?" + urllib.parse.urlencode({"next": next_path})
        answer = self.get(f"{self.server.url}/api/login/oidc{query}")
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]

    def at_provider(self, address):
        """Goes through the provider's pages; the address that it sends the browser back to."""
        answer = self.get(address)
        for _ in range(12):
            if answer.is_redirect:
                address = urllib.parse.urljoin(address, answer.headers["Location"])
                if address.startswith(self.server.url):
                    return address
                answer = self.get(address)
                continue
            assert answer.status_code == 200, f"{address}: {answer.status_code} {answer.text[:500]}"
            form = Form(answer.text)
            assert form.found, answer.text[:3000]
            values = {"login": self.name, "password": self.password}
            fields = {name: values.get(name, value) for name, value in form.fields.items()}
            fields["answer"] = self.answer
            address = urllib.parse.urljoin(address, form.action or address)
            answer = self.browser.post(address, data=fields, allow_redirects=False, timeout=30)
        raise AssertionError(f"no way back from {address}")

    def sign_in(self, next_path=None):
        """The whole way; the server's last answer."""
        return self.get(self.at_provider(self.begin(next_path)))

    def session(self):
        return self.get(f"{self.server.url}/api/session")


def changed(address, **changes):
    """The address with other query items; None takes one away."""
    parts = urllib.parse.urlsplit(address)
    items = dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))
    items.update(changes)
    return parts._replace(query=urllib.parse.urlencode({k: v for k, v in items.items() if v is not None})).geturl()
