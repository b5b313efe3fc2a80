#include "mqtt_logger/platform/replace_file.hpp"

#include "error_posix.hpp"
#include "replacement.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <optional>

namespace mqtt_logger {
namespace {

constexpr mode_t kRightsMask = 0777;
// Whoever collects it is another user, for whom our umask is too strict.
constexpr mode_t kRightsOfNew = 0644;

std::error_code write_content(int file, std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      return last_error();
    }
  }
  return {};
}

// A new file, never one that somebody has put there for us to follow.
std::error_code write_file(const std::filesystem::path& path, std::string_view bytes,
                           const std::optional<struct stat>& replaced) noexcept {
  const int file =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
  if (file < 0) return last_error();
  std::error_code error = write_content(file, bytes);
  // Only root may give a file away; whoever made the other one is mostly who we are.
  if (!error && replaced && ::fchown(file, replaced->st_uid, replaced->st_gid) != 0 &&
      !has_no_such_rights(last_error()))
    error = last_error();
  if (!error && ::fchmod(file, replaced ? replaced->st_mode & kRightsMask : kRightsOfNew) != 0 &&
      !has_no_such_rights(last_error()))
    error = last_error();
  if (::close(file) != 0 && !error) error = last_error();
  if (error) ::unlink(path.c_str());
  return error;
}

}  // namespace

std::error_code replace_file(const std::filesystem::path& path, std::string_view bytes,
                             std::string_view mark) {
  if (const std::error_code error = check_replaceable(path, mark)) return error;
  std::optional<struct stat> replaced{std::in_place};
  if (::lstat(path.c_str(), &*replaced) != 0) {
    if (errno != ENOENT) return last_error();
    replaced.reset();
  }
  const std::filesystem::path part = make_replacement_path(path);
  if (const std::error_code error = write_file(part, bytes, replaced)) return error;
  if (std::rename(part.c_str(), path.c_str()) == 0) return {};
  const std::error_code error = last_error();
  ::unlink(part.c_str());
  return error;
}

}  // namespace mqtt_logger
