"""Other programs that tests call."""

import shutil


def require_program(name: str) -> str:
    """Its path, also where only root looks for programs. One that is missing is a fault and nothing to skip: a promise
    would go untested."""
    path = shutil.which(name) or shutil.which(name, path="/usr/local/sbin:/usr/sbin:/sbin")
    assert path is not None, f"{name} is missing: scripts/install-dependencies test installs it"
    return path
