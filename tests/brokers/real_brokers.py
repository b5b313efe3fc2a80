"""Real brokers other than Mosquitto, each on free ports of 127.0.0.1 in a folder of its own: start(), stop(), kill()."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from broker import Mosquitto, ReservedPort
from processes import die_with_parent
from waiting import wait_until

USERNAME, PASSWORD = "logger", "secret"
REFUSED = "refused/#"  # the topic filter that USERNAME may not subscribe to


class RealBroker:
    """What one broker is like; a subclass tells how it is started."""

    name = ""
    has_mqtt_5 = True
    has_websocket = True
    survives_restart = True  # sessions are on its disk
    doubles_after_kill = False  # a redelivery comes under another identifier, or without the mark

    def __init__(self, directory: Path):
        self.directory = directory
        self.directory.mkdir(parents=True)
        self._reserved = ReservedPort()
        self._websocket = ReservedPort()
        self.port, self.websocket_port = self._reserved.number, self._websocket.number
        self._process: subprocess.Popen | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        return {}

    def start(self) -> "RealBroker":
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(self.command(), cwd=self.directory, stdin=subprocess.DEVNULL, stdout=log,
                                             stderr=log, preexec_fn=self._prepare,
                                             env={**os.environ, **self.environment()})
        wait_until(self._accepts, 90, f"{self.name} to listen on port {self.port}")
        return self

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        self.stop()
        self.start()

    def close(self) -> None:
        self.kill()
        self._reserved.release()
        self._websocket.release()

    @staticmethod
    def _prepare() -> None:
        os.setsid()  # what it starts ends with it
        die_with_parent()

    def _accepts(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise RuntimeError(f"{self.name} has ended: {(self.directory / 'log').read_text(errors='replace')[-2000:]}")
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def _end(self, signal_number: int) -> None:
        if self._process is None:
            return
        if signal_number == signal.SIGKILL:
            os.killpg(self._process.pid, signal.SIGKILL)
        else:
            self._process.send_signal(signal_number)
        self._process.wait(60)
        self._process = None


class Aedes(RealBroker):
    """Node.js, in memory. BROKERS_FOLDER/aedes is made by scripts/test-brokers."""

    name = "aedes"
    has_mqtt_5 = False
    survives_restart = False
    doubles_after_kill = True

    def command(self) -> list[str]:
        server = Path(os.environ["BROKERS_FOLDER"]) / "aedes" / "server.js"
        return ["node", str(server), str(self.port), str(self.websocket_port), USERNAME, PASSWORD, REFUSED]


class RabbitMq(RealBroker):
    name = "RabbitMQ"
    has_mqtt_5 = False  # before 3.13
    doubles_after_kill = True

    def __init__(self, directory: Path):
        super().__init__(directory)
        self._amqp, self._node, self._epmd = ReservedPort(), ReservedPort(), ReservedPort()
        (directory / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self._amqp.number}\n"
            f"mqtt.listeners.tcp.1 = 127.0.0.1:{self.port}\n"
            f"web_mqtt.tcp.ip = 127.0.0.1\nweb_mqtt.tcp.port = {self.websocket_port}\n"
            f"mqtt.allow_anonymous = false\nmqtt.subscription_ttl = 86400000\n"
            f"default_user = {USERNAME}\ndefault_pass = {PASSWORD}\nloopback_users.guest = false\n"
            "log.console.level = warning\n")
        (directory / "enabled_plugins").write_text("[rabbitmq_mqtt,rabbitmq_web_mqtt].\n")

    def command(self) -> list[str]:
        return ["/usr/lib/rabbitmq/bin/rabbitmq-server"]

    def environment(self) -> dict[str, str]:
        folder = str(self.directory)
        return {"HOME": folder, "RABBITMQ_NODENAME": f"rabbit{self._node.number}@localhost",
                "RABBITMQ_MNESIA_BASE": folder + "/mnesia", "RABBITMQ_LOG_BASE": folder, "RABBITMQ_LOGS": "-",
                "RABBITMQ_CONFIG_FILE": folder + "/rabbitmq", "RABBITMQ_ENABLED_PLUGINS_FILE": folder + "/enabled_plugins",
                "RABBITMQ_DIST_PORT": str(self._node.number), "ERL_EPMD_PORT": str(self._epmd.number),
                "ERL_EPMD_ADDRESS": "127.0.0.1", "RABBITMQ_PID_FILE": folder + "/pid",
                "RABBITMQ_GENERATED_CONFIG_DIR": folder + "/generated", "RABBITMQ_CONF_ENV_FILE": folder + "/none"}

    def close(self) -> None:
        super().close()
        subprocess.run(["epmd", "-port", str(self._epmd.number), "-kill"], capture_output=True, check=False)
        for port in (self._amqp, self._node, self._epmd):
            port.release()


class Ejabberd(RealBroker):
    name = "ejabberd"
    survives_restart = False  # sessions are in memory by default
    doubles_after_kill = False

    def __init__(self, directory: Path):
        super().__init__(directory)
        self._node, self._epmd = ReservedPort(), ReservedPort()
        (directory / "ejabberd.yml").write_text(
            f"hosts:\n  - localhost\nloglevel: warning\nauth_method: internal\n"
            f"listen:\n  -\n    port: {self.port}\n    ip: 127.0.0.1\n    module: mod_mqtt\n    backlog: 1000\n"
            f"  -\n    port: {self.websocket_port}\n    ip: 127.0.0.1\n    module: ejabberd_http\n"
            "    request_handlers:\n      /mqtt: mod_mqtt\n"
            "modules:\n  mod_mqtt:\n    max_queue: 100000\n    session_expiry: 1 hour\n"
            f"    access_subscribe:\n      \"{REFUSED}\":\n        - deny: all\n      \"#\":\n        - allow: all\n"
            "    access_publish:\n      \"#\":\n        - allow: all\n")

    def start(self) -> "RealBroker":
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
        return {"ERL_EPMD_PORT": str(self._epmd.number), "ERL_EPMD_ADDRESS": "127.0.0.1",
                "EJABBERD_PID_PATH": str(self.directory / "pid")}

    def stop(self) -> None:
        self._control("stop")
        assert self._process is not None
        self._process.wait(60)
        self._process = None

    def close(self) -> None:
        super().close()
        subprocess.run(["epmd", "-port", str(self._epmd.number), "-kill"], capture_output=True, check=False)
        for port in (self._node, self._epmd):
            port.release()

    def _options(self) -> list[str]:
        folder = str(self.directory)
        return ["--node", f"ejabberd{self._node.number}@localhost", "--spool", folder, "--logs", folder,
                "--config", folder + "/ejabberd.yml", "--ctl-config", folder + "/none"]

    def _control(self, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run(["/usr/sbin/ejabberdctl", *self._options(), *words], capture_output=True, text=True,
                              env={**os.environ, **self.environment()}, stdin=subprocess.DEVNULL, check=False, timeout=60)


class MosquittoLike(Mosquitto):
    """The broker that all other tests use, with what these scenarios need."""

    name = "Mosquitto"
    has_mqtt_5, has_websocket, survives_restart, doubles_after_kill = True, True, True, False

    def __init__(self, directory: Path):
        websocket = ReservedPort()
        self.websocket_port = websocket.number
        folder = directory.parent
        passwords, access = folder / "passwords", folder / "access"
        subprocess.run(["mosquitto_passwd", "-b", "-c", str(passwords), USERNAME, PASSWORD], check=True, capture_output=True)
        access.write_text(f"user {USERNAME}\ntopic readwrite #\ntopic deny {REFUSED}\n")
        for path in (passwords, access):
            path.chmod(0o644)
        websocket.release()
        super().__init__(directory, "persistence true", "allow_anonymous false", f"password_file {passwords}",
                         f"acl_file {access}", f"listener {self.websocket_port} 127.0.0.1", "protocol websockets")


BROKERS = {"mosquitto": MosquittoLike, "aedes": Aedes, "rabbitmq": RabbitMq, "ejabberd": Ejabberd}
