#pragma once

#include "mqtt_logger/connection/connection_end.hpp"
#include "mqtt_logger/options/options.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace mqtt_logger {

/// One WebSocket to a broker, and in front of it a plain TCP connection on this machine for the client
/// library, whose own WebSocket code mixes up the bytes of connections: it keeps the state of a frame once
/// for the process. Framing is Beast's, TLS OpenSSL's, both with the options that the library would have got.
///
/// Each attempt to connect has a bridge of its own, so the bytes of one connection never meet those of
/// another. It takes one connection at 127.0.0.1, at a port that the system chooses, and only one whose other
/// end this process holds; everything else is turned away, and the port is closed as soon as that one is
/// there. Another user's process can make an attempt to connect fail, by filling the queue of the port before
/// we come to it; the next attempt has another port. It cannot take the connection, nor speak to the broker
/// in our name, nor to us in the broker's name; who is allowed to read the loopback interface (root) can read
/// along, as he could read our memory.
///
/// Threads: the functions by the owner and failure() by any; everything else by a thread of its own, which
///          waits for nothing but its io_context.
/// Owns:    both connections, and at most 256 KiB in each direction: where one side does not take, nothing is
///          read from the other. What the broker has sent before it closes is handed on before the library
///          gets to know of it.
/// Errors:  the constructor throws std::system_error (no port, no thread). Everything later ends the
///          library's connection, and failure() says why.
class WebSocketBridge {
 public:
  /// `keep_alive`: of the connection; once the broker has answered, it is ended when nothing has come for
  /// one and a half of it, unless `is_held_up` says each time that we do not read ourselves; zero: never.
  WebSocketBridge(const Options& options, const BrokerAddress& broker, std::chrono::seconds keep_alive,
                  std::function<bool()> is_held_up = {});
  /// When the client is gone: sends what it has left for the broker, and closes the WebSocket in order, but
  /// waits no longer than a second for that.
  ~WebSocketBridge();
  WebSocketBridge(const WebSocketBridge&) = delete;
  WebSocketBridge& operator=(const WebSocketBridge&) = delete;

  /// Where the client library finds it.
  [[nodiscard]] std::string uri() const;
  /// Why there is no connection to the broker; nothing as long as there is one, or none was asked for, or the
  /// client has ended it.
  [[nodiscard]] std::optional<ConnectionEnd> failure() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// A bridge if the broker is reached by WebSocket.
[[nodiscard]] std::unique_ptr<WebSocketBridge> make_bridge(const Options& options,
                                                           const BrokerAddress& broker,
                                                           std::chrono::seconds keep_alive,
                                                           std::function<bool()> is_held_up = {});

}  // namespace mqtt_logger
