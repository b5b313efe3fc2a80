"""The built program is hardened as Debian's packages are: position-independent, with read-only relocations, stack protector and
checked string functions."""

import os
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from logger import COMMAND_VARIABLE
from scenario import Scenario, main


class Hardening(Scenario):
    def assert_finds(self, pattern: str, option: str) -> None:
        listing = subprocess.run(["readelf", "--wide", option, os.environ[COMMAND_VARIABLE]], capture_output=True, text=True,
                                 check=True).stdout
        self.assertTrue(re.search(pattern, listing), f"readelf {option} does not show {pattern}")

    def test_position_independent(self) -> None:
        self.assert_finds(r"Type: +DYN", "--file-header")
        self.assert_finds(r"FLAGS_1.*\bPIE\b", "--dynamic")

    def test_relocations_are_read_only_and_bound_at_start(self) -> None:
        self.assert_finds("GNU_RELRO", "--program-headers")
        self.assert_finds(r"\(FLAGS_1\).*\bNOW\b", "--dynamic")

    def test_stack_is_not_executable(self) -> None:
        self.assert_finds(r"GNU_STACK .* RW +0x", "--program-headers")

    def test_stack_protector_and_checked_functions(self) -> None:
        self.assert_finds(r"\b__stack_chk_fail\b", "--dyn-syms")
        self.assert_finds(r"\b__\w+_chk\b(?<!__stack_chk)", "--dyn-syms")


if __name__ == "__main__":
    main()
