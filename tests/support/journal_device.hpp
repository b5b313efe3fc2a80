#pragma once

#include "mqtt_logger/journal/journal.hpp"
#include "mqtt_logger/journal/layout.hpp"
#include "mqtt_logger/platform/mapped_file.hpp"

#include "support/memory_files.hpp"

#include <cstddef>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

namespace mqtt_logger::test {

inline constexpr std::size_t kBootOffset = 40;  // of the header's mark of the machine's start

/// Makes a journal look as if the machine had been started again since it was used. (Later the header takes a
/// mark of 32 bits.)
inline void pretend_restart(std::vector<std::byte>& journal) {
  std::uint64_t magic = 0;
  std::memcpy(&magic, journal.data(), sizeof magic);
  if (magic == layout::kMagic) std::memset(journal.data() + kBootOffset, 0xFF, sizeof(std::uint64_t));
}

/// A journal's file with the device behind it: the device holds what was synced, and of the rest any pages.
class JournalDevice {
 public:
  explicit JournalDevice(std::uint64_t ring_bytes)
      : bytes_(Journal::mapping_size(ring_bytes)), device_(bytes_.size()) {}

  [[nodiscard]] std::unique_ptr<MappedFile> map() { return std::make_unique<Mapping>(*this); }
  [[nodiscard]] const std::vector<std::byte>& bytes() const noexcept { return bytes_; }

  /// The system writes some pages back by itself, as it does at any time.
  void write_back(std::mt19937_64& random) {
    for (std::size_t at = 0; at < bytes_.size(); at += kPageBytes) {
      if (is_dirty(at) && random() % 2 == 0) write_page(at);
    }
  }
  /// What the device holds is all that is left, and the machine starts again.
  void cut_power(std::mt19937_64& random) {
    write_back(random);
    bytes_ = device_;
    pretend_restart(bytes_);
  }
  /// Whether sync() fails from now on.
  void set_failing(bool is_failing) noexcept { is_failing_ = is_failing; }

 private:
  class Mapping final : public MappedFile {
   public:
    explicit Mapping(JournalDevice& device) noexcept : device_{device} {}
    std::span<std::byte> bytes() noexcept override { return device_.bytes_; }
    std::error_code sync(std::size_t offset, std::size_t length) noexcept override {
      if (device_.is_failing_) return std::make_error_code(std::errc::io_error);
      for (std::size_t at = offset / kPageBytes * kPageBytes; at < offset + length; at += kPageBytes) {
        if (device_.is_dirty(at)) device_.write_page(at);
      }
      return {};
    }

   private:
    JournalDevice& device_;
  };

  [[nodiscard]] bool is_dirty(std::size_t at) const {
    return std::memcmp(&bytes_[at], &device_[at], kPageBytes) != 0;
  }
  void write_page(std::size_t at) { std::memcpy(&device_[at], &bytes_[at], kPageBytes); }

  std::vector<std::byte> bytes_;
  std::vector<std::byte> device_;
  bool is_failing_ = false;
};

}  // namespace mqtt_logger::test
