"""Real brokers other than Mosquitto, and Mosquitto as the others are: each on free ports of 127.0.0.1, in a folder of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from broker import Broker, Mosquitto
from certificates import Authority
from waiting import wait_until

USERNAME, PASSWORD = "logger", "secret"
REFUSED = "refused/#"  # the topic filter that USERNAME may not subscribe to


class RealBroker(Broker):
    """What one broker is like; a subclass tells how it is started. `authority` has signed its certificate."""

    has_mqtt_5 = True
    websocket_path = "/mqtt"
    survives_restart = True  # sessions are on its disk
    doubles_after_kill = False  # a redelivery comes under another identifier, or without the mark
    timeout = 90

    def __init__(self, directory: Path):
        super().__init__(directory)
        self.websocket_port, self.tls_port = self.reserve_port(), self.reserve_port()
        self.authority = Authority(directory / "certificates")
        self.certificate = self.authority.sign("broker")


class Aedes(RealBroker):
    """Node.js, in memory. BROKERS_FOLDER/aedes is made by scripts/test-brokers."""

    name = "aedes"
    has_mqtt_5 = False
    survives_restart = False
    doubles_after_kill = True

    def command(self) -> list[str]:
        server = Path(os.environ["BROKERS_FOLDER"]) / "aedes" / "server.js"
        return ["node", str(server), str(self.port), str(self.websocket_port), str(self.tls_port),
                str(self.certificate.certificate), str(self.certificate.key), USERNAME, PASSWORD, REFUSED]


class ErlangBroker(RealBroker):
    """Runs in a node of Erlang's, known to a name server (epmd) of its own."""

    def __init__(self, directory: Path):
        super().__init__(directory)
        self.node_port, self.epmd_port = self.reserve_port(), self.reserve_port()
        self.node = f"{self.name.lower()}{self.node_port}@localhost"

    def environment(self) -> dict[str, str]:
        return {"ERL_EPMD_PORT": str(self.epmd_port), "ERL_EPMD_ADDRESS": "127.0.0.1"}

    def kill(self) -> None:
        super().kill()
        # The start script changes the user, and with it the group of processes.
        subprocess.run(["pkill", "-KILL", "-f", f"beam.*{self.node}"], check=False)

    def close(self) -> None:
        super().close()
        subprocess.run(["epmd", "-port", str(self.epmd_port), "-kill"], capture_output=True, check=False)

    def _run(self, *command: str) -> subprocess.CompletedProcess:
        return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **self.environment()},
                              stdin=subprocess.DEVNULL, check=False, timeout=60)


class RabbitMq(ErlangBroker):
    name = "RabbitMQ"
    has_mqtt_5 = False  # before 3.13
    websocket_path = "/ws"
    doubles_after_kill = True

    def __init__(self, directory: Path):
        super().__init__(directory)
        self.home = directory  # where the cookie is by which nodes and their tools know each other
        self.config = [
            f"listeners.tcp.1 = 127.0.0.1:{self.reserve_port()}",
            f"mqtt.listeners.tcp.1 = 127.0.0.1:{self.port}",
            f"mqtt.listeners.ssl.1 = 127.0.0.1:{self.tls_port}",
            "web_mqtt.tcp.ip = 127.0.0.1",
            f"web_mqtt.tcp.port = {self.websocket_port}",
            f"ssl_options.certfile = {self.certificate.certificate}",
            f"ssl_options.keyfile = {self.certificate.key}",
            f"ssl_options.cacertfile = {self.authority.certificate}",
            "ssl_options.verify = verify_none",
            "mqtt.subscription_ttl = 86400000",
            f"default_user = {USERNAME}",
            f"default_pass = {PASSWORD}",
            "loopback_users.guest = false",
            "log.console.level = warning",
        ]

    def start(self) -> "RabbitMq":
        if not any(line.startswith("mqtt.allow_anonymous") for line in self.config):
            self.config.append("mqtt.allow_anonymous = false")
        (self.directory / "rabbitmq.conf").write_text("\n".join([*self.config, ""]))
        (self.directory / "enabled_plugins").write_text("[rabbitmq_mqtt,rabbitmq_web_mqtt].\n")
        super().start()
        # By routing key: a slash of the topic is a dot there.
        self.control("set_topic_permissions", USERNAME, "amq.topic", ".*", f"^(?!{REFUSED.removesuffix('/#')})")
        return self

    def control(self, *words: str) -> str:
        done = self._run("/usr/lib/rabbitmq/bin/rabbitmqctl", *words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def command(self) -> list[str]:
        return ["/usr/lib/rabbitmq/bin/rabbitmq-server"]

    def environment(self) -> dict[str, str]:
        folder = str(self.directory)
        return {**super().environment(), "HOME": str(self.home), "RABBITMQ_NODENAME": self.node,
                "RABBITMQ_MNESIA_BASE": folder + "/mnesia", "RABBITMQ_LOG_BASE": folder, "RABBITMQ_LOGS": "-",
                "RABBITMQ_CONFIG_FILE": folder + "/rabbitmq", "RABBITMQ_ENABLED_PLUGINS_FILE": folder + "/enabled_plugins",
                "RABBITMQ_DIST_PORT": str(self.node_port), "RABBITMQ_PID_FILE": folder + "/pid",
                "RABBITMQ_GENERATED_CONFIG_DIR": folder + "/generated", "RABBITMQ_CONF_ENV_FILE": folder + "/none"}


class Ejabberd(ErlangBroker):
    name = "ejabberd"
    survives_restart = False  # sessions are in memory by default

    def __init__(self, directory: Path):
        super().__init__(directory)
        listener = "    ip: 127.0.0.1\n    module: mod_mqtt\n    backlog: 1000\n"
        (directory / "ejabberd.yml").write_text(
            f"hosts:\n  - localhost\nloglevel: warning\nauth_method: internal\n"
            f"certfiles:\n  - {self.certificate.certificate}\n  - {self.certificate.key}\n"
            f"listen:\n  -\n    port: {self.port}\n{listener}"
            f"  -\n    port: {self.tls_port}\n    tls: true\n{listener}"
            f"  -\n    port: {self.websocket_port}\n    ip: 127.0.0.1\n    module: ejabberd_http\n"
            "    request_handlers:\n      /mqtt: mod_mqtt\n"
            "modules:\n  mod_mqtt:\n    max_queue: 100000\n    session_expiry: 1 hour\n"
            f"    access_subscribe:\n      \"{REFUSED}\":\n        - deny: all\n      \"#\":\n        - allow: all\n"
            "    access_publish:\n      \"#\":\n        - allow: all\n")

    def start(self) -> "Ejabberd":
        for path in (self.directory.parent, self.directory):
            path.chmod(0o755)
        for path in [self.directory, *self.directory.rglob("*")]:
            shutil.chown(path, "ejabberd", "ejabberd")
        super().start()
        wait_until(lambda: self._control("status").returncode == 0, 60, "ejabberd to run")
        self._control("register", USERNAME, "localhost", PASSWORD)
        return self

    def command(self) -> list[str]:
        return ["/usr/sbin/ejabberdctl", *self._options(), "foreground"]

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "EJABBERD_PID_PATH": str(self.directory / "pid")}

    def stop(self) -> None:
        self._control("stop")
        self._wait()

    def _options(self) -> list[str]:
        folder = str(self.directory)
        return ["--node", self.node, "--spool", folder, "--logs", folder,
                "--config", folder + "/ejabberd.yml", "--ctl-config", folder + "/none"]

    def _control(self, *words: str) -> subprocess.CompletedProcess:
        return self._run("/usr/sbin/ejabberdctl", *self._options(), *words)


class RealMosquitto(RealBroker, Mosquitto):
    """As in all other tests, with what these scenarios need."""

    def __init__(self, directory: Path):
        super().__init__(directory)
        passwords, access = directory / "passwords", directory / "access"
        subprocess.run(["mosquitto_passwd", "-b", "-c", str(passwords), USERNAME, PASSWORD], check=True, capture_output=True)
        access.write_text(f"user {USERNAME}\ntopic readwrite #\ntopic deny {REFUSED}\n")
        for path in (passwords, access):
            path.chmod(0o644)
        self.config += ["persistence true", "allow_anonymous false", f"password_file {passwords}", f"acl_file {access}",
                        f"listener {self.websocket_port} 127.0.0.1", "protocol websockets",
                        f"listener {self.tls_port} 127.0.0.1", f"certfile {self.certificate.certificate}",
                        f"keyfile {self.certificate.key}"]


BROKERS = {"mosquitto": RealMosquitto, "aedes": Aedes, "rabbitmq": RabbitMq, "ejabberd": Ejabberd}
