"""TLS: who is trusted, who is not, and that the log says why."""

import socket
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from broker import Mosquitto
from certificates import Authority, Certificate, encrypt_key
from logger import Logger
from scenario import Scenario, main


class Tls(Scenario):
    def setUp(self) -> None:
        super().setUp()
        self.authority = Authority(self.directory / "certificates")

    def start_tls_broker(self, certificate: Certificate, *config: str) -> Mosquitto:
        """Its only listener speaks TLS."""
        return self.start_broker(f"certfile {certificate.certificate}", f"keyfile {certificate.key}", *config)

    def run_tls_logger(self, port: int, *options: str, host: str = "localhost", authority: Path | None = None) -> Logger:
        trusted = authority or self.authority.certificate
        return self.run_logger("--broker", f"mqtts://{host}:{port}", "--tls-ca", str(trusted), *options)

    def assert_connects(self, port: int, *options: str, **where: object) -> None:
        logger = self.run_tls_logger(port, *options, **where).wait_until_subscribed()  # type: ignore[arg-type]
        self.assert_stops(logger)

    def assert_says(self, logger: Logger, text: str) -> None:
        self.assert_all_say([(logger, text)])

    def assert_all_say(self, cases: list[tuple[Logger, str]]) -> None:
        """All at once, because most of the time is waiting; each logger needs an output of its own."""
        for logger, text in cases:
            with self.subTest(text):
                logger.wait_for(text, 20)
                self.assertTrue(logger.is_running(), "it goes on trying")
                self.assertEqual(logger.find("subscribed to"), [])
        for logger, _ in cases:
            logger.send_line("q")
        for logger, _ in cases:
            self.assertEqual(logger.wait(30), 0)

    def test_messages_come_through(self) -> None:
        server = self.authority.sign("server")
        for version in ("5", "3.1.1"):
            with self.subTest(version=version):
                broker = self.start_tls_broker(server)
                logger = self.run_tls_logger(broker.port, "--mqtt-version", version, "--simulate", "--interval", "20ms",
                                             "--output", version).wait_until_subscribed()
                self.wait_for_records(50, output=version)
                broker.restart()
                logger.wait_for("subscribed to", 20, count=2)
                self.wait_for_records(60, 20, output=version)
                self.assert_stops(logger)

    def test_names_and_folders_of_authorities(self) -> None:
        broker = self.start_tls_broker(self.authority.sign("server"))
        self.assert_connects(broker.port, host="127.0.0.1")
        self.assert_connects(broker.port, authority=self.authority.make_folder())
        both = self.directory / "both.pem"
        both.write_bytes(Authority(self.directory / "other", "another").certificate.read_bytes()
                         + self.authority.certificate.read_bytes())
        self.assert_connects(broker.port, authority=both)

    def test_untrusted_brokers(self) -> None:
        stranger = Authority(self.directory / "stranger", "stranger")
        cases = {
            "unknown authority": (stranger.sign("server"), "unknown authority .*--tls-ca"),
            "expired": (self.authority.sign("expired", days=-1), "certificate has expired"),
            "other host": (self.authority.sign("other", "DNS:broker.example"), "is for another host than localhost"),
        }
        brokers = {name: self.start_tls_broker(certificate) for name, (certificate, _) in cases.items()}
        self.assert_all_say([(self.run_tls_logger(brokers[name].port, "--output", name), text)
                             for name, (_, text) in cases.items()])
        for name, broker in brokers.items():
            with self.subTest(name):
                logger = self.run_logger("--broker", f"mqtts://localhost:{broker.port}", "--tls-insecure")
                logger.wait_until_subscribed()
                self.assertEqual(len(logger.find("warning.*--tls-insecure: the broker's certificate is not checked")), 1)
                self.assert_stops(logger)
        with self.subTest("the system's authorities"):
            broker = self.start_tls_broker(self.authority.sign("server"))
            self.assert_says(self.run_logger("--broker", f"mqtts://localhost:{broker.port}"), "unknown authority")
            known = self.run_logger("--broker", f"mqtts://localhost:{broker.port}",
                                    environment={"SSL_CERT_FILE": str(self.authority.certificate)})
            self.assert_stops(known.wait_until_subscribed())

    def test_not_tls(self) -> None:
        self.assert_says(self.run_tls_logger(self.start_broker().port), "right port")
        with socket.create_server(("127.0.0.1", 0)) as web:
            port = web.getsockname()[1]
        self.assert_says(self.run_tls_logger(port), "nothing listens at port")

    def test_client_certificates(self) -> None:
        server, client = self.authority.sign("server"), self.authority.sign("client")
        stranger = Authority(self.directory / "stranger", "stranger").sign("client")
        expired = self.authority.sign("expired", days=-1)
        for tls_version in ("tlsv1.3", "tlsv1.2"):
            with self.subTest(tls_version):
                broker = self.start_tls_broker(server, f"cafile {self.authority.certificate}", "require_certificate true",
                                               f"tls_version {tls_version}")
                good = ("--tls-cert", str(client.certificate), "--tls-key", str(client.key))
                self.assert_connects(broker.port, *good)
                cases = [(self.run_tls_logger(broker.port, "--output", "none"), "asks? for a client certificate")]
                for refused, text in ((stranger, "does not know its authority"), (expired, "it has expired")):
                    logger = self.run_tls_logger(broker.port, "--tls-cert", str(refused.certificate), "--tls-key",
                                                 str(refused.key), "--output", refused.key.stem + text[:8])
                    cases.append((logger, f"refuses our certificate.*{text}"))
                self.assert_all_say(cases)
        password = self.directory / "password"
        password.write_text("for the key\n")
        password.chmod(0o600)
        self.assert_connects(broker.port, "--tls-cert", str(client.certificate), "--tls-key",
                             str(encrypt_key(client.key, "for the key")), "--tls-key-password-file", str(password))
        together = self.directory / "together.pem"
        together.write_bytes(client.certificate.read_bytes() + client.key.read_bytes())
        self.assert_connects(broker.port, "--tls-cert", str(together))

    def test_files_that_cannot_be_used(self) -> None:
        one, two = self.authority.sign("one"), self.authority.sign("two")
        encrypted = encrypt_key(one.key, "word")
        wrong = self.directory / "wrong"
        wrong.write_text("no certificate\n")
        wrong.chmod(0o600)
        empty = self.directory / "empty"
        empty.mkdir()
        certificate = ("--tls-cert", str(one.certificate))
        for options, text in (
            (("--tls-ca", "missing.pem"), "--tls-ca missing.pem: must be a file that can be read: No such file"),
            (("--tls-ca", str(wrong)), "must hold certificates in PEM format"),
            (("--tls-ca", str(empty)), "run openssl rehash"),
            (("--tls-cert", "missing.pem"), "--tls-cert missing.pem: must be a file that can be read"),
            (("--tls-cert", str(wrong)), "must hold a certificate in PEM format"),
            (certificate, f"--tls-cert {one.certificate}: must hold a private key"),
            ((*certificate, "--tls-key", "missing.key"), "--tls-key missing.key: must be a file that can be read"),
            ((*certificate, "--tls-key", str(two.key)), f"must be the key of the certificate in {one.certificate}"),
            ((*certificate, "--tls-key", str(wrong)), "must hold a private key in PEM format"),
            ((*certificate, "--tls-key", str(encrypted)), "is encrypted; its password must be given with"),
            ((*certificate, "--tls-key", str(encrypted), "--tls-key-password-file", str(wrong)), "cannot be decrypted"),
        ):
            with self.subTest(text):
                logger = self.run_logger("--broker", "mqtts://localhost:1", *options)
                self.assertEqual(logger.wait(), 2)
                self.assertIn(text, logger.log)
                self.assertEqual(len(logger.log.splitlines()), 1)
                self.assertEqual(list(self.work.iterdir()), [], "nothing is created")

    def test_protocols_and_old_versions(self) -> None:
        server = self.authority.sign("server")
        for options, text in ((("-alpn", "x-amzn-mqtt-ca"), "ALPN protocols selected: x-amzn-mqtt-ca"),
                              (("-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0"), "unsupported protocol|wrong version|alert")):
            with self.subTest(text), socket.create_server(("127.0.0.1", 0)) as reserved:
                port = reserved.getsockname()[1]
                reserved.close()
                output = self.directory / f"server-{port}.stdout"
                with output.open("wb") as file:
                    peer = subprocess.Popen(["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert",
                                             str(server.certificate), "-key", str(server.key), *options],
                                            stdin=subprocess.PIPE, stdout=file, stderr=file)
                try:
                    logger = self.run_tls_logger(port, "--tls-alpn", "mqtt", "--tls-alpn", "x-amzn-mqtt-ca")
                    self.wait_for_output(output, text)
                    logger.kill()
                finally:
                    peer.kill()
                    peer.wait()

    def wait_for_output(self, path: Path, pattern: str) -> None:
        import re

        from waiting import wait_until
        wait_until(lambda: re.search(pattern, path.read_text(errors="replace")), 20, f"{pattern!r} from openssl s_server")


if __name__ == "__main__":
    main()
