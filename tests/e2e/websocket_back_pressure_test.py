"""Back pressure through a WebSocket: while the logger cannot write, it takes nothing more from the broker, keeps little of it
in memory, and does not take the silence that follows for the broker's."""

import re
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import mqtt_packets as mqtt
from certificates import Authority, Certificate
from mqtt_packets import Message
from scenario import main
from small_disk import SmallDisk, is_full
from waiting import wait_until, wait_until_it_stays
from websocket_frames import BINARY, make_frame
from websocket_server import WebSocketPeer, WebSocketServer

_MESSAGES = 20_000
_PAYLOAD = 3000  # 60 MB in all: more than all buffers of the system between the broker and the logger
_KEEP_ALIVE = 2


class WebSocketBackPressure(SmallDisk):
    def run_flood(self, certificate: Certificate | None, *options: str) -> None:
        self.sent = 0

        def script(peer: WebSocketPeer, number: int) -> None:
            peer.upgrade()
            peer.accept()
            peer.answer_until_subscribed()
            for message in range(_MESSAGES):
                payload = str(message).encode().ljust(_PAYLOAD, b"x")
                peer.send_raw(make_frame(BINARY, mqtt.make_publish(Message("numbered/a", payload), 0, 5)))
                self.sent = message + 1
            peer.serve()

        server = WebSocketServer(script, certificate)
        self.addCleanup(server.close)
        logger = self.run_logger("--broker", f"{server.scheme}://localhost:{server.port}", *options, "--topic", "numbered/#",
                                 "--output", "disk/data", "--format", "csv", "--journal", "data.journal", "--journal-size",
                                 "64KiB", "--fsync", "no", "--keep-alive", f"{_KEEP_ALIVE}s").wait_until_subscribed()
        before = self.memory_of(logger.pid)
        wait_until_it_stays(lambda: is_full(logger.log), 20, "a journal that stays full")
        time.sleep(3 * _KEEP_ALIVE)
        self.assertLess(self.sent, _MESSAGES * 2 // 3, "nothing more is taken from the broker")
        self.assertLess(self.memory_of(logger.pid) - before, 8 * 1024, "KiB")
        self.assertEqual(logger.find("connection lost"), [], "it is not the broker that is silent")
        self.resize(self.disk, "100m")
        csv = self.disk / "data.csv"
        wait_until(lambda: csv.exists() and csv.read_bytes().count(b"\n") == _MESSAGES + 1, 60, "all records")
        self.assert_stops(logger)
        numbers = [int(line.split(b",")[2].rstrip(b"x")) for line in csv.read_bytes().splitlines()[1:]]
        self.assertEqual(numbers, list(range(_MESSAGES)))
        self.assertEqual(server.upgrades, 1)
        self.assertEqual(server.faults, [])

    @staticmethod
    def memory_of(pid: int) -> int:
        """In KiB."""
        status = Path(f"/proc/{pid}/status").read_text()
        return int(re.search(r"^VmRSS:\s+(\d+)", status, re.MULTILINE)[1])  # type: ignore[index]

    def test_plain(self) -> None:
        self.run_flood(None)

    def test_encrypted(self) -> None:
        authority = Authority(self.directory / "certificates")
        self.run_flood(authority.sign("server"), "--tls-ca", str(authority.certificate))


if __name__ == "__main__":
    main()
