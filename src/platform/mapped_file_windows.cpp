#include "mqtt_logger/platform/mapped_file.hpp"

#include "handle_windows.hpp"
#include "text_windows.hpp"

#include <windows.h>
#include <winioctl.h>

#include <algorithm>
#include <new>
#include <utility>
#include <vector>

namespace mqtt_logger {
namespace {

class FileMapping final : public MappedFile {
 public:
  FileMapping(Handle file, void* address, std::size_t size) noexcept
      : file_{std::move(file)}, address_{address}, size_{size} {}
  ~FileMapping() override { UnmapViewOfFile(address_); }
  FileMapping(const FileMapping&) = delete;
  FileMapping& operator=(const FileMapping&) = delete;

  std::span<std::byte> bytes() noexcept override { return {static_cast<std::byte*>(address_), size_}; }

  std::error_code sync(std::size_t offset, std::size_t length) noexcept override {
    if (length == 0) return {};
    // The first call gives the pages to the system, the second one waits until the device has them.
    const bool is_synced = FlushViewOfFile(static_cast<std::byte*>(address_) + offset, length) != 0 &&
                           FlushFileBuffers(file_.get()) != 0;
    return is_synced ? std::error_code{} : last_windows_error();
  }

  void mark_dirty(std::size_t offset, std::size_t length) noexcept override {
    constexpr std::size_t kPage = 4096;
    auto* const bytes = static_cast<volatile std::byte*>(address_);
    for (std::size_t at = offset / kPage * kPage; at < offset + length; at += kPage) {
      const std::byte value = bytes[at];
      bytes[at] = value;
    }
  }

 private:
  Handle file_;  // shared for reading only, it is the lock
  void* address_;
  std::size_t size_;
};

class PlainMemory final : public MappedFile {
 public:
  explicit PlainMemory(std::size_t size)
      : address_{VirtualAlloc(nullptr, size, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE)}, size_{size} {
    if (address_ == nullptr) throw std::bad_alloc{};
  }
  ~PlainMemory() override { VirtualFree(address_, 0, MEM_RELEASE); }
  PlainMemory(const PlainMemory&) = delete;
  PlainMemory& operator=(const PlainMemory&) = delete;

  std::span<std::byte> bytes() noexcept override { return {static_cast<std::byte*>(address_), size_}; }
  std::error_code sync(std::size_t /*offset*/, std::size_t /*length*/) noexcept override { return {}; }

 private:
  void* address_;
  std::size_t size_;
};

/// A compressed or sparse file has no space of its own for its zeros, whatever its size says; in a compressed
/// folder every new file is one. Not all file systems know the two, so it may fail.
void forbid_holes(HANDLE file) noexcept {
  DWORD returned = 0;
  USHORT compression = COMPRESSION_FORMAT_NONE;
  DeviceIoControl(file, FSCTL_SET_COMPRESSION, &compression, sizeof compression, nullptr, 0, &returned,
                  nullptr);
  FILE_SET_SPARSE_BUFFER sparse{};
  sparse.SetSparse = FALSE;
  DeviceIoControl(file, FSCTL_SET_SPARSE, &sparse, sizeof sparse, nullptr, 0, &returned, nullptr);
}

bool set_size(HANDLE file, std::size_t size) noexcept {
  LARGE_INTEGER end{};
  end.QuadPart = static_cast<LONGLONG>(size);
  return SetFilePointerEx(file, end, nullptr, FILE_BEGIN) != 0 && SetEndOfFile(file) != 0;
}

/// Gives an empty file all its space. The zeros are written out, because not every file system (nor Wine)
/// takes the space when the size is set.
std::error_code allocate(HANDLE file, std::size_t size) {
  if (!set_size(file, size) || SetFilePointerEx(file, LARGE_INTEGER{}, nullptr, FILE_BEGIN) == 0)
    return last_windows_error();
  const std::vector<char> zeros(std::min(size, std::size_t{1} << 20));
  for (std::size_t done = 0; done < size;) {
    DWORD written = 0;
    const auto length = static_cast<DWORD>(std::min(zeros.size(), size - done));
    if (WriteFile(file, zeros.data(), length, &written, nullptr) == 0) return last_windows_error();
    done += written;
  }
  return {};
}

bool looks_ours(HANDLE file, std::size_t size, const LooksOurs& ask) {
  if (!ask) return true;
  const Handle section{CreateFileMappingW(file, nullptr, PAGE_READONLY, 0, 0, nullptr)};
  if (!section) return true;
  void* const address = MapViewOfFile(section.get(), FILE_MAP_READ, 0, 0, size);
  if (address == nullptr) return true;
  const bool is_ours = ask({static_cast<const std::byte*>(address), size});
  UnmapViewOfFile(address);
  return is_ours;
}

/// Takes over `file` if it succeeds. `present` is the file's size.
std::error_code map_handle(Handle& file, std::size_t present, std::size_t size,
                           std::unique_ptr<MappedFile>& mapped, const LooksOurs& ask) {
  if (present == 0 || looks_ours(file.get(), present, ask)) forbid_holes(file.get());
  if (present != 0) {
    size = present;
  } else if (const std::error_code error = allocate(file.get(), size)) {
    return error;
  }
  const Handle section{CreateFileMappingW(file.get(), nullptr, PAGE_READWRITE, 0, 0, nullptr)};
  if (!section) return last_windows_error();
  void* const address = MapViewOfFile(section.get(), FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, size);
  if (address == nullptr) return last_windows_error();
  mapped = std::make_unique<FileMapping>(std::move(file), address, size);
  return {};
}

}  // namespace

std::error_code map_file(const std::filesystem::path& path, std::size_t size,
                         std::unique_ptr<MappedFile>& mapped, const LooksOurs& looks_ours) {
  Handle file{CreateFileW(path.c_str(), GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ, nullptr, OPEN_ALWAYS,
                          FILE_ATTRIBUTE_NORMAL, nullptr)};
  if (!file) return last_windows_error();
  if (GetFileType(file.get()) != FILE_TYPE_DISK) return std::make_error_code(std::errc::not_supported);
  LARGE_INTEGER present{};
  if (GetFileSizeEx(file.get(), &present) == 0) return last_windows_error();
  const std::error_code error =
      map_handle(file, static_cast<std::size_t>(present.QuadPart), size, mapped, looks_ours);
  if (error && present.QuadPart == 0) {
    file.reset();
    DeleteFileW(path.c_str());
  }
  return error;
}

std::unique_ptr<MappedFile> map_memory(std::size_t size) {
  return std::make_unique<PlainMemory>(size);
}

}  // namespace mqtt_logger
