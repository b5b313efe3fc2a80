#include "mqtt_logger/platform/replace_file.hpp"

#include "error_posix.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace mqtt_logger {
namespace {

std::error_code write_file(const std::filesystem::path& path, std::string_view bytes) noexcept {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0644);
  if (file < 0) return last_error();
  std::error_code error;
  // Whoever collects it is another user, for whom our umask is too strict.
  if (::fchmod(file, 0644) != 0) error = last_error();
  while (!bytes.empty() && !error) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      error = last_error();
    }
  }
  if (::close(file) != 0 && !error) error = last_error();
  return error;
}

}  // namespace

std::error_code replace_file(const std::filesystem::path& path, std::string_view bytes) {
  std::filesystem::path part = path;
  part += ".part";  // node_exporter reads only names that end in .prom
  std::error_code error = write_file(part, bytes);
  if (!error && std::rename(part.c_str(), path.c_str()) != 0) error = last_error();
  if (error) ::unlink(part.c_str());
  return error;
}

}  // namespace mqtt_logger
