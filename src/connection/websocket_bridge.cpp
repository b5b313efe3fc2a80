#include "mqtt_logger/connection/websocket_bridge.hpp"

#include "mqtt_logger/connection/silence.hpp"
#include "mqtt_logger/connection/websocket_answer.hpp"
#include "mqtt_logger/log/log.hpp"
#include "mqtt_logger/options/secrets.hpp"
#include "mqtt_logger/platform/network.hpp"

#include "broker_dialler.hpp"
#include "broker_stream.hpp"
#include "byte_ring.hpp"
#include "tls_diagnosis.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket/error.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <boost/system/system_error.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace mqtt_logger {
namespace {

namespace net = boost::asio;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;
using net::ip::tcp;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kBufferBytes = std::size_t{256} * 1024;  // in each direction
constexpr std::size_t kFlushBytes = std::size_t{64} * 1024;    // so much is worth a write of its own
constexpr auto kExitLimit = 1s;
/// A message of MQTT has at most 268,435,460 bytes (MQTT 5, section 2.1.4), and a broker may put others
/// behind it into the same message of the WebSocket.
constexpr std::uint64_t kMaximumMessageBytes = std::uint64_t{512} * 1024 * 1024;

std::chrono::seconds in_seconds(std::chrono::milliseconds duration) {
  return std::chrono::ceil<std::chrono::seconds>(duration);
}

std::string make_host_field(const BrokerAddress& broker) {
  std::string host = broker.host.substr(0, broker.host.find('%'));  // without the zone of an IPv6 address
  if (host.find(':') != std::string::npos) host = fmt::format("[{}]", host);
  return broker.port == default_port(broker.transport) ? host : fmt::format("{}:{}", host, broker.port);
}

HttpAnswer to_answer(const websocket::response_type& response) {
  const auto field = [&response](http::field name) {
    const auto value = response[name];
    return std::string{value.data(), value.size()};
  };
  return {response.result_int(), field(http::field::location), field(http::field::sec_websocket_protocol),
          field(http::field::sec_websocket_extensions)};
}

bool is_closed(const error_code& error) {
  return error == net::error::eof || error == net::error::connection_reset ||
         error == net::error::broken_pipe || error == net::error::connection_aborted ||
         error == net::ssl::error::stream_truncated || error == http::error::end_of_stream ||
         error == http::error::partial_message;
}

}  // namespace

/// Threads: the constructor, the destructor and what is said so by the owner; everything else by the thread
///          of run().
class WebSocketBridge::Impl {
 public:
  Impl(const Options& options, const BrokerAddress& broker, std::chrono::seconds keep_alive,
       std::function<bool()> is_held_up);
  ~Impl();

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }  // any thread
  [[nodiscard]] std::optional<ConnectionEnd> failure() const {         // any thread
    const std::lock_guard lock{mutex_};
    return failure_;
  }

 private:
  void run() noexcept;
  void accept();
  void upgrade();
  void on_upgraded(const error_code& error);
  void begin();
  void read_broker();
  void on_broker_data(const error_code& error, std::size_t count);
  void flush_to_client();
  void write_to_client();
  void read_client();
  void on_client_data(const error_code& error, std::size_t count);
  void write_to_broker();
  void wait_for_end();
  void watch();
  [[nodiscard]] std::string describe(const error_code& error);
  void note_end(ConnectFailure failure, std::string reason);
  void end(ConnectFailure failure, std::string reason);
  void end_when_handed_on();
  void discard();
  void leave();

  const Options options_;
  const BrokerAddress broker_;
  const std::function<bool()> is_held_up_;
  net::io_context context_{1};
  net::executor_work_guard<net::io_context::executor_type> work_{context_.get_executor()};
  net::basic_socket_acceptor<tcp, net::io_context::executor_type> acceptor_;
  std::uint16_t port_ = 0;
  TcpSocket client_;
  websocket::stream<BrokerStream, false> websocket_;  // false: no permessage-deflate
  BrokerDialler dialler_;
  StepTimer step_timer_;
  StepTimer watch_timer_;
  websocket::response_type response_;

  ByteRing to_client_{kBufferBytes};
  ByteRing to_broker_{kBufferBytes};
  bool is_open_ = false;  // the WebSocket
  bool is_reading_broker_ = false;
  bool is_writing_client_ = false;
  bool is_flush_posted_ = false;
  bool is_writing_broker_ = false;
  bool is_reading_client_ = false;
  bool is_client_gone_ = false;
  bool is_ending_ = false;
  bool is_leaving_ = false;
  bool is_end_awaited_ = false;
  bool is_stranger_reported_ = false;
  unsigned frames_ = 0;  // read from the broker
  unsigned frames_at_flush_ = 0;
  std::array<char, 1024> discarded_{};
  Silence silence_;

  mutable std::mutex mutex_;  // guards failure_
  std::optional<ConnectionEnd> failure_;
  std::thread thread_;  // last: it uses everything above
};

WebSocketBridge::Impl::Impl(const Options& options, const BrokerAddress& broker,
                            std::chrono::seconds keep_alive, std::function<bool()> is_held_up)
    : options_{options},
      broker_{broker},
      is_held_up_{std::move(is_held_up)},
      acceptor_{context_, tcp::endpoint{net::ip::address_v4::loopback(), 0}, false},
      client_{context_},
      websocket_{context_},
      dialler_{context_, options_, broker_, websocket_.next_layer()},
      step_timer_{context_},
      watch_timer_{context_},
      silence_{options.connect_timeout, keep_alive} {
  port_ = acceptor_.local_endpoint().port();
  step_timer_.start(options_.connect_timeout, [this] {
    end(ConnectFailure::no_connection,
        fmt::format("the connection to 127.0.0.1:{}, on this machine, cannot be made", port_));
  });
  accept();
  thread_ = std::thread{[this] { run(); }};
}

WebSocketBridge::Impl::~Impl() {
  net::post(context_, [this] {
    if (is_open_ && !is_ending_) {
      step_timer_.start(kExitLimit, [this] { context_.stop(); });
    } else {
      context_.stop();
    }
  });
  thread_.join();
}

void WebSocketBridge::Impl::run() noexcept {
  try {
    context_.run();
  } catch (const std::exception& error) {
    try {
      note_end(ConnectFailure::no_connection, error.what());
    } catch (const std::exception&) {  // no memory at all: it ends without a reason
    }
  }
  error_code ignored;
  acceptor_.close(ignored);
  client_.close(ignored);
}

void WebSocketBridge::Impl::accept() {
  acceptor_.async_accept(client_, [this](const error_code& error) {
    if (error) {
      if (!is_ending_) end(ConnectFailure::no_connection, error.message());
      return;
    }
    error_code ignored;
    const auto peer = client_.remote_endpoint(ignored);
    if (!has_loopback_connection(peer.port(), port_)) {
      if (!std::exchange(is_stranger_reported_, true))
        log::warning("another process has connected to 127.0.0.1:{}, which is for this one alone", port_);
      client_.close(ignored);
      accept();
      return;
    }
    acceptor_.close(ignored);
    step_timer_.finish();
    client_.set_option(tcp::no_delay{true}, ignored);
    client_.set_option(net::socket_base::send_buffer_size{static_cast<int>(kBufferBytes)}, ignored);
    dialler_.start([this](std::optional<ConnectionEnd> failure) {
      if (failure) {
        end(failure->failure, std::move(failure->reason));
      } else {
        upgrade();
      }
    });
  });
}

void WebSocketBridge::Impl::upgrade() {
  websocket_.set_option(websocket::stream_base::decorator{
      [headers = read_headers(options_.websocket_headers)](websocket::request_type& request) {
        request.set(http::field::sec_websocket_protocol, "mqtt");
        for (const WebSocketHeader& header : headers) request.insert(header.name, header.value);
      }});
  websocket_.binary(true);
  websocket_.auto_fragment(false);
  websocket_.write_buffer_bytes(kFlushBytes);
  websocket_.read_message_max(kMaximumMessageBytes);
  step_timer_.start(options_.connect_timeout, [this] { beast_close_socket(websocket_.next_layer()); });
  websocket_.async_handshake(response_, make_host_field(broker_), broker_.path,
                             [this](const error_code& error) { on_upgraded(error); });
}

void WebSocketBridge::Impl::on_upgraded(const error_code& error) {
  if (step_timer_.finish()) {
    end(ConnectFailure::no_connection,
        fmt::format("it takes the connection, and does not answer within {} s, or there is no WebSocket at "
                    "this path",
                    in_seconds(options_.connect_timeout).count()));
  } else if (error && error != websocket::error::upgrade_declined) {
    end(ConnectFailure::no_connection,
        is_closed(error)
            ? "it closes the connection instead of an answer to the request for a WebSocket; is it the right "
              "port (TLS: wss://), and the right path?"
        : error == http::error::body_limit   ? "its answer is larger than 8 MiB"
        : error == http::error::header_limit ? "the head of its answer is larger than 8 KiB"
        : error.category() == http::make_error_code(http::error::end_of_stream).category()
            ? "what answers there is no HTTP, and so no WebSocket; is it the right port?"
            : describe(error));
  } else if (auto fault = find_upgrade_fault(to_answer(response_))) {
    end(ConnectFailure::no_connection, std::move(*fault));
  } else {
    begin();
  }
}

void WebSocketBridge::Impl::begin() {
  is_open_ = true;
  silence_.begin(Clock::now());
  read_broker();
  read_client();
  watch();
}

void WebSocketBridge::Impl::read_broker() {
  const auto space = to_client_.free_space();
  if (is_reading_broker_ || is_ending_ || is_leaving_ || space.empty()) return;
  is_reading_broker_ = true;
  websocket_.async_read_some(
      net::buffer(space.data(), space.size()),
      [this](const error_code& error, std::size_t count) { on_broker_data(error, count); });
}

void WebSocketBridge::Impl::on_broker_data(const error_code& error, std::size_t count) {
  is_reading_broker_ = false;
  if (is_leaving_ || is_ending_) return;
  if (error) {
    end(is_closed(error) || error == websocket::error::closed ? ConnectFailure::closed
                                                              : ConnectFailure::no_connection,
        describe(error));
    return;
  }
  if (websocket_.got_text()) {
    end(ConnectFailure::no_connection,
        "the broker breaks the protocol: a text frame, where MQTT has binary ones only");
    return;
  }
  to_client_.commit(count);
  if (count > 0) ++frames_;
  read_broker();
  flush_to_client();
}

/// Many frames that have come together go to the client in one piece: not before there is nothing more to
/// read at once.
void WebSocketBridge::Impl::flush_to_client() {
  if (is_writing_client_ || is_flush_posted_ || to_client_.is_empty()) return;
  is_flush_posted_ = true;
  frames_at_flush_ = frames_;
  net::post(context_, [this] {
    is_flush_posted_ = false;
    if (frames_ != frames_at_flush_ && to_client_.size() < kFlushBytes) {
      flush_to_client();
    } else {
      write_to_client();
    }
  });
}

void WebSocketBridge::Impl::write_to_client() {
  const auto content = to_client_.content();
  if (is_writing_client_ || content.empty()) return;
  is_writing_client_ = true;
  client_.async_write_some(net::buffer(content.data(), content.size()),
                           [this](const error_code& error, std::size_t count) {
                             is_writing_client_ = false;
                             if (error) {
                               is_client_gone_ = true;
                               leave();
                               return;
                             }
                             to_client_.consume(count);
                             read_broker();
                             if (is_ending_) {
                               end_when_handed_on();
                             } else {
                               flush_to_client();
                             }
                           });
}

void WebSocketBridge::Impl::read_client() {
  const auto space = to_broker_.free_space();
  if (is_reading_client_ || is_ending_ || is_client_gone_ || space.empty()) return;
  is_reading_client_ = true;
  client_.async_read_some(
      net::buffer(space.data(), space.size()),
      [this](const error_code& error, std::size_t count) { on_client_data(error, count); });
}

void WebSocketBridge::Impl::on_client_data(const error_code& error, std::size_t count) {
  is_reading_client_ = false;
  is_client_gone_ = is_client_gone_ || error;
  if (is_ending_) {
    end_when_handed_on();
    return;
  }
  to_broker_.commit(count);
  write_to_broker();
  if (is_client_gone_) {
    leave();
  } else {
    read_client();
  }
}

void WebSocketBridge::Impl::write_to_broker() {
  const auto content = to_broker_.content();
  if (is_writing_broker_ || is_ending_ || content.empty()) return;
  is_writing_broker_ = true;
  websocket_.async_write(net::buffer(content.data(), std::min(content.size(), kFlushBytes)),
                         [this](const error_code& error, std::size_t count) {
                           is_writing_broker_ = false;
                           if (error) {
                             end(ConnectFailure::closed, describe(error));
                             return;
                           }
                           to_broker_.consume(count);
                           if (websocket_.next_layer().has_failed_to_write()) wait_for_end();
                           write_to_broker();
                           if (is_client_gone_) {
                             leave();
                           } else {
                             read_client();
                           }
                         });
}

/// The broker takes nothing more. What it sent before that is read, up to the end of the connection, which
/// ought to be there already.
void WebSocketBridge::Impl::wait_for_end() {
  if (is_ending_ || is_leaving_ || std::exchange(is_end_awaited_, true)) return;
  step_timer_.start(kExitLimit, [this, frames = frames_] {
    is_end_awaited_ = false;
    if (frames != frames_ || !to_client_.is_empty()) {
      wait_for_end();
    } else {
      end(ConnectFailure::closed, describe(net::error::connection_reset));
    }
  });
}

/// The silence of the broker: it has a limit for its first answer, and then the keep alive.
void WebSocketBridge::Impl::watch() {
  watch_timer_.start(silence_.interval(), [this] {
    if (is_ending_ || is_leaving_) return;
    const bool is_ours = !to_client_.is_empty() || is_writing_client_ || (is_held_up_ && is_held_up_());
    if (const auto lasted = silence_.check(Clock::now(), frames_, is_ours)) {
      end(ConnectFailure::silent, silence_.describe(*lasted));
      return;
    }
    watch();
  });
}

std::string WebSocketBridge::Impl::describe(const error_code& error) {
  if (error == websocket::error::closed) {
    const auto& reason = websocket_.reason();
    const unsigned code = reason.code == websocket::close_code::none ? 0 : reason.code;
    return describe_close(code, {reason.reason.data(), reason.reason.size()});
  }
  if (error.category() == net::error::get_ssl_category())
    return describe_tls_failure(websocket_.next_layer().tls(), static_cast<unsigned>(error.value()), broker_,
                                options_.tls);
  if (is_closed(error)) return "the broker, or what is before it, has closed the connection";
  if (error == websocket::condition::protocol_violation)
    return "the broker breaks the protocol of WebSocket: " + error.message();
  return error.message();
}

void WebSocketBridge::Impl::note_end(ConnectFailure failure, std::string reason) {
  const std::lock_guard lock{mutex_};
  if (!failure_) failure_ = ConnectionEnd{failure, std::move(reason)};
}

void WebSocketBridge::Impl::end(ConnectFailure failure, std::string reason) {
  if (std::exchange(is_ending_, true)) return;
  if (!is_client_gone_) note_end(failure, std::move(reason));
  step_timer_.finish();
  watch_timer_.finish();
  beast_close_socket(websocket_.next_layer());
  end_when_handed_on();
}

/// What the broker sent before it closed is not lost: neither here, nor by a RST, which the client would get
/// for what it still says to us. So its end comes first.
void WebSocketBridge::Impl::end_when_handed_on() {
  if (is_client_gone_ || !client_.is_open()) {
    context_.stop();
  } else if (!to_client_.is_empty()) {
    write_to_client();
  } else {
    error_code ignored;
    client_.shutdown(tcp::socket::shutdown_send, ignored);
    discard();
  }
}

void WebSocketBridge::Impl::discard() {
  if (std::exchange(is_reading_client_, true)) return;
  client_.async_read_some(net::buffer(discarded_), [this](const error_code& error, std::size_t) {
    is_reading_client_ = false;
    if (error) {
      context_.stop();
    } else {
      discard();
    }
  });
}

/// The client has gone: as soon as everything it has sent is with the broker, so do we.
void WebSocketBridge::Impl::leave() {
  if (is_ending_ || !is_open_) {
    context_.stop();
    return;
  }
  if (is_leaving_ || is_writing_broker_ || is_reading_client_ || !to_broker_.is_empty()) return;
  is_leaving_ = true;
  step_timer_.start(kExitLimit, [this] { context_.stop(); });
  websocket_.async_close(websocket::close_code::normal, [this](const error_code&) { context_.stop(); });
}

WebSocketBridge::WebSocketBridge(const Options& options, const BrokerAddress& broker,
                                 std::chrono::seconds keep_alive, std::function<bool()> is_held_up) {
  try {
    impl_ = std::make_unique<Impl>(options, broker, keep_alive, std::move(is_held_up));
  } catch (const boost::system::system_error& error) {  // which is none of the standard library's
    throw std::system_error{error.code(), "no connection within this machine"};
  }
}

WebSocketBridge::~WebSocketBridge() = default;

std::string WebSocketBridge::uri() const {
  return fmt::format("tcp://127.0.0.1:{}", impl_->port());
}

std::optional<ConnectionEnd> WebSocketBridge::failure() const {
  return impl_->failure();
}

std::unique_ptr<WebSocketBridge> make_bridge(const Options& options, const BrokerAddress& broker,
                                             std::chrono::seconds keep_alive,
                                             std::function<bool()> is_held_up) {
  if (!is_websocket(broker.transport)) return nullptr;
  return std::make_unique<WebSocketBridge>(options, broker, keep_alive, std::move(is_held_up));
}

}  // namespace mqtt_logger
