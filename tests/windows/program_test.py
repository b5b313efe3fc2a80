"""The Windows program, started by LOGGER_COMMAND ("wine mqtt-logger.exe"), with a client library that needs no broker
(paho_stand_in.cpp): recording, stopping, consoles, kills, names, a second instance."""

import os
import pty
import random
import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from logger import logger_command  # noqa: E402
from processes import die_with_parent  # noqa: E402
from fed_scenario import SECONDS, FedScenario  # noqa: E402
from scenario import main  # noqa: E402
from waiting import wait_until  # noqa: E402


class Program(FedScenario):
    def test_records_and_quits_by_a_line(self) -> None:
        logger = self.start(2000)
        logger.wait_for(r"written 2000\b", SECONDS)
        self.assert_stops(logger)
        self.assertTrue(logger.find(r"stopping \(q\)"))
        self.assert_numbered(2000)
        self.assertFalse(self.path("lock").exists())
        self.assertNotIn(b"\r", self.path("csv").read_bytes())
        self.assertNotIn("\r", logger.log)

    def test_runs_on_when_its_input_ends_and_stops_by_ctrl_c(self) -> None:
        logger = self.start(10**9, pause_us=1000)
        logger.wait_for(r"written \d", SECONDS)
        logger.close_input()
        before = len(logger.find(r"written \d"))
        logger.wait_for(r"written \d", SECONDS, count=before + 10)
        self.assert_stops(logger, signal.SIGINT)
        self.assertTrue(logger.find(r"stopping \(Ctrl-C\)"))
        self.assert_account_is_complete(logger.log)

    def test_runs_without_any_input(self) -> None:
        with open(self.directory / "null.stderr", "wb") as log:
            process = subprocess.Popen([*logger_command(), "--stats-every", "50ms"], cwd=self.work, stderr=log,
                                       stdin=subprocess.DEVNULL, preexec_fn=die_with_parent,
                                       env={**os.environ, **self.feed(300)})
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        wait_until(lambda: b"written 300," in (self.directory / "null.stderr").read_bytes(), SECONDS, "300 written")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(SECONDS), 0)
        self.assert_numbered(300)

    def test_a_kill_loses_and_doubles_nothing(self) -> None:
        total, kills, rng = 3000, 5, random.Random(7)
        for kill in range(1, kills + 1):
            logger = self.start(total, pause_us=1000)
            wanted = kill * total // (kills + 1) + rng.randrange(200)
            wait_until(lambda: self.acknowledged() >= wanted, SECONDS, f"{wanted} acknowledged")
            logger.kill()
            self.assertLess(self.acknowledged(), total)
        logger = self.start(total)
        wait_until(lambda: self.acknowledged() == total, SECONDS, "all acknowledged")
        self.assert_stops(logger)
        self.assert_numbered(total)

    def test_refuses_a_second_one_and_names_the_first(self) -> None:
        first = self.start(10)
        first.wait_for(r"written 10\b", SECONDS)
        holder = int(self.path("lock").read_text().splitlines()[0])
        second = self.start(10)
        self.assertEqual(second.wait(SECONDS), 4)
        self.assertTrue(second.find(rf"in use by another logger, process {holder}\b"), second.log)
        self.assert_stops(first)
        self.assert_numbered(10)

    def test_takes_names_in_any_language(self) -> None:
        output = "Küche 厨房 🌡/Außen"
        logger = self.start(10, "--output", output)
        logger.wait_for(r"written 10\b", SECONDS)
        self.assert_stops(logger)
        self.assertTrue(logger.find("Küche 厨房 🌡"), logger.log)
        self.assert_numbered(10, output)

    def test_says_in_words_what_is_wrong(self) -> None:
        (self.work / "file").write_text("")
        logger = self.start(1, "--output", "file/mqtt_data")
        self.assertEqual(logger.wait(SECONDS), 4)
        self.assertTrue(logger.find(r"--output file.mqtt_data: cannot make the folder file: \w+ \w+"), logger.log)
        for options in (["--qos", "3"], ["--output", "a:b"], ["--output", "con"], ["--log-file", "log."]):
            code, text = self.command(*options)
            self.assertEqual((code, len(text.splitlines())), (2, 1), text)
            self.assertRegex(text, rf"{options[0]} .*{options[1]}.*: must")

    def test_settings_that_are_delivered_are_settings(self) -> None:
        settings = Path(__file__).resolve().parents[2] / "scripts/mqtt-logger-windows.toml"
        code, text = self.command("--status", "--config", str(settings))
        self.assertEqual((code, text), (1, "no logger runs for --output C:/logs/mqtt_data\n"))

    def test_quits_by_a_key_in_a_console(self) -> None:
        for key, reason in (b"q", "q"), (b"\x03", "Ctrl-C"):
            with self.subTest(reason=reason):
                keyboard, terminal = pty.openpty()
                self.addCleanup(os.close, keyboard)
                log_path = self.directory / f"console-{reason}.stderr"
                with log_path.open("wb") as log:
                    process = subprocess.Popen([*logger_command(), "--stats-every", "50ms"], cwd=self.work, stderr=log,
                                               stdin=terminal, stdout=terminal, start_new_session=True,
                                               env={**os.environ, "TERM": "xterm", **self.feed(100)},
                                               preexec_fn=lambda: _enter(terminal))
                os.close(terminal)
                self.addCleanup(process.wait)
                self.addCleanup(process.kill)
                wait_until(lambda: "press q to quit" in log_path.read_text(), SECONDS, "the prompt")
                os.write(keyboard, b"x" + key)
                self.assertEqual(process.wait(SECONDS), 0)
                self.assertIn(f"stopping ({reason})", log_path.read_text())


def _enter(terminal: int) -> None:
    import fcntl
    import termios

    die_with_parent()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)


if __name__ == "__main__":
    main(needs_broker=False)
