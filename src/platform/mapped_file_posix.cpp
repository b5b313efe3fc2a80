#include "mqtt_logger/platform/mapped_file.hpp"

#include "error_posix.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <new>

namespace mqtt_logger {
namespace {

class PosixMapping final : public MappedFile {
 public:
  PosixMapping(void* address, std::size_t size, int descriptor) noexcept
      : address_{address}, size_{size}, descriptor_{descriptor} {}
  ~PosixMapping() override {
    ::munmap(address_, size_);
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  PosixMapping(const PosixMapping&) = delete;
  PosixMapping& operator=(const PosixMapping&) = delete;

  std::span<std::byte> bytes() noexcept override { return {static_cast<std::byte*>(address_), size_}; }

  std::error_code sync(std::size_t offset, std::size_t length) noexcept override {
    if (descriptor_ < 0 || length == 0) return {};
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const std::size_t begin = offset / page * page;
    std::byte* const address = static_cast<std::byte*>(address_) + begin;
    return ::msync(address, offset + length - begin, MS_SYNC) == 0 ? std::error_code{} : last_error();
  }

 private:
  void* address_;
  std::size_t size_;
  int descriptor_;  // holds the lock; none for plain memory
};

// Gives an empty file all its space, or leaves it empty.
std::error_code allocate(int descriptor, std::size_t size) noexcept {
  const int result = ::posix_fallocate(descriptor, 0, static_cast<off_t>(size));
  if (result == 0) return {};
  if (::ftruncate(descriptor, 0) != 0) return last_error();
  return {result, std::system_category()};
}

bool looks_ours(int descriptor, std::size_t size, const LooksOurs& ask) {
  if (!ask) return true;
  void* const address = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor, 0);
  if (address == MAP_FAILED) return true;
  const bool is_ours = ask({static_cast<const std::byte*>(address), size});
  ::munmap(address, size);
  return is_ours;
}

std::error_code map_descriptor(int descriptor, std::size_t size, std::unique_ptr<MappedFile>& mapped,
                               const LooksOurs& ask) {
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
  mapped = std::make_unique<PosixMapping>(address, size, descriptor);
  return {};
}

}  // namespace

std::error_code map_file(const std::filesystem::path& path, std::size_t size,
                         std::unique_ptr<MappedFile>& mapped, const LooksOurs& looks_ours) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
  if (descriptor < 0) return last_error();
  const std::error_code error = map_descriptor(descriptor, size, mapped, looks_ours);
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
  return std::make_unique<PosixMapping>(address, size, -1);
}

}  // namespace mqtt_logger
