#include "broker_dialler.hpp"

#include "mqtt_logger/connection/connection_diagnosis.hpp"

#include "tls_diagnosis.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <system_error>
#include <thread>
#include <utility>

namespace mqtt_logger {
namespace {

using namespace std::chrono_literals;
using boost::system::error_code;

constexpr auto kResolveLimit = std::chrono::milliseconds{40s};  // the system asks several servers, repeatedly
constexpr std::size_t kMaximumProxyAnswer = std::size_t{16} * 1024;

/// With those conditions that are told apart; Windows has numbers of its own for them.
std::error_code to_standard(const error_code& error) {
  namespace net = boost::asio::error;
  if (error == net::connection_refused) return std::make_error_code(std::errc::connection_refused);
  if (error == net::timed_out) return std::make_error_code(std::errc::timed_out);
  if (error == net::host_unreachable) return {error.value(), std::generic_category()};
  if (error == net::network_unreachable) return {error.value(), std::generic_category()};
  return {error.value(), std::system_category()};
}

}  // namespace

BrokerDialler::BrokerDialler(boost::asio::io_context& context, const Options& options,
                             const BrokerAddress& broker, BrokerStream& stream)
    : context_{context}, options_{options}, broker_{broker}, stream_{stream}, timer_{context} {}

BrokerDialler::~BrokerDialler() {
  if (!look_up_) return;
  const std::lock_guard lock{look_up_->mutex};
  look_up_->waiting = nullptr;
}

void BrokerDialler::start(Done done) {
  done_ = std::move(done);
  host_ = broker_.host;
  port_ = broker_.port;
  if (!options_.proxy.empty()) {
    proxy_ = parse_proxy(options_.proxy);
    if (!proxy_) {
      fail("--proxy must be the URL of an HTTP proxy, such as http://proxy:3128");
      return;
    }
    host_ = proxy_->host;
    port_ = proxy_->port;
  }
  look_up(host_);
}

void BrokerDialler::look_up(const std::string& host) {
  look_up_ = std::make_shared<NameLookup>();
  look_up_->waiting = this;
  timer_.start(std::max(options_.connect_timeout, kResolveLimit), [this] {
    fail(fmt::format("the address of {} cannot be found out: the name server does not answer", host_));
  });
  std::thread{[look_up = look_up_, host] {
    Resolution resolution;
    try {
      resolution = resolve(host);
    } catch (const std::exception& error) {
      resolution.error = error.what();
    }
    const std::lock_guard lock{look_up->mutex};
    if (look_up->waiting == nullptr) return;
    boost::asio::post(look_up->waiting->context_,
                      [dialler = look_up->waiting, resolution = std::move(resolution)]() mutable {
                        dialler->on_resolved(std::move(resolution));
                      });
  }}.detach();
}

void BrokerDialler::on_resolved(Resolution resolution) {
  if (timer_.finish()) return;  // it has been told
  resolution_ = std::move(resolution);
  if (resolution_.addresses.empty()) {
    fail(fmt::format("the {} {} is unknown ({})", proxy_ ? "proxy" : "host", host_, resolution_.error));
    return;
  }
  try_next_address();
}

void BrokerDialler::try_next_address() {
  if (next_address_ == resolution_.addresses.size()) {
    fail((proxy_ ? "the proxy: " : "") + reasons_);
    return;
  }
  error_code error;
  const auto address = boost::asio::ip::make_address(resolution_.addresses[next_address_], error);
  if (error) {
    on_connected(error);
    return;
  }
  beast_close_socket(stream_);  // that of the address before
  timer_.start(options_.connect_timeout, [this] { beast_close_socket(stream_); });
  stream_.socket().async_connect({address, port_}, [this](const error_code& result) {
    on_connected(timer_.finish() ? error_code{boost::asio::error::timed_out} : result);
  });
}

void BrokerDialler::on_connected(const error_code& error) {
  if (error) {
    const std::string& address = resolution_.addresses[next_address_++];
    reasons_ += (reasons_.empty() ? "" : "; ") +
                describe_unreachable(to_standard(error), host_, address, port_, options_.connect_timeout);
    try_next_address();
    return;
  }
  error_code ignored;
  stream_.socket().set_option(boost::asio::ip::tcp::no_delay{true}, ignored);
  if (proxy_) {
    ask_proxy();
  } else {
    begin_tls();
  }
}

void BrokerDialler::ask_proxy() {
  const bool is_ipv6 = broker_.host.find(':') != std::string::npos;
  proxy_request_ = make_proxy_request(*proxy_, is_ipv6 ? fmt::format("[{}]:{}", broker_.host, broker_.port)
                                                       : fmt::format("{}:{}", broker_.host, broker_.port));
  // The proxy has to reach the broker first.
  timer_.start(options_.connect_timeout, [this] { beast_close_socket(stream_); });
  boost::asio::async_write(
      stream_.socket(), boost::asio::buffer(proxy_request_), [this](const error_code& error, std::size_t) {
        if (error) {
          on_proxy_answer(error);
          return;
        }
        // Nothing follows the answer: the broker does not speak first.
        boost::asio::async_read_until(
            stream_.socket(), boost::asio::dynamic_buffer(proxy_answer_, kMaximumProxyAnswer), "\r\n\r\n",
            [this](const error_code& result, std::size_t) { on_proxy_answer(result); });
      });
}

void BrokerDialler::on_proxy_answer(const error_code& error) {
  const bool is_late = timer_.finish();
  const auto status = parse_http_status(proxy_answer_);
  if (status && *status >= 200 && *status < 300 && !error) {
    begin_tls();
  } else if (is_late) {
    fail(fmt::format("the proxy does not answer within {} s",
                     std::chrono::ceil<std::chrono::seconds>(options_.connect_timeout).count()));
  } else if (status) {
    fail(describe_proxy_refusal(*status));
  } else {
    fail("the proxy closes the connection instead of an answer, or is no HTTP proxy");
  }
}

void BrokerDialler::begin_tls() {
  if (!is_encrypted(broker_.transport)) {
    done_(std::nullopt);
    return;
  }
  TlsContext context;
  try {
    context = make_tls_context(options_.tls);  // reads files, which may have changed
  } catch (const std::exception& error) {
    fail(error.what());
    return;
  }
  auto& tls = stream_.begin_tls(std::move(context));
  expect_host(tls.native_handle(), broker_.host);
  timer_.start(options_.connect_timeout, [this] { beast_close_socket(stream_); });
  tls.async_handshake(boost::asio::ssl::stream_base::client, [this](const error_code& error) {
    if (timer_.finish()) {
      fail(std::string{kSilentInTls});
    } else if (error) {
      const bool is_tls = error.category() == boost::asio::error::get_ssl_category();
      fail(describe_tls_failure(stream_.tls(), is_tls ? static_cast<unsigned>(error.value()) : 0U, broker_,
                                options_.tls));
    } else {
      done_(std::nullopt);
    }
  });
}

void BrokerDialler::fail(std::string reason, ConnectFailure failure) {
  done_(ConnectionEnd{failure, std::move(reason)});
}

}  // namespace mqtt_logger
