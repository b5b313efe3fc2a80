"""`scripts/plot`: pictures of what the logger wrote, and of long recordings without a lost peak."""

import gzip
import importlib.machinery
import importlib.util
import os
import random
import signal
import subprocess
import sys
import unittest
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from processes import die_with_parent
from programs import require_program
from scenario import Scenario, main
from waiting import SLOWNESS, wait_until

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "plot"
HEADER = "timestamp,topic,payload,encoding,qos,retain\n"


def load_script() -> Any:
    sys.dont_write_bytecode = True
    loader = importlib.machinery.SourceFileLoader("plot", str(SCRIPT))
    spec = importlib.util.spec_from_loader("plot", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


plot = load_script()


class Thinning(unittest.TestCase):
    def test_no_peak_is_dropped_and_memory_does_not_grow(self) -> None:
        numbers = random.Random(1)
        curve = plot.Curve(100)
        values = [plot.Value(1e9 + number * 0.37, numbers.gauss(0, 1)) for number in range(50_000)]
        values[31_234] = plot.Value(values[31_234].time, 99.0)
        values[42_000] = plot.Value(values[42_000].time, -99.0)
        for value in values:
            curve.add(value)
        kept = curve.values()
        self.assertLessEqual(len(kept), 2 * 100 * 4)
        self.assertGreaterEqual(len(kept), 100)
        self.assertEqual(kept, sorted(kept))
        self.assertLessEqual(set(kept), set(values), "every point drawn is one that was recorded")
        self.assertIn(values[31_234], kept)
        self.assertIn(values[42_000], kept)
        # Each of a hundred stretches of time keeps its smallest and its largest value.
        for begin in range(0, len(values), 500):
            part = values[begin : begin + 500]
            reach = [value.number for value in kept if part[0].time - 200 <= value.time <= part[-1].time + 200]
            self.assertLessEqual(min(reach), min(value.number for value in part))
            self.assertGreaterEqual(max(reach), max(value.number for value in part))

    def test_times_below_a_chart_do_not_run_into_each_other(self) -> None:
        for span in (0.5, 1, 7, 59, 60, 299, 300, 3600, 86_399, 10 * 86_400, 300 * 86_400, 3000 * 86_400):
            with self.subTest(span):
                step = plot.tick_step(span)
                self.assertLessEqual(span / int(step), 5)
                self.assertTrue(span < 5 or span / int(step) > 1.5, "and there are some")

    def test_few_values_are_all_kept(self) -> None:
        curve = plot.Curve(100)
        values = [plot.Value(float(second), second % 7.0) for second in range(100)]
        for value in values:
            curve.add(value)
        self.assertEqual(curve.values(), values)


class Numbers(unittest.TestCase):
    def test_number_and_unit(self) -> None:
        for payload, pointer, expected in (
            ("21.5", None, (21.5, "")),
            ('{"value":21.5,"unit":"°C","seq":1}', None, (21.5, "°C")),
            ('{"a":{"t":[1,2],"unit":"K"}}', "/a/t", None),
            ('{"a":{"t":3,"unit":"K"}}', "/a/t", (3.0, "K")),
            ('{"a":[5,6]}', "/a/1", (6.0, "")),
            ('{"x/y":1}', "/x~1y", (1.0, "")),
            ("true", None, None),
            ('"21"', None, None),
            ('{"value":"21"}', None, None),
            ("21.5", "/value", None),
            ("[1]", None, None),
            ("open", None, None),
        ):
            with self.subTest(payload=payload, pointer=pointer):
                self.assertEqual(plot.read_number(payload, pointer), expected)


class Plot(Scenario):
    def setUp(self) -> None:
        super().setUp()
        require_program("gnuplot")

    def plot(self, *arguments: object, exit_code: int = 0) -> str:
        done = subprocess.run([SCRIPT, *map(str, arguments)], cwd=self.work, capture_output=True, text=True,
                              timeout=60 * SLOWNESS)
        self.assertEqual(done.returncode, exit_code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def test_simulated_sensors(self) -> None:
        broker = self.start_broker()
        logger = self.start_logger(broker.port, "--simulate", "--interval", "50ms")
        self.wait_for_records(100, 30)
        self.assert_stops(logger)
        records, _ = self.read_both()
        self.assertIn(f"{len(records)} values of 6 topics", self.plot())
        picture = self.path("svg").read_text()
        for text in (*{record.topic for record in records}, "°C", "hPa", "lx", "</svg>"):
            self.assertTrue(text in picture, f"{text} is not in the picture")
        self.plot("-o", "other.png", "--value", "/seq", "--topic", "kitchen")
        self.assertTrue((self.work / "other.png").read_bytes().startswith(b"\x89PNG"))

    def test_hostile_topics_and_a_rotated_series(self) -> None:
        base = self.work / "data"
        topics = ['a"b', "c\\d", f"e`touch {self.work}/pwned`", "g'h", "'i", "''j''", "'", "k$l", "m%n",
                  "{/*i}", "x\ny", "@j^k_l"]
        rows = [f'2026-11-20T15:36:0{second}.000000Z,"{topic}",{second},json,1,false\n'.replace('a"b', 'a""b')
                for second in range(6) for topic in topics]
        Path(f"{base}.csv").write_text(HEADER + "".join(rows[:10]))
        Path(f"{base}-20261120T153601Z.csv.gz").write_bytes(gzip.compress((HEADER + "".join(rows[10:20])).encode()))
        Path(f"{base}-20261120T153601Z-2.csv").write_text(HEADER + "".join(rows[20:]))
        self.assertIn(f"{len(rows)} values of {len(topics)} topics", self.plot(base))
        self.assertFalse((self.work / "pwned").exists())
        picture = Path(f"{base}.svg").read_text()
        for text in (f"e`touch {self.work}/pwned`", "c\\d", "{/*i}", "@j^k_l", ">'i<", ">''j''<", "k$l", "m%n"):
            self.assertTrue(text in picture, f"{text} is not in the picture")

    def test_one_value_that_never_changes(self) -> None:
        (self.work / "one.csv").write_text(HEADER + "2026-11-20T15:36:01.000000Z,a,1,json,1,false\n")
        self.assertIn("1 values of 1 topics", self.plot("one.csv"))

    def test_nothing_to_draw(self) -> None:
        (self.work / "text.csv").write_text(HEADER + "2026-11-20T15:36:01.000000Z,a,x,text,1,false\n")
        self.assertIn("no numeric payloads", self.plot("text.csv", exit_code=1))
        self.assertIn("there is no", self.plot("none", exit_code=1))
        self.assertIn("must end in .svg or .png", self.plot("text.csv", "-o", "a.jpg", exit_code=2))

    def test_live_follows_the_file_while_it_grows(self) -> None:
        path = self.work / "live.csv"
        path.write_text(HEADER)
        output = self.directory / "live.stdout"
        with output.open("wb") as file:
            live = subprocess.Popen([SCRIPT, path, "--live", "--every", "0.05"], stdout=file, preexec_fn=die_with_parent,
                                    env={**os.environ, "COLUMNS": "40", "LINES": "12"})
        self.addCleanup(live.kill)
        wait_until(lambda: "no numeric payloads yet" in output.read_text(), 20, "the first screen")
        with path.open("a") as file:
            for second in range(9):
                file.write(f'2026-11-20T15:36:0{second}.000000Z,a/b,"{{""value"":{second},""unit"":""V""}}",json,1,false\n')
            file.write('2026-11-20T15:36:09.000000Z,a/b,"{""va')
        wait_until(lambda: "a/b  8 V  (0 … 8)" in output.read_text() and "█" in output.read_text(), 20, "the curve")
        with path.open("a") as file:
            file.write('lue"":20}",json,1,false\n')
        wait_until(lambda: "a/b  20 V  (0 … 20)" in output.read_text(), 20, "the value written in two pieces")
        live.send_signal(signal.SIGINT)
        self.assertEqual(live.wait(20 * SLOWNESS), 0)


if __name__ == "__main__":
    main()
