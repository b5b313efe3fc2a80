#include "mqtt_logger/platform/file.hpp"

#include "error_posix.hpp"
#include "sync_posix.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>  // renameat2
#include <ctime>
#include <utility>

namespace mqtt_logger {
namespace {

static_assert(sizeof(off_t) == 8 && sizeof(time_t) == 8,
              "define _FILE_OFFSET_BITS=64 and _TIME_BITS=64: files grow beyond 2 GiB");

FileIdentity identity_of(const struct stat& status) noexcept {
  return {static_cast<std::uint64_t>(status.st_dev), static_cast<std::uint64_t>(status.st_ino)};
}

class PosixFile final : public File {
 public:
  PosixFile(int descriptor, bool had_name) noexcept : descriptor_{descriptor}, had_name_{had_name} {}
  ~PosixFile() override { ::close(descriptor_); }
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;

  std::error_code write_at(std::uint64_t offset, std::string_view bytes) noexcept override {
    while (!bytes.empty()) {
      const ssize_t written = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (written < 0) {
        if (errno == EINTR) continue;
        return last_error();
      }
      if (written == 0) return std::make_error_code(std::errc::no_space_on_device);
      offset += static_cast<std::uint64_t>(written);
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  }

  std::error_code read_at(std::uint64_t offset, std::span<char> buffer,
                          std::size_t& count) noexcept override {
    count = 0;
    while (count < buffer.size()) {
      const ssize_t got = ::pread(descriptor_, buffer.data() + count, buffer.size() - count,
                                  static_cast<off_t>(offset + count));
      if (got < 0) {
        if (errno == EINTR) continue;
        return last_error();
      }
      if (got == 0) break;
      count += static_cast<std::size_t>(got);
    }
    return {};
  }

  std::error_code truncate(std::uint64_t size) noexcept override {
    return ::ftruncate(descriptor_, static_cast<off_t>(size)) == 0 ? std::error_code{} : last_error();
  }

  std::error_code sync() noexcept override { return check_synced(::fdatasync(descriptor_)); }

  std::error_code size(std::uint64_t& size) noexcept override {
    struct stat status {};
    if (::fstat(descriptor_, &status) != 0) return last_error();
    size = static_cast<std::uint64_t>(status.st_size);
    return {};
  }

  std::error_code identity(FileIdentity& identity) noexcept override {
    struct stat status {};
    if (::fstat(descriptor_, &status) != 0) return last_error();
    identity = identity_of(status);
    return {};
  }

  std::error_code check_name(bool& is_deleted) noexcept override {
    is_deleted = false;
    struct stat status {};
    if (::fstat(descriptor_, &status) != 0) return last_error();
    is_deleted = had_name_ && status.st_nlink == 0;
    return {};
  }

  std::error_code lock() noexcept override {
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return {};
    if (errno == EWOULDBLOCK) return std::make_error_code(std::errc::resource_unavailable_try_again);
    return is_without_locks(last_error()) ? std::error_code{} : last_error();
  }

 private:
  int descriptor_;
  bool had_name_;  // some file systems (FUSE) count no names
};

class PosixFileSystem final : public FileSystem {
 public:
  std::error_code open(const std::filesystem::path& path, std::unique_ptr<File>& file) override {
    return open_with(path, O_RDWR, file);
  }

  std::error_code create(const std::filesystem::path& path, std::unique_ptr<File>& file) override {
    return open_with(path, O_RDWR | O_CREAT | O_EXCL, file);
  }

  std::error_code set_aside(const std::filesystem::path& from, const std::filesystem::path& to) override {
    // link() refuses an existing name, which rename() would replace. Some file systems have no links, or
    // allow no more of them, or not to us; with what error is up to each.
    if (::link(from.c_str(), to.c_str()) == 0)
      return ::unlink(from.c_str()) == 0 ? std::error_code{} : last_error();
    const std::error_code error = last_error();
    if (error == std::errc::file_exists || error == std::errc::no_such_file_or_directory) return error;
    return rename_without_replacing(from, to);
  }

  std::error_code copy_attributes(const std::filesystem::path& from,
                                  const std::filesystem::path& to) override {
    struct stat wanted {};
    if (::stat(from.c_str(), &wanted) != 0) return last_error();
    const int descriptor = ::open(to.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (descriptor < 0) return last_error();
    std::error_code error;
    // Only root may give a file away; whoever made the other one is mostly who we are.
    if (::fchown(descriptor, wanted.st_uid, wanted.st_gid) != 0 &&
        ::fchown(descriptor, static_cast<uid_t>(-1), wanted.st_gid) != 0 && !has_no_such_rights(last_error()))
      error = last_error();
    constexpr mode_t kRights = 0777;
    if (!error && ::fchmod(descriptor, wanted.st_mode & kRights) != 0 && !has_no_such_rights(last_error()))
      error = last_error();
    const std::array<timespec, 2> times{wanted.st_atim, wanted.st_mtim};
    if (!error && ::futimens(descriptor, times.data()) != 0 && !has_no_such_rights(last_error()))
      error = last_error();
    ::close(descriptor);
    return error;
  }

  std::error_code look_up(const std::filesystem::path& path, FileStatus& status) override {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) return last_error();
    status.identity = identity_of(found);
    status.size = static_cast<std::uint64_t>(found.st_size);
    return {};
  }

  std::error_code list(const std::filesystem::path& folder,
                       std::vector<std::filesystem::path>& names) override {
    std::error_code error;
    for (std::filesystem::directory_iterator entry{folder, error}, end; !error && entry != end;
         entry.increment(error))
      names.push_back(entry->path().filename());
    return error;
  }

  std::error_code remove(const std::filesystem::path& path) override {
    return ::unlink(path.c_str()) == 0 ? std::error_code{} : last_error();
  }

  std::error_code free_space(const std::filesystem::path& folder, std::uint64_t& bytes) override {
    std::error_code error;
    bytes = std::filesystem::space(folder, error).available;
    return error;
  }

  std::error_code create_folders(const std::filesystem::path& folder) override {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    return error;
  }

  std::error_code sync_folder(const std::filesystem::path& folder) override {
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return last_error();
    const std::error_code error = check_synced(::fsync(descriptor));
    ::close(descriptor);
    return error;
  }

 private:
  static std::error_code rename_without_replacing(const std::filesystem::path& from,
                                                  const std::filesystem::path& to) {
#if defined(RENAME_NOREPLACE)
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return {};
    if (errno != ENOSYS && errno != EINVAL && errno != EOPNOTSUPP) return last_error();
#endif
    // The name is ours from here on, so that what is replaced is this empty file.
    const int taken =
        ::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
    if (taken < 0) return last_error();
    ::close(taken);
    if (::rename(from.c_str(), to.c_str()) == 0) return {};
    const std::error_code error = last_error();
    ::unlink(to.c_str());
    return error;
  }

  static std::error_code open_with(const std::filesystem::path& path, int flags,
                                   std::unique_ptr<File>& file) {
    const int descriptor = ::open(path.c_str(), flags | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0644);
    if (descriptor < 0) return last_error();
    struct stat status {};
    std::error_code error = ::fstat(descriptor, &status) == 0 ? std::error_code{} : last_error();
    // A pipe or a device cannot be continued, cut back or moved aside.
    if (!error && !S_ISREG(status.st_mode)) error = std::make_error_code(std::errc::not_supported);
    if (error) {
      ::close(descriptor);
      return error;
    }
    file = std::make_unique<PosixFile>(descriptor, status.st_nlink != 0);
    return {};
  }
};

}  // namespace

FileSystem& system_files() noexcept {
  static PosixFileSystem files;
  return files;
}

}  // namespace mqtt_logger
