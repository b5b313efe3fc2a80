"""scripts/install-service, below a root of its own: what it installs, twice, and what it leaves."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from logger import logger_command
from programs import require_program
from scenario import main

_BUILD = Path(logger_command()[-1]).resolve().parent
_UNIT = "usr/local/lib/systemd/system/mqtt-logger.service"
_SETTINGS = "etc/mqtt-logger/mqtt-logger.toml"
_PROGRAM = "usr/local/bin/mqtt-logger"


class InstallService(unittest.TestCase):
    def setUp(self) -> None:
        require_program("systemctl")
        self.root = Path(tempfile.mkdtemp(prefix="mqtt-logger-service-")).resolve()
        self.addCleanup(shutil.rmtree, self.root)

    def run_script(self, *arguments: object) -> tuple[int, str]:
        result = subprocess.run([ROOT / "scripts/install-service", *map(str, arguments)], stdin=subprocess.DEVNULL,
                                capture_output=True, text=True, env={**os.environ, "DESTDIR": str(self.root)})
        return result.returncode, result.stdout + result.stderr

    def install(self) -> None:
        code, text = self.run_script("--build", _BUILD)
        self.assertEqual(code, 0, text)

    def files(self) -> set[str]:
        return {str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file() or path.is_symlink()}

    def test_installs_a_service_that_starts_with_the_machine(self) -> None:
        self.install()
        program = self.root / _PROGRAM
        self.assertIn("mqtt-logger", subprocess.check_output([program, "--version"], text=True))
        self.assertIn(f"ExecStart=/{_PROGRAM} --config /{_SETTINGS}\n", (self.root / _UNIT).read_text())
        enabled = subprocess.run(["systemctl", f"--root={self.root}", "is-enabled", "mqtt-logger"], capture_output=True,
                                 text=True)
        self.assertEqual(enabled.stdout, "enabled\n")
        # Settings that were wrong would end it with exit code 2.
        status = subprocess.run([program, "--config", self.root / _SETTINGS, "--output", "none", "--status"],
                                cwd=self.root, capture_output=True, text=True)
        self.assertEqual(status.returncode, 1, status.stderr)

    def test_twice_is_as_once_and_keeps_the_settings(self) -> None:
        self.install()
        before = self.files()
        (self.root / _SETTINGS).write_text('broker = "mine.example"\n')
        (self.root / _PROGRAM).write_text("an older one")
        self.install()
        self.assertEqual(self.files(), before)
        self.assertEqual((self.root / _SETTINGS).read_text(), 'broker = "mine.example"\n')
        self.assertIn("mqtt-logger", subprocess.check_output([self.root / _PROGRAM, "--version"], text=True))

    def test_uninstall_leaves_settings_and_recordings(self) -> None:
        self.install()
        recording = self.root / "var/lib/mqtt-logger/mqtt_data.csv"
        recording.parent.mkdir(parents=True)
        recording.write_text("recorded\n")
        code, text = self.run_script("--uninstall")
        self.assertEqual(code, 0, text)
        self.assertIn("/var/lib/mqtt-logger stay", text)
        self.assertEqual(self.files(), {_SETTINGS, "var/lib/mqtt-logger/mqtt_data.csv"})
        code, text = self.run_script("--uninstall")
        self.assertEqual(code, 0, text)
        self.assertIn("not installed", text)

    def test_leaves_the_debian_package_alone(self) -> None:
        unit = self.root / "usr/lib/systemd/system/mqtt-logger.service"
        unit.parent.mkdir(parents=True)
        unit.touch()
        code, text = self.run_script("--build", _BUILD)
        self.assertEqual(code, 2)
        self.assertIn("the Debian package of mqtt-logger is installed", text)
        self.assertEqual(self.files(), {"usr/lib/systemd/system/mqtt-logger.service"})

    def test_wrong_arguments_change_nothing(self) -> None:
        for arguments in (["--what"], ["--build"], ["--build", self.root / "nowhere"], [_BUILD]):
            code, text = self.run_script(*arguments)
            self.assertEqual(code, 2, text)
            self.assertIn("install-service: ", text)
        self.assertEqual(self.files(), set())


if __name__ == "__main__":
    main(needs_broker=False)
