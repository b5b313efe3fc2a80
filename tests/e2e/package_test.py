"""What is installed: manual page, completions, service, and the Debian package."""

import gzip
import os
import re
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


def run(*command: object, **options: object) -> str:
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)  # type: ignore
    assert result.returncode == 0, f"{command}: {result.stdout}{result.stderr}"
    return result.stdout


def broken_links(page: Path) -> list[str]:
    """Relative links of a Markdown page that lead to no file, or to no heading of one."""
    def headings(target: Path) -> set[str]:
        lines = [line.lstrip("#").strip().lower() for line in target.read_text().splitlines() if line.startswith("#")]
        return {re.sub(r"[^\w -]", "", line).replace(" ", "-") for line in lines}

    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, heading = link.partition("#")
        target = page.parent / name if name else page
        if not target.is_file() or (heading and heading not in headings(target)):
            broken.append(f"{page.name}: {link}")
    return broken


def options_of_help() -> set[str]:
    return set(re.findall(r"^ +(?:-h,)?(--[a-z][a-z-]*)", run(*logger_command(), "--help"), re.MULTILINE))


class Manual(unittest.TestCase):
    """What the source tree has; the installed copy is looked at with the package."""

    def test_every_link_leads_somewhere(self) -> None:
        pages = [ROOT / "README.md", *(ROOT / "src/manual").glob("*.md")]
        self.assertEqual([link for page in pages for link in broken_links(page)], [])

    def test_the_readme_is_short_and_links_every_page(self) -> None:
        readme = (ROOT / "README.md").read_text()
        self.assertLessEqual(len(readme.splitlines()), 220)
        for page in (ROOT / "src/manual").glob("*.md"):
            self.assertIn(f"](src/manual/{page.name})", readme)

    def test_every_option_it_names_exists(self) -> None:
        """In the words of ours: --option as a whole span of code, or after the program's name."""
        known = options_of_help() | {"--help", "--version"}
        for page in [ROOT / "README.md", *(ROOT / "src/manual").glob("*.md")]:
            text = page.read_text()
            commands = " ".join(re.findall(r"^(?:\S*[\\/])?mqtt-logger(?:\.exe)? (?:.*\\\n)*.*$", text, re.MULTILINE))
            named = re.findall(r"(?<![\w-])--[a-z][a-z-]*", re.sub(r"#.*", "", commands))
            self.assertEqual(set(named) - known, set(), page.name)


class DebianPackage(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = Path(tempfile.mkdtemp(prefix="mqtt-logger-package-")).resolve()
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        run(require_program("cpack"), "-G", "DEB", "-B", cls.folder / "packages", "--config", _BUILD / "CPackConfig.cmake", cwd=_BUILD)
        (cls.package,) = (cls.folder / "packages").glob("*.deb")
        cls.root = cls.folder / "root"
        run("dpkg-deb", "--extract", cls.package, cls.root)

    def test_installs_what_belongs_to_it_and_nothing_else(self) -> None:
        installed = {str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file()}
        self.assertEqual(installed, {
            "etc/mqtt-logger/mqtt-logger.toml",
            "usr/bin/mqtt-logger",
            "usr/lib/systemd/system/mqtt-logger.service",
            "usr/share/bash-completion/completions/mqtt-logger",
            "usr/share/doc/mqtt-logger/README.md",
            "usr/share/doc/mqtt-logger/changelog.gz",
            "usr/share/doc/mqtt-logger/copyright",
            *(f"usr/share/doc/mqtt-logger/manual/{path.name}" for path in (ROOT / "src/manual").iterdir() if path.suffix != ".cpp"),
            "usr/share/fish/vendor_completions.d/mqtt-logger.fish",
            "usr/share/lintian/overrides/mqtt-logger",
            "usr/share/man/man1/mqtt-logger.1.gz",
            "usr/share/zsh/vendor-completions/_mqtt-logger",
        })

    def test_every_link_of_the_installed_manual_leads_somewhere(self) -> None:
        documents = self.root / "usr/share/doc/mqtt-logger"
        pages = [documents / "README.md", *(documents / "manual").glob("*.md")]
        self.assertGreater(len(pages), 1)
        self.assertEqual([link for page in pages for link in broken_links(page)], [])

    def test_depends_on_the_libraries_it_needs(self) -> None:
        depends = run("dpkg-deb", "--field", self.package, "Depends")
        self.assertIn("libpaho-mqttpp3", depends)
        self.assertIn("libc6", depends)

    def test_settings_survive_updates_and_no_user_is_made(self) -> None:
        control = self.folder / "control"
        run("dpkg-deb", "--control", self.package, control)
        self.assertEqual((control / "conffiles").read_text(), "/etc/mqtt-logger/mqtt-logger.toml\n")
        for script in ("postinst", "prerm", "postrm"):
            self.assertNotIn("adduser", (control / script).read_text())
            run("sh", "-n", control / script)

    def test_lintian_has_nothing_to_say(self) -> None:
        said = run(require_program("lintian"), "--fail-on", "error,warning", "--allow-root", self.package)
        self.assertEqual(said, "")

    def test_changelog_begins_with_this_version(self) -> None:
        with gzip.open(self.root / "usr/share/doc/mqtt-logger/changelog.gz", "rt") as changelog:
            self.assertIn(f"({run('dpkg-deb', '--field', self.package, 'Version').strip()})", changelog.readline())

    def test_life_of_the_package_below_a_root_of_its_own(self) -> None:
        """Installed, updated, removed and purged by dpkg: settings outlive a removal, recordings and password all."""
        root = self.folder / "machine"
        (root / "var/lib/dpkg/info").mkdir(parents=True)
        (root / "var/lib/dpkg/updates").mkdir()
        (root / "var/lib/dpkg/status").touch()

        def dpkg(*arguments: object) -> str:
            result = subprocess.run(["dpkg", f"--root={root}", f"--log={root}/log", "--force-depends", "--force-not-root",
                                     "--force-confold", "--force-script-chrootless", *map(str, arguments)],
                                    capture_output=True, text=True)
            self.assertEqual(result.returncode, 0, result.stderr)
            return result.stderr

        settings, recordings = root / "etc/mqtt-logger/mqtt-logger.toml", root / "var/lib/mqtt-logger/mqtt_data.csv"
        dpkg("--install", self.package)
        self.assertIn("mqtt-logger", run(root / "usr/bin/mqtt-logger", "--version"))
        self.enable(root)
        link = root / "etc/systemd/system/multi-user.target.wants/mqtt-logger.service"
        self.assertTrue(link.is_symlink())
        settings.write_text('broker = "mine.example"\n')
        (settings.parent / "password").write_text("secret\n")
        recordings.parent.mkdir(parents=True)
        recordings.write_text("recorded\n")
        dpkg("--install", self.package)
        self.assertEqual(settings.read_text(), 'broker = "mine.example"\n')
        self.assertTrue(link.is_symlink(), "an update must not disable the service")
        dpkg("--remove", "mqtt-logger")
        self.assertFalse((root / "usr/bin/mqtt-logger").exists())
        self.assertTrue(settings.exists())
        said = dpkg("--purge", "mqtt-logger")
        self.assertFalse(settings.exists())
        self.assertFalse(link.is_symlink())
        self.assertEqual(recordings.read_text(), "recorded\n")
        for left in ("/var/lib/mqtt-logger", "/etc/mqtt-logger/password"):
            self.assertIn(f"{left} stays", said)

    @staticmethod
    def enable(root: Path) -> None:
        run("systemctl", "--quiet", f"--root={root}", "enable", "mqtt-logger")

    def test_unit_names_the_places_of_the_package(self) -> None:
        unit = (self.root / "usr/lib/systemd/system/mqtt-logger.service").read_text()
        self.assertIn("ExecStart=/usr/bin/mqtt-logger --config /etc/mqtt-logger/mqtt-logger.toml\n", unit)

    def test_program_and_settings_work(self) -> None:
        settings = self.root / "etc/mqtt-logger/mqtt-logger.toml"
        program = self.root / "usr/bin/mqtt-logger"
        self.assertIn("mqtt-logger", run(program, "--version"))
        # Settings that were wrong would end it with exit code 2.
        result = subprocess.run([program, "--config", settings, "--status"], cwd=self.folder, capture_output=True)
        self.assertEqual(result.returncode, 1, result.stderr)

    def test_manual_page_shows_every_option(self) -> None:
        page = self.root / "usr/share/man/man1/mqtt-logger.1.gz"
        environment = {**os.environ, "MANWIDTH": "200", "LC_ALL": "C.UTF-8"}
        result = subprocess.run([require_program("man"), "--warnings", "-l", str(page)], capture_output=True, text=True, env=environment)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        shown = re.sub(".\b", "", result.stdout).replace("\N{HYPHEN}", "-")
        for option in options_of_help():
            self.assertIn(option, shown)
        for section in ("EXIT STATUS", "FILES", "ENVIRONMENT", "EXAMPLES"):
            self.assertRegex(shown, f"(?m)^{section}$")

    def test_manual_page_fits_80_columns(self) -> None:
        page = self.root / "usr/share/man/man1/mqtt-logger.1.gz"
        shown = run(require_program("man"), "-l", page, env={**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8"})
        self.assertEqual([line for line in re.sub(".\b", "", shown).splitlines() if len(line) > 80], [])

    def test_bash_completes(self) -> None:
        script = self.root / "usr/share/bash-completion/completions/mqtt-logger"

        def complete(*words: str) -> list[str]:
            code = (f'. {script}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
                    '_mqtt_logger; printf "%s\\n" "${COMPREPLY[@]}"')
            return run("bash", "-c", code, "bash", *words, cwd=ROOT).split()

        self.assertEqual(set(complete("mqtt-logger", "--")), options_of_help())
        self.assertEqual(complete("mqtt-logger", "--met"), ["--metrics-file"])
        self.assertEqual(complete("mqtt-logger", "--qos", ""), ["0", "1", "2"])
        self.assertEqual(complete("mqtt-logger", "--config", "READ"), ["README.md"])
        self.assertEqual(complete("mqtt-logger", "--qos", "="), ["0", "1", "2"])  # readline cuts words at =
        self.assertEqual(complete("mqtt-logger", "--fsync", "=", "e"), ["everysec"])

    def test_other_shells_understand_their_completions(self) -> None:
        for shell, script in (("zsh", "zsh/vendor-completions/_mqtt-logger"),
                              ("fish", "fish/vendor_completions.d/mqtt-logger.fish")):
            with self.subTest(shell=shell):
                run(require_program(shell), "-n", self.root / "usr/share" / script)

    def test_fish_completes(self) -> None:
        found = run(require_program("fish"), "-c",
                    f"source {self.root}/usr/share/fish/vendor_completions.d/mqtt-logger.fish; "
                    "complete -C 'mqtt-logger --met'", env={**os.environ, "HOME": str(self.folder)})
        self.assertIn("--metrics-file", found)


if __name__ == "__main__":
    main(needs_broker=False)
