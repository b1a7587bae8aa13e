"""Prints what OGX itself says of routes: JSON on stdin, JSON on stdout.

Stdin: {"cases": [{"config": "<YAML>", "env": {...}, "requests": [{"target": "/v1/x?y", "claims": {...}, "scopeSets": [["a"]]}]}]}
Stdout: {"version": "1.5.0", "answers": [null | [[true | false | null, ...], ...], ...]}

A case is null where OGX does not start with its configuration. Each request has a list of verdicts: the first for its
claims as they are, then one for each set of scopes in place of the `scope` claim. A verdict is null where OGX answers
401 before it comes to routes (a claim that its user model refuses).
"""

import contextlib
import io
import json
import logging
import os
import sys
import warnings
from importlib.metadata import version
from urllib.parse import unquote

# Its loggers write to stdout, which belongs to the answer.
output = sys.stdout
sys.stdout = sys.stderr

import yaml
from ogx.core.access_control.route_access import is_route_allowed
from ogx.core.datatypes import AuthenticationConfig, User
from ogx.core.server.auth_providers import get_attributes_from_claims
from ogx.core.stack import EnvVarError, replace_env_vars
from pydantic import ValidationError

logging.disable(logging.CRITICAL)
# `re` foretells changes of its syntax.
warnings.simplefilter("ignore", FutureWarning)


def read_config(text, env):
    saved = dict(os.environ)
    os.environ.update(env)
    try:
        return AuthenticationConfig(**replace_env_vars(yaml.safe_load(text))["server"]["auth"])
    except (EnvVarError, ValidationError, TypeError, yaml.YAMLError):
        return None
    finally:
        os.environ.clear()
        os.environ.update(saved)


def route_of(target):
    # uvicorn's h11 protocol, then RouteAuthorizationMiddleware.
    route = unquote(target.partition("?")[0])
    return route.rstrip("/") if route != "/" and route.endswith("/") else route


def verdict(auth, target, claims):
    user = None
    if auth.provider_config is not None:
        # Its function extends the lists of the claims themselves.
        claims = json.loads(json.dumps(claims))
        attributes = get_attributes_from_claims(claims, auth.provider_config.claims_mapping)
        try:
            user = User(principal=claims["sub"], attributes=attributes)
        except ValidationError:
            return None
    return is_route_allowed(route_of(target), user, auth.route_policy)


def answer(case):
    auth = read_config(case["config"], case["env"])
    if auth is None:
        return None
    return [
        [verdict(auth, request["target"], request["claims"])]
        + [
            verdict(auth, request["target"], {**request["claims"], "scope": " ".join(scopes)})
            for scopes in request["scopeSets"]
        ]
        for request in case["requests"]
    ]


class Discarded(io.TextIOBase):
    def write(self, text):
        return len(text)


def main():
    cases = json.load(sys.stdin)["cases"]
    # A condition that does not hold prints a line each time.
    with contextlib.redirect_stdout(Discarded()):
        answers = [answer(case) for case in cases]
    json.dump({"version": version("ogx"), "answers": answers}, output)


main()
