#include "mqtt_logger/platform/file.hpp"
#include "mqtt_logger/platform/folder_sync.hpp"
#include "mqtt_logger/platform/mapped_file.hpp"

#include "error_posix.hpp"
#include "replacement.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <new>
#include <utility>

namespace mqtt_logger {
namespace {

// Gives an empty file all its space, or leaves it empty.
std::error_code allocate(int descriptor, std::size_t size) noexcept {
  const int result = ::posix_fallocate(descriptor, 0, static_cast<off_t>(size));
  if (result == 0) return {};
  if (::ftruncate(descriptor, 0) != 0) return last_error();
  return {result, std::system_category()};
}

std::error_code write_all(int descriptor, const char* bytes, std::size_t size) noexcept {
  constexpr std::size_t kPiece = std::size_t{1} << 24;
  for (std::size_t done = 0; done < size;) {
    const ssize_t written =
        ::pwrite(descriptor, bytes + done, std::min(kPiece, size - done), static_cast<off_t>(done));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return written < 0 ? last_error() : std::make_error_code(std::errc::no_space_on_device);
    done += static_cast<std::size_t>(written);
  }
  return {};
}

constexpr std::size_t kSmallestPage = 4096;  // of any machine: larger ones are stored to more than once

// Seen by the processor and by nobody else: readers find what they found before, so that no sanitizer need
// know of it.
__attribute__((no_sanitize("thread"))) void store_again(volatile std::byte* byte) noexcept {
  const std::byte value = *byte;
  *byte = value;
}

class PosixMapping final : public MappedFile {
 public:
  PosixMapping(void* address, std::size_t size, int descriptor, std::filesystem::path path) noexcept
      : address_{address}, size_{size}, descriptor_{descriptor}, path_{std::move(path)} {}
  ~PosixMapping() override {
    ::munmap(address_, size_);
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  PosixMapping(const PosixMapping&) = delete;
  PosixMapping& operator=(const PosixMapping&) = delete;

  std::span<std::byte> bytes() noexcept override { return {static_cast<std::byte*>(address_), size_}; }

  std::error_code sync(std::size_t offset, std::size_t length) noexcept override {
    if (descriptor_ < 0 || length == 0) return {};
    if (is_name_new_) {
      if (const std::error_code error = folder_sync_.sync(system_files(), folder_of(path_))) return error;
      is_name_new_ = false;
    }
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const std::size_t begin = offset / page * page;
    std::byte* const address = static_cast<std::byte*>(address_) + begin;
    return ::msync(address, offset + length - begin, MS_SYNC) == 0 ? std::error_code{} : last_error();
  }

  void mark_dirty(std::size_t offset, std::size_t length) noexcept override {
    if (descriptor_ < 0) return;
    auto* const bytes = static_cast<std::byte*>(address_);
    for (std::size_t at = offset / kSmallestPage * kSmallestPage; at < offset + length; at += kSmallestPage)
      store_again(bytes + at);
  }

  std::error_code check_place(bool& is_in_place) noexcept override {
    is_in_place = true;
    if (descriptor_ < 0) return {};
    struct stat ours {};
    struct stat named {};
    if (::fstat(descriptor_, &ours) != 0) return last_error();
    if (::stat(path_.c_str(), &named) != 0) {
      if (!is_missing(last_error())) return last_error();
      is_in_place = false;
      return {};
    }
    is_in_place = ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
    return {};
  }

  std::error_code move_to_new_file() noexcept override {
    try {
      const std::filesystem::path folder = folder_of(path_);
      if (const std::error_code error = system_files().create_folders(folder)) return error;
      const std::filesystem::path part = make_replacement_path(path_);
      constexpr int kFlags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY;
      const int made = ::open(part.c_str(), kFlags, 0640);
      if (made < 0) return last_error();
      std::error_code error = fill(made);
      if (!error) error = system_files().move_aside(part, path_);
      if (error) {
        ::unlink(part.c_str());
        ::close(made);
        return error;
      }
      is_name_new_ = static_cast<bool>(folder_sync_.sync(system_files(), folder));
      ::close(std::exchange(descriptor_, made));
      return {};
    } catch (const std::exception&) {
      return std::make_error_code(std::errc::not_enough_memory);
    }
  }

 private:
  // Locked before it has the name, and mapped only when all is in it: until then the old file stays.
  std::error_code fill(int made) noexcept {
    if (::flock(made, LOCK_EX | LOCK_NB) != 0) return last_error();
    if (const std::error_code error = allocate(made, size_)) return error;
    if (const std::error_code error = write_all(made, static_cast<const char*>(address_), size_))
      return error;
    if (::fsync(made) != 0 && errno != EINVAL) return last_error();
    void* const address =
        ::mmap(address_, size_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED | MAP_POPULATE, made, 0);
    return address == address_ ? std::error_code{} : last_error();
  }

  void* address_;
  std::size_t size_;
  int descriptor_;  // holds the lock; none for plain memory
  std::filesystem::path path_;
  bool is_name_new_ = false;  // and not known to be on the device
  FolderSync folder_sync_;
};

bool looks_ours(int descriptor, std::size_t size, const LooksOurs& ask) {
  if (!ask) return true;
  void* const address = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor, 0);
  if (address == MAP_FAILED) return true;
  const bool is_ours = ask({static_cast<const std::byte*>(address), size});
  ::munmap(address, size);
  return is_ours;
}

std::error_code map_descriptor(int descriptor, const std::filesystem::path& path, std::size_t size,
                               std::unique_ptr<MappedFile>& mapped, const LooksOurs& ask) {
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    return errno == EWOULDBLOCK ? std::make_error_code(std::errc::resource_unavailable_try_again)
                                : last_error();
  }
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return last_error();
  if (!S_ISREG(status.st_mode)) return std::make_error_code(std::errc::not_supported);
  bool is_ours = true;
  if (status.st_size == 0) {
    if (const std::error_code error = allocate(descriptor, size)) return error;
  } else {
    size = static_cast<std::size_t>(status.st_size);
    is_ours = looks_ours(descriptor, size, ask);
    // A copy made by a tool that leaves holes would be as dangerous as a new file with holes.
    if (const int result = is_ours ? ::posix_fallocate(descriptor, 0, status.st_size) : 0; result != 0) {
      return {result, std::system_category()};
    }
  }
  const int populate = is_ours ? MAP_POPULATE : 0;
  void* const address = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | populate, descriptor, 0);
  if (address == MAP_FAILED) return last_error();
  mapped = std::make_unique<PosixMapping>(address, size, descriptor, std::filesystem::absolute(path));
  return {};
}

}  // namespace

std::error_code map_file(const std::filesystem::path& path, std::size_t size,
                         std::unique_ptr<MappedFile>& mapped, const LooksOurs& looks_ours) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
  if (descriptor < 0) return last_error();
  const std::error_code error = map_descriptor(descriptor, path, size, mapped, looks_ours);
  if (error) {
    struct stat status {};
    const bool is_ours_and_empty = error != std::errc::resource_unavailable_try_again &&
                                   ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) &&
                                   status.st_size == 0;
    if (is_ours_and_empty) ::unlink(path.c_str());
    ::close(descriptor);
  }
  return error;
}

std::unique_ptr<MappedFile> map_memory(std::size_t size) {
  void* const address = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (address == MAP_FAILED) throw std::bad_alloc{};
  return std::make_unique<PosixMapping>(address, size, -1, std::filesystem::path{});
}

}  // namespace mqtt_logger
