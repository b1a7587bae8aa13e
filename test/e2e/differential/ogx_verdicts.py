"""Prints what OGX itself says of routes: JSON on stdin, JSON on stdout.

Stdin: {"cases": [{"config": {...}, "env": {...}, "requests": [{"path": "/v1/x", "claims": {...}}]}]}
Stdout: {"version": "1.5.0", "verdicts": [null | [true | false | null, ...], ...]}

A case is null where OGX would not start with its configuration. A verdict is null where OGX would answer 401
before it comes to routes (a claim that its user model refuses).
"""

import contextlib
import io
import json
import logging
import os
import sys
from importlib.metadata import version

# Its loggers write to stdout, which belongs to the answer.
output = sys.stdout
sys.stdout = sys.stderr

from ogx.core.access_control.route_access import is_route_allowed
from ogx.core.datatypes import AuthenticationConfig, User
from ogx.core.server.auth_providers import get_attributes_from_claims
from ogx.core.stack import replace_env_vars
from pydantic import ValidationError

logging.disable(logging.CRITICAL)


def read_config(config, env):
    saved = dict(os.environ)
    os.environ.update(env)
    try:
        return AuthenticationConfig(**replace_env_vars(config)["server"]["auth"])
    except Exception:
        return None
    finally:
        os.environ.clear()
        os.environ.update(saved)


def verdict(auth, request):
    # As RouteAuthorizationMiddleware does it, on a path that the server has decoded.
    route = request["path"]
    if route != "/" and route.endswith("/"):
        route = route.rstrip("/")
    user = None
    if auth.provider_config is not None:
        claims = request["claims"]
        attributes = get_attributes_from_claims(claims, auth.provider_config.claims_mapping)
        try:
            user = User(principal=claims["sub"], attributes=attributes)
        except ValidationError:
            return None
    return is_route_allowed(route, user, auth.route_policy)


def answer(case):
    auth = read_config(case["config"], case.get("env", {}))
    if auth is None:
        return None
    return [verdict(auth, request) for request in case["requests"]]


def main():
    cases = json.load(sys.stdin)["cases"]
    with contextlib.redirect_stdout(io.StringIO()):
        verdicts = [answer(case) for case in cases]
    json.dump({"version": version("ogx"), "verdicts": verdicts}, output)


main()
