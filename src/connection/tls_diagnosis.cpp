#include "tls_diagnosis.hpp"

#include "tls_context.hpp"

#include <fmt/core.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <memory>
#include <optional>
#include <thread>

namespace mqtt_logger {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kHandshakeTimeout = 8s;  // to connect and to shake hands, at most
constexpr auto kRefusalTimeout = 2s;  // for a broker that does not like our certificate to say so

struct FreeBio {
  void operator()(BIO* bio) const noexcept { BIO_free_all(bio); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;

std::string describe_verdict(long verdict, const BrokerAddress& broker) {
  switch (verdict) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return fmt::format("the broker's certificate is for another host than {}", broker.host);
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "the broker's certificate has expired";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "the broker's certificate is not valid yet; is this machine's clock right?";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_CERT_UNTRUSTED:
      return fmt::format(
          "the broker's certificate is from an unknown authority ({}); give the authority's "
          "certificate with --tls-ca",
          X509_verify_cert_error_string(verdict));
    default:
      return fmt::format("the broker's certificate is not accepted: {}",
                         X509_verify_cert_error_string(verdict));
  }
}

// What the broker says when it ends the connection (RFC 8446, section 6.2), as far as our certificate is
// meant.
std::optional<std::string> describe_alert(unsigned long error, bool has_certificate) {
  if (ERR_GET_LIB(error) != ERR_LIB_SSL) return std::nullopt;
  switch (ERR_GET_REASON(error)) {
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      return "the broker asks for a client certificate; give one with --tls-cert and --tls-key";
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
      if (has_certificate) return std::nullopt;
      return "the broker breaks off: it may ask for a client certificate, see --tls-cert and --tls-key";
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
      return "the broker refuses our certificate (--tls-cert): it does not know its authority";
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
      return "the broker refuses our certificate (--tls-cert): it has expired";
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
    case SSL_R_TLSV1_ALERT_DECRYPT_ERROR:
      return fmt::format("the broker refuses our certificate (--tls-cert): {}",
                         ERR_reason_error_string(error));
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
    case SSL_R_UNSUPPORTED_PROTOCOL:
      return "the broker does not speak TLS 1.2 or newer";
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
      return "what answers there is no TLS; is it the right port?";
    case SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL:
      return "the broker knows none of the protocols of --tls-alpn";
    default:
      return std::nullopt;
  }
}

/// One handshake with one broker.
class Probe {
 public:
  Probe(const BrokerAddress& broker, const TlsOptions& options, std::chrono::milliseconds timeout,
        const std::atomic<bool>& is_cancelled)
      : broker_{broker},
        options_{options},
        timeout_{std::min(timeout, kHandshakeTimeout)},
        is_cancelled_{is_cancelled},
        context_{make_tls_context(options)} {}

  std::string take() {
    ERR_clear_error();
    const bool is_ipv6 = broker_.host.find(':') != std::string::npos;
    const std::string address = is_ipv6 ? fmt::format("[{}]:{}", broker_.host, broker_.port)
                                        : fmt::format("{}:{}", broker_.host, broker_.port);
    Bio connection{BIO_new_connect(address.c_str())};
    if (!connection) return {};
    BIO_set_nbio(connection.get(), 1);
    deadline_ = Clock::now() + timeout_;
    if (!repeat(connection.get(), [&] { return BIO_do_connect(connection.get()); }))
      return "nothing answers there, or the host is unknown";

    Bio tls{BIO_new_ssl(context_.get(), 1)};
    if (!tls) return {};
    SSL* ssl = nullptr;
    BIO_get_ssl(tls.get(), &ssl);
    expect_host(ssl, broker_.host);
    BIO* const whole = BIO_push(tls.release(), connection.release());
    const Bio owner{whole};
    if (!repeat(whole, [&] { return BIO_do_handshake(whole); })) return describe_handshake(ssl);
    return describe_silence(whole);
  }

 private:
  /// Until it succeeds or fails; false also when it takes too long.
  template <typename Step>
  bool repeat(BIO* bio, Step step) {
    while (step() <= 0) {
      if (BIO_should_retry(bio) == 0) return false;
      is_late_ = Clock::now() >= deadline_;
      if (is_late_ || is_cancelled_.load(std::memory_order_relaxed)) return false;
      std::this_thread::sleep_for(10ms);
    }
    return true;
  }

  std::string describe_handshake(SSL* ssl) const {
    if (is_late_) return std::string{kSilentInTls};
    return describe_tls_failure(ssl, ERR_peek_last_error(), broker_, options_);
  }

  /// In TLS 1.3 the broker looks at our certificate when the handshake is over for us.
  std::string describe_silence(BIO* bio) {
    deadline_ = Clock::now() + kRefusalTimeout;
    char byte = 0;
    if (repeat(bio, [&] { return BIO_read(bio, &byte, 1); }) || is_late_) return {};
    const unsigned long error = ERR_peek_last_error();
    if (auto text = describe_alert(error, !options_.certificate.empty())) return *text;
    return error == 0 ? std::string{} : "TLS: " + take_tls_error();
  }

  const BrokerAddress broker_;
  const TlsOptions options_;
  const std::chrono::milliseconds timeout_;
  const std::atomic<bool>& is_cancelled_;
  const TlsContext context_;
  Clock::time_point deadline_;
  bool is_late_ = false;
};

}  // namespace

void expect_host(SSL* ssl, const std::string& host) {
  const std::string name = host.substr(0, host.find('%'));  // without the zone of an IPv6 address
  X509_VERIFY_PARAM* const wanted = SSL_get0_param(ssl);
  if (X509_VERIFY_PARAM_set1_ip_asc(wanted, name.c_str()) != 1) {
    SSL_set_tlsext_host_name(ssl, name.c_str());
    X509_VERIFY_PARAM_set1_host(wanted, name.c_str(), 0);
  }
  ERR_clear_error();
}

std::string describe_tls_failure(SSL* ssl, unsigned long error, const BrokerAddress& broker,
                                 const TlsOptions& options) {
  if (ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) == SSL_R_CERTIFICATE_VERIFY_FAILED)
    return describe_verdict(SSL_get_verify_result(ssl), broker);
  if (auto text = describe_alert(error, !options.certificate.empty())) return *text;
  if (error == 0 || ERR_GET_REASON(error) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
    return "what answers there closes the connection when TLS begins; is it the right port?";
  const char* const reason = ERR_reason_error_string(error);
  return std::string{"TLS: "} + (reason == nullptr ? "no reason is known" : reason);
}

std::string diagnose_tls(const BrokerAddress& broker, const TlsOptions& options,
                         std::chrono::milliseconds timeout, const std::atomic<bool>& is_cancelled) {
  return Probe{broker, options, timeout, is_cancelled}.take();
}

}  // namespace mqtt_logger
