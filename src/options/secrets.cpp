#include "mqtt_logger/options/secrets.hpp"

#include "mqtt_logger/base/error.hpp"
#include "mqtt_logger/log/log.hpp"
#include "mqtt_logger/platform/file_access.hpp"

#include "websocket_header.hpp"

#include <fmt/core.h>

#include <cerrno>
#include <fstream>
#include <system_error>
#include <variant>

namespace mqtt_logger {
namespace {

constexpr std::size_t kMaximumBytes = 65'535;                // of a password in MQTT
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";  // as Windows' editors write it
constexpr std::string_view kCredential = "the credential 'password' of systemd";

/// What the unit sets where the administrator has put no password.
bool is_line_end_alone(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  return file.get() == '\n' && file.peek() == std::ifstream::traits_type::eof();
}

/// Where systemd has put what LoadCredential=password: names; empty if it has not.
std::filesystem::path find_credential(const std::vector<EnvironmentVariable>& environment) {
  for (const auto& [name, value] : environment) {
    if (name != "CREDENTIALS_DIRECTORY" || value.empty()) continue;
    std::filesystem::path path =
        std::filesystem::path{std::u8string{value.begin(), value.end()}} / "password";
    std::error_code error;  // one that cannot be looked at shall be named, and not be taken for none
    const bool is_there = std::filesystem::exists(path, error) || error;
    if (is_there && !is_line_end_alone(path)) return path;
  }
  return {};
}

void warn_if_readable_by_others(const std::filesystem::path& path, std::string_view option) {
  if (path.empty() || !is_readable_by_others(path)) return;
  log::warning(
      "{} {}: every user of this machine can read it, and there is a secret in it; chmod o-r would end "
      "that",
      option, path.string());
}

std::string read_line(const std::filesystem::path& path, std::string_view option,
                      std::string_view what = "the password") {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) refuse(option, path, "must be a file, not a folder");
  errno = 0;
  std::ifstream file{path, std::ios::binary};
  std::string secret(kMaximumBytes + kByteOrderMark.size() + 3, '\0');
  if (!file.read(secret.data(), static_cast<std::streamsize>(secret.size())) && !file.eof()) {
    const int reason = errno == 0 ? EIO : errno;
    refuse(option, path, "must be a file that can be read: " + std::generic_category().message(reason));
  }
  secret.resize(static_cast<std::size_t>(file.gcount()));
  if (secret.starts_with(kByteOrderMark)) secret.erase(0, kByteOrderMark.size());
  if (secret.ends_with('\n')) secret.pop_back();
  if (secret.ends_with('\r')) secret.pop_back();
  if (secret.empty()) refuse(option, path, fmt::format("must hold {} in its only line; it is empty", what));
  if (secret.size() > kMaximumBytes) refuse(option, path, "must be at most 65,535 bytes long");
  if (secret.find('\n') != std::string::npos) refuse(option, path, "must hold one line, not several");
  return secret;
}

std::string_view option_of(const WebSocketHeader& header) noexcept {
  return header.is_whole_in_file ? "--ws-header-file" : "--ws-header";
}

WebSocketHeader read_header(const WebSocketHeader& header) {
  const std::string_view option = option_of(header);
  const std::string line = read_line(header.file, option, "the header");
  auto parsed = parse_websocket_header(header.is_whole_in_file ? line : header.name + ": " + line);
  if (const auto* fault = std::get_if<std::string>(&parsed)) refuse(option, header.file, *fault);
  auto& read = std::get<WebSocketHeader>(parsed);
  read.file = header.file;
  read.is_whole_in_file = header.is_whole_in_file;
  return read;
}

}  // namespace

void load_secrets(Options& options, const std::vector<EnvironmentVariable>& environment) {
  Credentials& credentials = options.credentials;
  if (!credentials.password_file.empty()) {
    credentials.password = read_secret(credentials.password_file, "--password-file");
  } else if (!credentials.password && !credentials.username.empty()) {
    if (const auto path = find_credential(environment); !path.empty()) {
      credentials.password = read_secret(path, kCredential);
      credentials.password_file = path;
    }
  }
  TlsOptions& tls = options.tls;
  if (!tls.key_password_file.empty())
    tls.key_password = read_secret(tls.key_password_file, "--tls-key-password-file");
  for (WebSocketHeader& header : options.websocket_headers) {
    if (header.file.empty()) continue;
    header = read_header(header);
    warn_if_readable_by_others(header.file, option_of(header));
  }
}

void warn_of_readable_secrets(const Options& options) {
  const TlsOptions& tls = options.tls;
  const bool is_key_apart = !tls.key.empty();
  warn_if_readable_by_others(is_key_apart ? tls.key : tls.certificate,
                             is_key_apart ? "--tls-key" : "--tls-cert");
  warn_if_readable_by_others(options.credentials.config_file, "--config");
}

std::optional<std::string> read_password(const Credentials& credentials) {
  if (credentials.password_file.empty()) return credentials.password;
  try {
    return read_line(credentials.password_file, "the password's file");
  } catch (const StartupError& error) {
    log::warning("{}; continuing with the password that it held before", error.what());
    return credentials.password;
  }
}

std::vector<WebSocketHeader> read_headers(const std::vector<WebSocketHeader>& headers) {
  std::vector<WebSocketHeader> current;
  current.reserve(headers.size());
  for (const WebSocketHeader& header : headers) {
    current.push_back(header);
    if (header.file.empty()) continue;
    try {
      current.back() = read_header(header);
    } catch (const StartupError& error) {
      log::warning("{}; continuing with the header that it held before", error.what());
    }
  }
  return current;
}

std::string read_secret(const std::filesystem::path& path, std::string_view option) {
  std::string secret = read_line(path, option);
  warn_if_readable_by_others(path, option);
  return secret;
}

}  // namespace mqtt_logger
