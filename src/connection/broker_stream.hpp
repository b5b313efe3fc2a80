#pragma once

#include "tls_context.hpp"

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/role.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <utility>

// Only for the two sources that speak with the network by Asio: its headers take long to compile.

namespace mqtt_logger {

using TcpSocket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

/// The connection to a broker, plain or in TLS, as Beast wants what lies below a WebSocket.
///
/// After a failed write Beast reads nothing more, but what the broker sent before it closed may still lie in
/// the socket: so a failure is kept from Beast, and asked for by has_failed_to_write(). Whoever reads on gets
/// to the end of the connection.
///
/// Threads: one, that of its io_context.
class BrokerStream {
 public:
  using executor_type = TcpSocket::executor_type;

  explicit BrokerStream(boost::asio::io_context& context) : socket_{context} {}

  [[nodiscard]] executor_type get_executor() noexcept { return socket_.get_executor(); }
  [[nodiscard]] TcpSocket& socket() noexcept { return socket_; }

  /// From now on everything goes through TLS; its handshake is the caller's.
  boost::asio::ssl::stream<TcpSocket&>& begin_tls(TlsContext context) {
    // Asio takes what stands there for an object of its own, and deletes it.
    SSL_CTX_set_default_passwd_cb_userdata(context.get(), nullptr);
    context_.emplace(context.release());
    return tls_.emplace(socket_, *context_);
  }
  /// Nothing where no TLS is spoken.
  [[nodiscard]] SSL* tls() noexcept { return tls_ ? tls_->native_handle() : nullptr; }
  [[nodiscard]] bool has_failed_to_write() const noexcept { return has_failed_to_write_; }

  template <typename Buffers, typename Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    if (tls_) {
      tls_->async_read_some(buffers, std::forward<Handler>(handler));
    } else {
      socket_.async_read_some(buffers, std::forward<Handler>(handler));
    }
  }
  template <typename Buffers, typename Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    const std::size_t size = boost::asio::buffer_size(buffers);
    auto on_written = [this, size, handler = std::forward<Handler>(handler)](
                          const boost::system::error_code& error, std::size_t count) mutable {
      // We close it ourselves only where nothing more is to be read.
      has_failed_to_write_ =
          has_failed_to_write_ || (error && error != boost::asio::error::operation_aborted);
      if (has_failed_to_write_) {
        handler(boost::system::error_code{}, size);
      } else {
        handler(error, count);
      }
    };
    if (has_failed_to_write_) {
      boost::asio::post(get_executor(),
                        boost::beast::bind_handler(std::move(on_written), boost::system::error_code{}, size));
    } else if (tls_) {
      tls_->async_write_some(buffers, std::move(on_written));
    } else {
      socket_.async_write_some(buffers, std::move(on_written));
    }
  }

 private:
  TcpSocket socket_;
  bool has_failed_to_write_ = false;
  std::optional<boost::asio::ssl::context> context_;
  std::optional<boost::asio::ssl::stream<TcpSocket&>> tls_;
};

// What Beast does with the stream when a WebSocket has ended: nothing, because its owner closes it, and does
// not wait for the other side, which may never answer.
template <typename Handler>
void async_teardown(boost::beast::role_type, BrokerStream& stream, Handler&& handler) {
  boost::asio::post(stream.get_executor(),
                    boost::beast::bind_handler(std::forward<Handler>(handler), boost::system::error_code{}));
}
inline void teardown(boost::beast::role_type, BrokerStream&, boost::system::error_code& error) {
  error = {};
}
inline void beast_close_socket(BrokerStream& stream) {
  boost::system::error_code ignored;
  stream.socket().close(ignored);
}

/// For how long one step of a connection may take.
///
/// Threads: that of its io_context.
class StepTimer {
 public:
  explicit StepTimer(boost::asio::io_context& context) : timer_{context} {}

  /// If finish() is not called in time, `on_late` is.
  void start(std::chrono::milliseconds limit, std::function<void()> on_late) {
    is_late_ = false;
    timer_.expires_after(limit);
    timer_.async_wait([this, step = ++step_, on_late = std::move(on_late)](const auto& error) {
      if (error || step != step_) return;
      is_late_ = true;
      on_late();
    });
  }
  /// Whether the step has been late.
  bool finish() {
    ++step_;
    timer_.cancel();
    return std::exchange(is_late_, false);
  }

 private:
  boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                    boost::asio::wait_traits<std::chrono::steady_clock>,
                                    boost::asio::io_context::executor_type>
      timer_;
  unsigned step_ = 0;
  bool is_late_ = false;
};

}  // namespace mqtt_logger
