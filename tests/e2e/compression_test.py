"""Finished files of a series are compressed: under load and kills, on a full disk, broken off by a stop."""

import base64
import gzip
import random
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import exports
from logger import Logger, logger_command
from numbered import TOPIC_FILTER, NumberedPublisher, Pace, make_message
from scenario import main
from series import list_series, read_file, read_series
from small_disk import OwnDisk
from waiting import wait_until, wait_while_it_moves

_HEADER = ",".join(exports.CSV_HEADER) + "\n"
_OLD = "mqtt_data-20200101T000000Z.csv"
_KILLS = 6
_KEEP = 60
_TURNS = 250
_SEED = 9


def make_export(path: Path, megabytes: int) -> bytes:
    """A CSV of an earlier run, which hardly gets smaller."""
    chance = random.Random(_SEED)
    block = "".join(f'2020-01-01T00:00:00.000000Z,a,{base64.b64encode(chance.randbytes(3000)).decode()},base64,0,false\n'
                    for _ in range(250))
    content = (_HEADER + block * (megabytes * 1024 * 1024 // len(block) + 1)).encode()
    path.write_bytes(content)
    return content


class Compression(OwnDisk):
    def setUp(self) -> None:
        super().setUp()
        self.folder = self.work / "exports"
        self.folder.mkdir()
        self.broker = self.start_broker("max_queued_messages 0")

    def start(self, *options: str, rotate: str = "8KiB") -> Logger:
        return self.run_logger("--broker", "127.0.0.1", "--port", str(self.broker.port), "--topic", TOPIC_FILTER,
                               "--rotate-size", rotate, "--compress", "gzip", *options).wait_until_subscribed()

    def names(self) -> list[str]:
        return sorted(path.name for path in self.folder.glob("mqtt_data-*"))

    def files(self, extension: str) -> list[Path]:
        return list_series(self.folder, "mqtt_data", extension)

    def are_others_compressed(self) -> bool:
        """All but the one that is written."""
        others = [path for extension in ("csv", "json") for path in self.files(extension)[:-1]]
        return all(path.suffix == ".gz" for path in others)

    def test_under_load_with_retention_killed_at_random_moments(self) -> None:
        chance = random.Random(_SEED)

        def start() -> Logger:
            return self.run_logger("--broker", "127.0.0.1", "--port", str(self.broker.port), "--topic", TOPIC_FILTER,
                                   "--rotate-size", "8KiB", "--compress", "gzip", "--keep", str(_KEEP))

        logger = start().wait_until_subscribed()
        publisher = NumberedPublisher(self.broker.port, 1, "5", Pace(rate=1500, burst=50))
        self.addCleanup(publisher.kill)
        seen: set[str] = set()

        def count_turns() -> int:
            seen.update(path.name.split(".")[0] for path in self.files("csv"))
            return len(seen)

        for _ in range(_KILLS):
            goal = count_turns() + chance.randrange(2 * _TURNS // _KILLS)
            wait_until(lambda: count_turns() >= goal, 60, f"{goal} files", poll=0.02)
            time.sleep(chance.uniform(0, 0.5))
            logger.kill()
            logger = start()
        wait_until(lambda: count_turns() >= _TURNS, 60, f"{_TURNS} files", poll=0.1)
        published = publisher.finish()
        last = make_message(published - 1, 1).payload
        wait_while_it_moves(lambda: last in read_file(self.files("json")[-1]), self.names, 60, "the last message")
        wait_while_it_moves(lambda: len(self.files("csv")) == _KEEP and self.are_others_compressed(), self.names, 60,
                            "files to be compressed")
        self.assert_stops(logger)
        self.assertEqual(len(self.names()), 2 * _KEEP, "none stands there twice, and no part is left")
        records = read_series(self.folder, "mqtt_data")
        self.assertGreater(len(records), 1000)
        self.assertEqual([(record.topic, record.payload) for record in records],
                         [make_message(number, 1)[:2] for number in range(published - len(records), published)])

    def test_what_is_compressed_is_verified_and_replayed(self) -> None:
        logger = self.start()
        with self.connect(self.broker.port) as publisher:
            publisher.publish_all(make_message(number, 1) for number in range(500))
        wait_until(lambda: sum(read_file(path).count(b'\n{"') for path in self.files("json")) == 500
                   and self.are_others_compressed(), 30, "compressed files", poll=0.1)
        self.assert_stops(logger)
        self.assertGreater(len([name for name in self.names() if name.endswith(".gz")]), 10)
        for path in self.folder.glob("*.gz"):  # ordinary tools read them
            subprocess.run(["gzip", "--test", path], check=True)
        verified = subprocess.run([*logger_command(), "--verify", "exports/mqtt_data", "--sequence", "/seq"], cwd=self.work,
                                  capture_output=True, text=True, check=False)
        self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)
        self.assertIn("missing 0, doubled 0", verified.stdout)
        watcher = self.connect(self.broker.port)
        watcher.subscribe("again/#", qos=1)
        replayed = subprocess.run([*logger_command(), "--replay", "exports/mqtt_data", "--speed", "0", "--broker",
                                   f"127.0.0.1:{self.broker.port}", "--topic-prefix", "again/"], cwd=self.work,
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        self.assertEqual(replayed.returncode, 0, replayed.stderr)
        received = watcher.receive(500)
        self.assertEqual([message.payload for message in received],
                         [make_message(number, 1).payload for number in range(500)])

    def test_stop_breaks_it_off_and_the_next_start_begins_it_anew(self) -> None:
        make_export(self.folder / _OLD, 300)
        part = self.folder / f"{_OLD}.gz.part"
        for _ in range(2):
            logger = self.start()
            wait_until(lambda: part.exists() and part.stat().st_size > 0, 20, "a compression")
            self.assert_stops(logger)
            self.assertEqual(self.names(), [_OLD], "it has not waited")

    def test_what_a_kill_leaves_is_taken_on(self) -> None:
        content = make_export(self.folder / _OLD, 1)
        (self.folder / f"{_OLD}.gz.part").write_bytes(gzip.compress(content)[:100_000])
        twice = _OLD.replace("Z", "Z-2")
        (self.folder / twice).write_bytes(content)
        (self.folder / f"{twice}.gz").write_bytes(gzip.compress(content))
        other = _OLD.replace("Z", "Z-3")
        (self.folder / other).write_bytes(content)
        (self.folder / f"{other}.gz").write_bytes(gzip.compress(content + b"more"))
        logger = self.start()
        logger.wait_for(rf"warning .*{other} stays: .*{other}\.gz is there, and holds something else")
        expected = [f"{_OLD}.gz", f"{twice}.gz", other, f"{other}.gz"]
        wait_until(lambda: self.names() == sorted(expected), 20, "compressed files")
        self.assert_stops(logger)
        for name in (_OLD, twice):
            self.assertEqual(gzip.decompress((self.folder / f"{name}.gz").read_bytes()), content)

    def test_full_disk_is_waited_for(self) -> None:
        self.mount_memory(self.folder, "8m")
        content = make_export(self.folder / _OLD, 4)
        logger = self.start("--journal", "data.journal", rotate="1KiB")
        logger.wait_for(rf"warning .*{_OLD} cannot be compressed: No space left on device; trying again", 20)
        self.assertEqual(self.names(), [_OLD])
        self.resize(self.folder, "64m")
        with self.connect(self.broker.port) as publisher:
            publisher.publish_all(make_message(number, 1) for number in range(50))
        wait_until(lambda: f"{_OLD}.gz" in self.names() and _OLD not in self.names(), 20, "a compressed file")
        wait_until(self.are_others_compressed, 20, "the others")
        self.assert_stops(logger)
        self.assertEqual(gzip.decompress((self.folder / f"{_OLD}.gz").read_bytes()), content)
        self.assertEqual(len(logger.find("cannot be")), 1)


if __name__ == "__main__":
    main()
