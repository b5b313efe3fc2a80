#pragma once

#include "mqtt_logger/options/options.hpp"
#include "mqtt_logger/platform/environment.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_logger {

/// Fills in the passwords that stand in files: those of --password-file, --tls-key-password-file
/// and --ws-header, or, where there is a user name and no password, the credential `password` that systemd
/// hands to a service (LoadCredential=password:FILE). Throws StartupError; warns of files that others can
/// read: of these, of a private key, and of the settings' file if it holds a secret.
void load_secrets(Options& options, const std::vector<EnvironmentVariable>& environment);

/// Warns of a private key and of settings with a password in them that others can read. Not before the files
/// were found to be what they ought to be.
void warn_of_readable_secrets(const Options& options);

/// The password as it is now: tokens expire, and passwords change. A file that cannot be read any more is
/// told of in the log, and what it held at the start is used.
[[nodiscard]] std::optional<std::string> read_password(const Credentials& credentials);

/// The headers for a WebSocket as they are now, in the same way.
[[nodiscard]] std::vector<WebSocketHeader> read_headers(const std::vector<WebSocketHeader>& headers);

/// The only line of a file, without its end. `option` names the file in errors, which never show what is in
/// it.
[[nodiscard]] std::string read_secret(const std::filesystem::path& path, std::string_view option);

}  // namespace mqtt_logger
