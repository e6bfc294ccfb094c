"""Canaille, a real OpenID Connect provider, as a process: `PYTHON oidc_provider.py CONFIG.json`.

It keeps everything in a database beside the configuration (its memory backend mixes up the codes of one client). The configuration
names the users, their groups and the one client; the first line of the output is `ready PORT`. SIGUSR1 changes the key that signs; SIGTERM ends it. It runs in an environment of its own (see test_oidc.py).
"""

import json
import signal
import sys

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from joserfc.jwk import RSAKey
from werkzeug.serving import WSGIRequestHandler, make_server


def new_key():
    return RSAKey.generate_key(2048, auto_kid=True).as_dict(private=True)


class QuietHandler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, code="-", size="-"):
        print("request", self.command, self.path.split("?")[0], code, flush=True)


def main(path):
    with open(path, encoding="utf-8") as file:
        wanted = json.load(file)
    host = "127.0.0.1"
    server = make_server(host, wanted.get("port", 0), lambda *_: [], threaded=True, request_handler=QuietHandler)
    app = create_app(config={
        "SECRET_KEY": "of a provider that lives for a test",
        "SERVER_NAME": f"{host}:{server.server_port}",
        "PREFERRED_URL_SCHEME": "http",
        "CANAILLE_DATABASE": "sql",
        "CANAILLE_SQL": {"DATABASE_URI": f"sqlite:///{path}.db", "PASSWORD_SCHEMES": "plaintext"},
        "CANAILLE": {"FORCE_HTTPS": False, "LOGGING": {
            "version": 1, "handlers": {"out": {"class": "logging.StreamHandler", "stream": "ext://sys.stderr"}},
            "root": {"level": "WARNING", "handlers": ["out"]}}},
        "CANAILLE_OIDC": {"ACTIVE_JWKS": [new_key()], "TRUSTED_DOMAINS": []},
    })
    with app.app_context(), Backend.instance.session():
        users = {}
        for user in wanted["users"]:
            users[user["name"]] = models.User(
                user_name=user["name"], formatted_name=user["name"], family_name=user["name"], emails=[user["email"]] if "email" in user else [],
                password=user["password"])
            Backend.instance.save(users[user["name"]])
        for name, members in wanted.get("groups", {}).items():
            Backend.instance.save(models.Group(display_name=name, members=[users[member] for member in members]))
        client = wanted["client"]
        made = models.Client(
            client_id=client["id"], client_secret=client.get("secret", ""), client_name="Monoflow", client_uri="https://monoflow.example",
            redirect_uris=client["redirect_uris"], post_logout_redirect_uris=client.get("post_logout_redirect_uris", []),
            grant_types=["authorization_code"], response_types=["code"], scope=["openid", "profile", "email", "groups"],
            token_endpoint_auth_method="client_secret_basic" if client.get("secret") else "none", id_token_signed_response_alg="RS256")
        Backend.instance.save(made)
        made.audience = [made]
        Backend.instance.save(made)

    def rotate(*_):
        app.config["CANAILLE_OIDC"]["ACTIVE_JWKS"] = [new_key()]
        print("rotated", flush=True)

    signal.signal(signal.SIGUSR1, rotate)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server.app = app
    print("ready", server.server_port, flush=True)
    server.serve_forever()


main(sys.argv[1])
