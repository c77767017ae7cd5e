"""Print pip's configuration as shell exports for uv, which does not read it.

Runs on any Python 3 that has pip. A setting of uv that is already there is left alone.
"""

import ast
import os
import shlex
import subprocess
import sys

SCOPES = ("global", "install", ":env:")


def pip_settings():
    """Read what pip would use: its files first, the environment over them."""
    listing = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
    ).stdout
    found = {}
    for line in listing.splitlines():
        key, _, value = line.partition("=")
        scope, _, name = key.strip().rpartition(".")
        if scope not in SCOPES:
            continue
        try:
            value = ast.literal_eval(value)
        except (SyntaxError, ValueError):
            continue
        found.setdefault(scope, {})[name.replace("_", "-")] = str(value)
    merged = {}
    for scope in SCOPES:
        merged.update(found.get(scope, {}))
    return merged


def for_uv(pip):
    """Name the same settings as uv does."""
    uv = {
        "UV_DEFAULT_INDEX": pip.get("index-url", ""),
        "UV_INDEX": " ".join(pip.get("extra-index-url", "").split()),
        "UV_FIND_LINKS": ",".join(pip.get("find-links", "").split()),
        "UV_INSECURE_HOST": " ".join(pip.get("trusted-host", "").split()),
        "UV_HTTP_TIMEOUT": pip.get("timeout", pip.get("default-timeout", "")).split(".")[0],
        "SSL_CERT_FILE": pip.get("cert", ""),
        "SSL_CLIENT_CERT": pip.get("client-cert", ""),
        "ALL_PROXY": pip.get("proxy", ""),
    }
    if pip.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        uv["UV_NO_INDEX"] = "1"
    if uv["UV_INDEX"]:
        uv["UV_INDEX_STRATEGY"] = "unsafe-best-match"  # as pip does: the best of all indexes
    return uv


for variable, setting in for_uv(pip_settings()).items():
    if setting and not os.environ.get(variable):
        print(f"export {variable}={shlex.quote(setting)}")
