#include "tls_context.hpp"

#include "mqtt_logger/base/error.hpp"
#include "mqtt_logger/connection/tls_files.hpp"

#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <string_view>
#include <system_error>

namespace mqtt_logger {
namespace {

void check_readable(std::string_view option, const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) refuse(option, path, "must be a file, not a folder");
  errno = 0;
  if (std::ifstream file{path, std::ios::binary}; !file.is_open()) {
    const int reason = errno == 0 ? EIO : errno;
    refuse(option, path, "must be a file that can be read: " + std::generic_category().message(reason));
  }
}

// Certificates are looked up by the hash of their subject: "2b349938.0".
bool has_hashed_names(const std::filesystem::path& folder) {
  std::error_code error;
  for (std::filesystem::directory_iterator entry{folder, error}, end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.size() > 9 && name[8] == '.' && std::all_of(name.begin(), name.begin() + 8, [](char digit) {
          return (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f');
        }))
      return true;
  }
  return false;
}

void load_authorities(SSL_CTX* context, const std::filesystem::path& path) {
  constexpr std::string_view kOption = "--tls-ca";
  std::error_code ignored;
  if (path.empty()) {
    SSL_CTX_set_default_verify_paths(context);
  } else if (std::filesystem::is_directory(path, ignored)) {
    if (!has_hashed_names(path))
      refuse(kOption, path, "must be a folder with names as OpenSSL makes them: run openssl rehash on it");
    SSL_CTX_load_verify_dir(context, path.string().c_str());
  } else {
    check_readable(kOption, path);
    if (SSL_CTX_load_verify_file(context, path.string().c_str()) != 1)
      refuse(kOption, path, "must hold certificates in PEM format: " + take_tls_error());
  }
}

// Without one, OpenSSL would ask at the terminal.
int give_password(char* buffer, int size, int, void* password) {
  const std::string& text = *static_cast<const std::string*>(password);
  if (size < 0 || text.size() > static_cast<std::size_t>(size)) return 0;
  std::ranges::copy(text, buffer);
  return static_cast<int>(text.size());
}

bool is_password_wrong() {
  const unsigned long error = ERR_peek_error();
  for (const unsigned long code : {error, ERR_peek_last_error()}) {
    const int reason = ERR_GET_REASON(code);
    if (ERR_GET_LIB(code) == ERR_LIB_PEM &&
        (reason == PEM_R_BAD_PASSWORD_READ || reason == PEM_R_BAD_DECRYPT))
      return true;
    if (ERR_GET_LIB(code) == ERR_LIB_PROV || ERR_GET_LIB(code) == ERR_LIB_EVP) return true;  // bad decrypt
  }
  return false;
}

void load_certificate(SSL_CTX* context, const TlsOptions& options) {
  check_readable("--tls-cert", options.certificate);
  if (SSL_CTX_use_certificate_chain_file(context, options.certificate.string().c_str()) != 1)
    refuse("--tls-cert", options.certificate, "must hold a certificate in PEM format: " + take_tls_error());

  const bool is_apart = !options.key.empty();
  const std::string_view option = is_apart ? "--tls-key" : "--tls-cert";
  const std::filesystem::path& key = is_apart ? options.key : options.certificate;
  check_readable(option, key);
  SSL_CTX_set_default_passwd_cb(context, give_password);
  SSL_CTX_set_default_passwd_cb_userdata(context, const_cast<std::string*>(&options.key_password));
  if (SSL_CTX_use_PrivateKey_file(context, key.string().c_str(), SSL_FILETYPE_PEM) == 1) return;
  const unsigned long error = ERR_peek_last_error();
  if (ERR_GET_LIB(error) == ERR_LIB_X509 && ERR_GET_REASON(error) == X509_R_KEY_VALUES_MISMATCH) {
    refuse(option, key,
           fmt::format("must be the key of the certificate in {}", options.certificate.string()));
  }
  if (ERR_GET_LIB(error) == ERR_LIB_X509 && ERR_GET_REASON(error) == X509_R_KEY_TYPE_MISMATCH) {
    refuse(option, key,
           fmt::format("must be the key of the certificate in {}", options.certificate.string()));
  }
  if (is_password_wrong()) {
    refuse(option, key,
           options.key_password.empty()
               ? "is encrypted; its password must be given with --tls-key-password-file"
               : "cannot be decrypted with the password of --tls-key-password-file");
  }
  refuse(option, key, "must hold a private key in PEM format: " + take_tls_error());
}

}  // namespace

TlsContext make_tls_context(const TlsOptions& options) {
  ERR_clear_error();
  TlsContext context{SSL_CTX_new(TLS_client_method())};
  if (!context) throw StartupError{ExitCode::usage, "OpenSSL cannot be used: " + take_tls_error()};
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  load_authorities(context.get(), options.authorities);
  if (!options.certificate.empty()) load_certificate(context.get(), options);
  const std::string protocols = join_protocols(options.protocols);
  if (!protocols.empty()) {
    SSL_CTX_set_alpn_protos(context.get(), reinterpret_cast<const unsigned char*>(protocols.data()),
                            static_cast<unsigned>(protocols.size()));
  }
  SSL_CTX_set_verify(context.get(), options.is_insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  return context;
}

std::string join_protocols(const std::vector<std::string>& protocols) {
  std::string joined;
  for (const std::string& protocol : protocols) {
    joined += static_cast<char>(protocol.size());
    joined += protocol;
  }
  return joined;
}

std::string take_tls_error() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "no reason is known" : reason;
}

void check_tls_files(const Options& options) {
  const bool is_used = std::ranges::any_of(
      options.brokers, [](const BrokerAddress& broker) { return is_encrypted(broker.transport); });
  if (is_used) static_cast<void>(make_tls_context(options.tls));
}

}  // namespace mqtt_logger
