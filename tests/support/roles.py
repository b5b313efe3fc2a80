"""Mosquitto's plugin that refuses what a client has no right to; its access lists only keep messages away."""

import json
from pathlib import Path


def find_plugin() -> Path | None:
    return next(Path("/usr").glob("lib*/**/mosquitto_dynamic_security.so"), None)


def write_roles(path: Path, subscribe: str, publish: str) -> Path:
    """Everybody may do this, and nothing else. The plugin's own configuration file."""
    rights = [{"acltype": "subscribePattern", "topic": subscribe, "allow": True},
              {"acltype": "publishClientSend", "topic": publish, "allow": True}]
    path.write_text(json.dumps({
        "defaultACLAccess": {"publishClientSend": False, "publishClientReceive": True, "subscribe": False,
                             "unsubscribe": True},
        "roles": [{"rolename": "role", "acls": rights}],
        "groups": [{"groupname": "everyone", "roles": [{"rolename": "role"}], "clients": []}],
        "clients": [],
        "anonymousGroup": "everyone",
    }))
    return path
