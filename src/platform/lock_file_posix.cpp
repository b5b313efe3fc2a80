#include "mqtt_logger/platform/disk_faults.hpp"
#include "mqtt_logger/platform/file.hpp"
#include "mqtt_logger/platform/lock_file.hpp"
#include "mqtt_logger/platform/process.hpp"

#include "error_posix.hpp"
#include "lock_text.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace mqtt_logger {
namespace {

/// Closes a descriptor at the end of its scope.
class Descriptor {
 public:
  explicit Descriptor(int descriptor) noexcept : descriptor_{descriptor} {}
  ~Descriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  [[nodiscard]] int get() const noexcept { return descriptor_; }
  [[nodiscard]] int release() noexcept { return std::exchange(descriptor_, -1); }
  void swap(Descriptor& other) noexcept { std::swap(descriptor_, other.descriptor_); }

 private:
  int descriptor_;
};

// Neither through a link, nor waiting for somebody at the other end of a pipe.
constexpr int kOpenFlags = O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
constexpr mode_t kOwnersRights = 0600;
constexpr mode_t kEverybodysRights = 0644;

std::error_code check_regular(int descriptor) noexcept {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return last_error();
  return S_ISREG(status.st_mode) ? std::error_code{} : std::make_error_code(std::errc::not_supported);
}

// The holder may have removed the file between our open() and our flock(): then we hold a lock on nothing.
std::error_code check_named(int descriptor, const std::filesystem::path& path, bool& is_named) noexcept {
  struct stat ours {};
  struct stat named {};
  is_named = false;
  if (::fstat(descriptor, &ours) != 0) return last_error();
  if (::lstat(path.c_str(), &named) != 0) return errno == ENOENT ? std::error_code{} : last_error();
  is_named = ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
  return {};
}

std::error_code write_all(int descriptor, std::string_view bytes, off_t offset) noexcept {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(descriptor, bytes.data(), bytes.size(), offset);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return last_error();
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += written;
  }
  return {};
}

class PosixLockFile final : public LockFile {
 public:
  PosixLockFile(const std::filesystem::path& path, int descriptor, LockKind kind)
      : path_{std::filesystem::absolute(path)},
        descriptor_{descriptor},
        kind_{kind},
        begin_{make_lock_begin(kind)} {}
  ~PosixLockFile() override {
    // Before the lock ends, so that it can only be our own file; unless somebody has put another in its
    // place.
    bool is_named = false;
    if (!check_named(descriptor_.get(), path_, is_named) && is_named) ::unlink(path_.c_str());
  }
  PosixLockFile(const PosixLockFile&) = delete;
  PosixLockFile& operator=(const PosixLockFile&) = delete;

  /// On a full disk the lock is held all the same: publish() says by whom when there is room again.
  std::error_code begin(LockKind kind) noexcept {
    // An earlier version has let everybody read.
    if (kind == LockKind::output && ::fchmod(descriptor_.get(), kOwnersRights) != 0 &&
        !has_no_such_rights(last_error()))
      return last_error();
    std::error_code error = ::ftruncate(descriptor_.get(), 0) == 0 ? std::error_code{} : last_error();
    if (!error) error = write_all(descriptor_.get(), begin_, 0);
    return is_want_of_room(error) ? std::error_code{} : error;
  }

  std::error_code publish(std::string_view text) noexcept override {
    const auto offset = static_cast<off_t>(begin_.size());
    if (const std::error_code error = write_all(descriptor_.get(), begin_, 0)) return error;
    if (const std::error_code error = write_all(descriptor_.get(), text, offset)) return error;
    return ::ftruncate(descriptor_.get(), offset + static_cast<off_t>(text.size())) == 0 ? std::error_code{}
                                                                                         : last_error();
  }

  std::error_code keep(bool& was_missing) noexcept override {
    was_missing = false;
    bool is_named = false;
    if (const std::error_code error = check_named(descriptor_.get(), path_, is_named)) return error;
    if (is_named) return keep_begin();
    const mode_t rights = kind_ == LockKind::output ? kOwnersRights : kEverybodysRights;
    Descriptor made{::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | kOpenFlags, rights)};
    if (made.get() < 0) return last_error();
    if (::flock(made.get(), LOCK_EX | LOCK_NB) != 0) return lock_error();  // somebody was quicker
    was_missing = true;
    descriptor_.swap(made);  // what somebody has moved away is free then, and nobody's
    return begin(kind_);
  }

 private:
  // Somebody may have emptied it, or there was no room for it before.
  std::error_code keep_begin() const noexcept {
    std::array<char, 64> found{};
    const ssize_t count = ::pread(descriptor_.get(), found.data(), std::min(found.size(), begin_.size()), 0);
    if (count < 0) return last_error();
    if (begin_.starts_with(std::string_view{found.data(), static_cast<std::size_t>(count)}) &&
        static_cast<std::size_t>(count) == std::min(found.size(), begin_.size()))
      return {};
    std::error_code error = write_all(descriptor_.get(), begin_, 0);
    if (!error && ::ftruncate(descriptor_.get(), static_cast<off_t>(begin_.size())) != 0)
      error = last_error();
    return is_want_of_room(error) ? std::error_code{} : error;
  }

  std::filesystem::path path_;
  Descriptor descriptor_;
  LockKind kind_;
  std::string begin_;
};

std::string read_text(int descriptor) {
  std::string text(kLongestLockText, '\0');
  std::size_t length = 0;
  while (length < text.size()) {
    const ssize_t got =
        ::pread(descriptor, text.data() + length, text.size() - length, static_cast<off_t>(length));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    length += static_cast<std::size_t>(got);
  }
  text.resize(length);
  return text;
}

double to_seconds(const timespec& time) noexcept {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

bool is_younger(std::uint64_t process, const timespec& file_time) {
  const std::uint64_t start = start_of_process(process);
  if (start == 0) return false;
  timespec now{};
  timespec since_boot{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  ::clock_gettime(CLOCK_BOOTTIME, &since_boot);
  constexpr double kSlack = 1;  // the kernel counts in ticks
  const double started = static_cast<double>(start) / static_cast<double>(::sysconf(_SC_CLK_TCK));
  return to_seconds(now) - to_seconds(since_boot) + started > to_seconds(file_time) + kSlack;
}

/// Whether a process has this file open; nothing if we may not know.
std::optional<bool> has_open(std::uint64_t process, const struct stat& file) {
  std::error_code error;
  const std::filesystem::path folder = "/proc/" + std::to_string(process) + "/fd";
  for (std::filesystem::directory_iterator entry{folder, error}, end; !error && entry != end;
       entry.increment(error)) {
    struct stat opened {};
    if (::stat(entry->path().c_str(), &opened) == 0 && opened.st_dev == file.st_dev &&
        opened.st_ino == file.st_ino)
      return true;
  }
  return error ? std::nullopt : std::optional{false};
}

/// Whether the process that a lock file names has written it.
bool is_writer(std::string_view text, int descriptor) {
  const std::uint64_t process = parse_process_id(text);
  if (process == 0) return true;  // it names nobody
  if (const std::uint64_t start = parse_process_start(text); start != 0)
    return start_of_process(process) == start;
  struct stat file {};
  if (::fstat(descriptor, &file) != 0) return false;
  if (const auto is_open = has_open(process, file)) return *is_open;
  return !is_younger(process, file.st_mtim);
}

LockReading read_held(int descriptor) {
  const std::string text = read_text(descriptor);
  return parse_lock_text(text, is_writer(text, descriptor));
}

}  // namespace

std::error_code take_lock(const std::filesystem::path& path, std::unique_ptr<LockFile>& lock,
                          std::uint64_t& holder, LockKind kind) {
  holder = 0;
  const auto deadline = std::chrono::steady_clock::now() + kLockTimeout;
  for (;;) {
    const mode_t rights = kind == LockKind::output ? kOwnersRights : kEverybodysRights;
    Descriptor descriptor{::open(path.c_str(), O_RDWR | O_CREAT | kOpenFlags, rights)};
    if (descriptor.get() < 0) return last_error();
    if (const std::error_code error = check_regular(descriptor.get())) return error;
    if (::flock(descriptor.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return lock_error();
      if (std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(kTryLockAgainAfter);
        continue;
      }
      holder = read_held(descriptor.get()).holder;
      return std::make_error_code(std::errc::resource_unavailable_try_again);
    }
    bool is_named = false;
    if (const std::error_code error = check_named(descriptor.get(), path, is_named)) return error;
    if (!is_named) continue;
    if (!is_lock_text(read_text(descriptor.get()))) return std::make_error_code(std::errc::file_exists);
    auto taken = std::make_unique<PosixLockFile>(path, descriptor.release(), kind);
    const std::error_code error = taken->begin(kind);
    if (!error) lock = std::move(taken);  // else its destructor removes the file
    return error;
  }
}

std::error_code read_lock(const std::filesystem::path& path, LockReading& reading) {
  reading = {};
  const Descriptor descriptor{::open(path.c_str(), O_RDONLY | kOpenFlags)};
  if (descriptor.get() < 0) return is_missing(last_error()) ? std::error_code{} : last_error();
  if (const std::error_code error = check_regular(descriptor.get())) return error;
  if (::flock(descriptor.get(), LOCK_SH | LOCK_NB) == 0) return {};
  if (errno != EWOULDBLOCK) return lock_error();
  reading = read_held(descriptor.get());
  return {};
}

std::error_code ask_holder_to_stop(const std::filesystem::path& path, std::uint64_t& holder) {
  LockReading before;
  if (const std::error_code error = read_lock(path, before)) return error;
  holder = before.holder;
  if (!before.is_held) return std::make_error_code(std::errc::no_such_process);
  if (before.is_foreign) return std::make_error_code(std::errc::device_or_resource_busy);
  if (holder == 0) return std::make_error_code(std::errc::resource_unavailable_try_again);
  // The descriptor stands for this one process, also when its id is given to another one meanwhile.
  const Descriptor process{static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(holder), 0))};
  if (process.get() < 0) return last_error();
  LockReading after;
  if (const std::error_code error = read_lock(path, after)) return error;
  if (!after.is_held || after.holder != holder) return std::make_error_code(std::errc::no_such_process);
  return ::syscall(SYS_pidfd_send_signal, process.get(), SIGTERM, nullptr, 0) == 0 ? std::error_code{}
                                                                                   : last_error();
}

std::error_code find_living_process(const std::filesystem::path& path, std::uint64_t& process) {
  process = 0;
  const Descriptor descriptor{::open(path.c_str(), O_RDONLY | kOpenFlags)};
  if (descriptor.get() < 0) return is_missing(last_error()) ? std::error_code{} : last_error();
  if (const std::error_code error = check_regular(descriptor.get())) return error;
  struct stat file {};
  if (::fstat(descriptor.get(), &file) != 0) return last_error();
  const std::string text = read_text(descriptor.get());
  if (!is_lock_text(text)) return std::make_error_code(std::errc::file_exists);
  const std::uint64_t named = parse_process_id(text);
  if (named == 0 || named > INT32_MAX) return {};
  if (::kill(static_cast<pid_t>(named), 0) != 0 && errno == ESRCH) return {};
  if (!is_younger(named, file.st_mtim)) process = named;
  return {};
}

}  // namespace mqtt_logger
