#pragma once

#include "mqtt_logger/connection/connection_end.hpp"
#include "mqtt_logger/connection/websocket_answer.hpp"
#include "mqtt_logger/options/options.hpp"
#include "mqtt_logger/platform/network.hpp"

#include "broker_stream.hpp"

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace mqtt_logger {

/// Makes one connection to a broker, as far as it is not yet a WebSocket: looks the host up, tries its
/// addresses in order, asks the proxy if there is one, and shakes hands in TLS if that is asked for.
///
/// Threads: all by that of the io_context, which never waits. A look-up of a name cannot be interrupted, so
///          it has a thread of its own that may outlive this object; it touches nothing then.
/// Errors:  by `done`, which is called once.
class BrokerDialler {
 public:
  /// Nothing where the connection stands.
  using Done = std::function<void(std::optional<ConnectionEnd>)>;

  BrokerDialler(boost::asio::io_context& context, const Options& options, const BrokerAddress& broker,
                BrokerStream& stream);
  ~BrokerDialler();
  BrokerDialler(const BrokerDialler&) = delete;
  BrokerDialler& operator=(const BrokerDialler&) = delete;

  void start(Done done);

 private:
  struct NameLookup {
    std::mutex mutex;
    BrokerDialler* waiting = nullptr;  ///< guarded by the mutex; nothing once it has gone
  };

  void look_up(const std::string& host);
  void on_resolved(Resolution resolution);
  void try_next_address();
  void on_connected(const boost::system::error_code& error);
  void ask_proxy();
  void on_proxy_answer(const boost::system::error_code& error);
  void begin_tls();
  void fail(std::string reason, ConnectFailure failure = ConnectFailure::no_connection);

  boost::asio::io_context& context_;
  const Options& options_;
  const BrokerAddress& broker_;
  BrokerStream& stream_;
  Done done_;
  StepTimer timer_;
  std::shared_ptr<NameLookup> look_up_;
  std::optional<ProxyAddress> proxy_;
  std::string host_;  // of the proxy, or of the broker
  std::uint16_t port_ = 0;
  Resolution resolution_;
  std::size_t next_address_ = 0;
  std::string reasons_;  // of the addresses that were tried
  std::string proxy_request_;
  std::string proxy_answer_;
};

}  // namespace mqtt_logger
