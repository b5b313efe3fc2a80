#include "mqtt_logger/platform/file.hpp"
#include "mqtt_logger/platform/folder_sync.hpp"
#include "mqtt_logger/platform/mapped_file.hpp"

#include "allocation_posix.hpp"
#include "error_posix.hpp"
#include "mapping_watch_posix.hpp"
#include "replacement.hpp"
#include "sync_posix.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <exception>
#include <new>
#include <optional>
#include <utility>

namespace mqtt_logger {
namespace {

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
      : address_{address}, size_{size}, descriptor_{descriptor}, path_{std::move(path)} {
    if (descriptor_ >= 0) watch_.emplace(address_, size_, descriptor_);
  }
  ~PosixMapping() override {
    watch_.reset();
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
    return check_synced(::msync(address, offset + length - begin, MS_SYNC));
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

  std::error_code move_to_new_file(std::filesystem::path& kept_as) noexcept override {
    try {
      const std::filesystem::path folder = folder_of(path_);
      if (const std::error_code error = system_files().create_folders(folder)) return error;
      const std::filesystem::path part = make_replacement_path(path_);
      constexpr int kFlags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY;
      const int made = ::open(part.c_str(), kFlags, 0640);
      if (made < 0) return last_error();
      std::error_code error = fill(made);
      if (!error) error = system_files().set_aside(part, path_);
      if (error == std::errc::file_exists && !(error = keep_other(kept_as)))
        error = system_files().set_aside(part, path_);
      if (error) {
        ::unlink(part.c_str());
        ::close(made);
        return error;
      }
      is_name_new_ = static_cast<bool>(folder_sync_.sync(system_files(), folder));
      const int before = std::exchange(descriptor_, made);
      if (watch_) watch_->follow(made);
      ::close(before);
      return {};
    } catch (const std::exception&) {
      return std::make_error_code(std::errc::not_enough_memory);
    }
  }

  std::error_code find_cut(std::size_t& whole_bytes) noexcept override {
    whole_bytes = size_;
    if (!watch_) return {};
    struct stat status {};
    if (::fstat(descriptor_, &status) != 0) return last_error();
    watch_->note_size(static_cast<std::size_t>(status.st_size));
    whole_bytes = std::min(size_, watch_->whole_bytes());
    if (whole_bytes == size_) {
      std::uint64_t begin = 0;
      std::memcpy(&begin, address_, sizeof begin);
      watch_->remember_begin(begin);
    }
    return {};
  }

  std::error_code repair() noexcept override {
    if (!watch_) return {};
    struct stat status {};
    if (::fstat(descriptor_, &status) != 0) return last_error();
    if (static_cast<std::size_t>(status.st_size) < size_ &&
        ::ftruncate(descriptor_, static_cast<off_t>(size_)) != 0)
      return last_error();
    if (const std::error_code error = allocate_holes(descriptor_, size_)) return error;
    watch_->forget_cuts();
    return {};
  }

 private:
  // Somebody's file in our place gives way, whole: nothing is overwritten. Not one that is in use, such as
  // another logger's.
  std::error_code keep_other(std::filesystem::path& kept_as) const {
    const auto in_the_way = std::make_error_code(std::errc::file_exists);
    const int other = ::open(path_.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (other < 0) return is_missing(last_error()) ? std::error_code{} : in_the_way;
    struct stat status {};
    const bool is_free =
        ::fstat(other, &status) == 0 && S_ISREG(status.st_mode) && ::flock(other, LOCK_EX | LOCK_NB) == 0;
    std::error_code error = is_free ? std::error_code{} : in_the_way;
    if (is_free) {
      const std::filesystem::path aside = make_aside_path(path_);
      error = system_files().set_aside(path_, aside);
      if (!error) kept_as = aside;
    }
    ::close(other);
    return error;
  }

  // Locked before it has the name, and mapped only when all is in it: until then the old file stays.
  std::error_code fill(int made) noexcept {
    if (::flock(made, LOCK_EX | LOCK_NB) != 0) return last_error();
    if (const std::error_code error = allocate_new(made, size_)) return error;
    if (const std::error_code error = write_all(made, static_cast<const char*>(address_), size_))
      return error;
    if (const std::error_code error = check_synced(::fsync(made))) return error;
    void* const address =
        ::mmap(address_, size_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED | MAP_POPULATE, made, 0);
    return address == address_ ? std::error_code{} : last_error();
  }

  void* address_;
  std::size_t size_;
  int descriptor_;  // holds the lock; none for plain memory
  std::filesystem::path path_;
  std::optional<MappingWatch> watch_;
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
                                : lock_error();
  }
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return last_error();
  if (!S_ISREG(status.st_mode)) return std::make_error_code(std::errc::not_supported);
  bool is_ours = true;
  if (status.st_size == 0) {
    if (const std::error_code error = allocate_new(descriptor, size)) return error;
  } else {
    size = static_cast<std::size_t>(status.st_size);
    is_ours = looks_ours(descriptor, size, ask);
    // A copy made by a tool that leaves holes, or shares the space of the original, would be as dangerous as
    // a new file with holes.
    if (const std::error_code error = is_ours ? allocate_holes(descriptor, size) : std::error_code{})
      return error;
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
