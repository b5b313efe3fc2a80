#include "allocation_posix.hpp"

#include "error_posix.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#if defined(__linux__)
#include <linux/falloc.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#endif

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

namespace mqtt_logger {
namespace {

std::error_code allocate_range(int descriptor, std::uint64_t begin, std::uint64_t end) noexcept {
  for (;;) {
    const int result =
        ::posix_fallocate(descriptor, static_cast<off_t>(begin), static_cast<off_t>(end - begin));
    if (result != EINTR) return {result, std::system_category()};
  }
}

#if defined(__linux__)

// Not every file system can; then a store waits for room when it finds none.
std::error_code unshare_range(int descriptor, std::uint64_t begin, std::uint64_t end) noexcept {
  if (::fallocate(descriptor, FALLOC_FL_UNSHARE_RANGE, static_cast<off_t>(begin),
                  static_cast<off_t>(end - begin)) == 0)
    return {};
  return errno == ENOSPC || errno == EDQUOT ? last_error() : std::error_code{};
}

/// The kernel's struct fiemap without the array of no size at its end.
struct ExtentsHead {
  std::uint64_t start = 0;
  std::uint64_t length = 0;
  std::uint32_t flags = 0;
  std::uint32_t mapped_extents = 0;
  std::uint32_t extent_count = 0;
  std::uint32_t reserved = 0;
};
static_assert(sizeof(ExtentsHead) == sizeof(fiemap) && alignof(ExtentsHead) == alignof(fiemap));

/// The next extents of a file, as the kernel tells them.
class Extents {
 public:
  /// Whether the file system tells them.
  bool load(int descriptor, std::uint64_t begin, std::uint64_t end) noexcept {
    ExtentsHead head;
    head.start = begin;
    head.length = end - begin;
    head.extent_count = kMost;
    std::memcpy(buffer_.data(), &head, sizeof head);
    if (::ioctl(descriptor, FS_IOC_FIEMAP, buffer_.data()) != 0) return false;
    std::memcpy(&head, buffer_.data(), sizeof head);
    count_ = std::min(head.mapped_extents, kMost);
    return true;
  }
  [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
  [[nodiscard]] fiemap_extent get(std::uint32_t index) const noexcept {
    fiemap_extent extent{};
    std::memcpy(&extent, buffer_.data() + sizeof(ExtentsHead) + index * sizeof extent, sizeof extent);
    return extent;
  }

 private:
  static constexpr std::uint32_t kMost = 64;
  alignas(ExtentsHead) std::array<std::byte, sizeof(ExtentsHead) + kMost * sizeof(fiemap_extent)> buffer_{};
  std::uint32_t count_ = 0;
};

/// Goes over the file extent by extent. `is_known` stays false where the file system does not tell: allocated
/// and not yet written counts as a hole for lseek(), and would be asked for a second time.
std::error_code fill_holes(int descriptor, std::uint64_t size, bool& is_known) noexcept {
  is_known = false;
  std::uint64_t at = 0;
  while (at < size) {
    Extents found;
    if (!found.load(descriptor, at, size)) return {};
    is_known = true;
    const std::uint64_t begin = at;
    for (std::uint32_t i = 0; i < found.count(); ++i) {
      const fiemap_extent extent = found.get(i);
      const std::uint64_t first = std::clamp(std::uint64_t{extent.fe_logical}, at, size);
      const std::uint64_t end = std::clamp(std::uint64_t{extent.fe_logical + extent.fe_length}, first, size);
      std::error_code error = first > at ? allocate_range(descriptor, at, first) : std::error_code{};
      if (!error && (extent.fe_flags & FIEMAP_EXTENT_SHARED) != 0 && end > first)
        error = unshare_range(descriptor, first, end);
      if (error) return error;
      at = end;
    }
    if (at == begin) return allocate_range(descriptor, at, size);
  }
  return {};
}

// A store to a page that has its place already needs no other one then. Only while the file is empty.
void forbid_copy_on_write(int descriptor) noexcept {
  int flags = 0;
  if (::ioctl(descriptor, FS_IOC_GETFLAGS, &flags) != 0 || (flags & FS_NOCOW_FL) != 0) return;
  flags |= FS_NOCOW_FL;
  ::ioctl(descriptor, FS_IOC_SETFLAGS, &flags);
}

#endif

}  // namespace

std::error_code allocate_new(int descriptor, std::size_t size) noexcept {
#if defined(__linux__)
  forbid_copy_on_write(descriptor);
#endif
  const std::error_code error = allocate_range(descriptor, 0, size);
  if (error && ::ftruncate(descriptor, 0) != 0) return last_error();
  return error;
}

std::error_code allocate_holes(int descriptor, std::size_t size) noexcept {
#if defined(__linux__)
  bool is_known = false;
  const std::error_code error = fill_holes(descriptor, size, is_known);
  if (error || is_known) return error;
#endif
  return allocate_range(descriptor, 0, size);
}

}  // namespace mqtt_logger
