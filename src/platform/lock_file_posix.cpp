#include "mqtt_logger/platform/lock_file.hpp"
#include "mqtt_logger/platform/process.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <string>

namespace mqtt_logger {
namespace {

std::error_code last_error() noexcept {
  return {errno, std::system_category()};
}

class PosixLockFile final : public LockFile {
 public:
  PosixLockFile(std::filesystem::path path, int descriptor)
      : path_{std::move(path)}, descriptor_{descriptor} {}
  ~PosixLockFile() override {
    ::unlink(path_.c_str());  // before the lock ends, so that it can only be our own file
    ::close(descriptor_);
  }
  PosixLockFile(const PosixLockFile&) = delete;
  PosixLockFile& operator=(const PosixLockFile&) = delete;

 private:
  std::filesystem::path path_;
  int descriptor_;
};

std::uint64_t read_process_id(int descriptor) noexcept {
  std::array<char, 24> text{};
  const ssize_t length = ::pread(descriptor, text.data(), text.size(), 0);
  std::uint64_t id = 0;
  if (length > 0) std::from_chars(text.data(), text.data() + length, id);
  return id;
}

// The holder may have removed the file between our open() and our flock(): then we hold a lock on nothing.
bool is_still_named(int descriptor, const std::filesystem::path& path) noexcept {
  struct stat ours {};
  struct stat named {};
  return ::fstat(descriptor, &ours) == 0 && ::stat(path.c_str(), &named) == 0 &&
         ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

}  // namespace

std::error_code take_lock(const std::filesystem::path& path, std::unique_ptr<LockFile>& lock,
                          std::uint64_t& holder) {
  holder = 0;
  for (;;) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
    if (descriptor < 0) return last_error();
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
      const std::error_code error = errno == EWOULDBLOCK
                                        ? std::make_error_code(std::errc::resource_unavailable_try_again)
                                        : last_error();
      holder = read_process_id(descriptor);
      ::close(descriptor);
      return error;
    }
    if (!is_still_named(descriptor, path)) {
      ::close(descriptor);
      continue;
    }
    const std::string text = std::to_string(process_id()) + '\n';
    const bool is_written =
        ::ftruncate(descriptor, 0) == 0 &&
        ::pwrite(descriptor, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
    const std::error_code error = is_written ? std::error_code{} : last_error();
    lock = std::make_unique<PosixLockFile>(path, descriptor);  // removes the file if it could not be written
    if (error) lock.reset();
    return error;
  }
}

}  // namespace mqtt_logger
