#pragma once

#include "mqtt_logger/journal/journal.hpp"
#include "mqtt_logger/journal/layout.hpp"
#include "mqtt_logger/platform/mapped_file.hpp"

#include "support/memory_files.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <map>
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

/// A journal's file with the device behind it: the device holds what was synced, and of the rest any pages. A
/// page that a failed sync() should have brought there counts as clean from then on, as with the kernel: no
/// later sync brings it there, until it is stored to again.
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
    clean_.clear();
    pretend_restart(bytes_);
  }
  /// Whether sync() fails from now on.
  void set_failing(bool is_failing) noexcept { is_failing_ = is_failing; }
  /// Whether the device has all that is in the journal.
  [[nodiscard]] bool is_on_device() const {  // but for the header, which is stored to afterwards, too
    return std::equal(bytes_.begin() + layout::kReceivedBits, bytes_.end(),
                      device_.begin() + layout::kReceivedBits);
  }

 private:
  class Mapping final : public MappedFile {
   public:
    explicit Mapping(JournalDevice& device) noexcept : device_{device} {}
    std::span<std::byte> bytes() noexcept override { return device_.bytes_; }
    std::error_code sync(std::size_t offset, std::size_t length) noexcept override {
      for (std::size_t at = offset / kPageBytes * kPageBytes; at < offset + length; at += kPageBytes) {
        if (!device_.is_dirty(at)) continue;
        if (device_.is_failing_)
          device_.drop_page(at);
        else
          device_.write_page(at);
      }
      return device_.is_failing_ ? std::make_error_code(std::errc::io_error) : std::error_code{};
    }
    void mark_dirty(std::size_t offset, std::size_t length) noexcept override {
      const auto begin = device_.clean_.lower_bound(offset / kPageBytes * kPageBytes);
      device_.clean_.erase(begin, device_.clean_.lower_bound(offset + length));
    }

   private:
    JournalDevice& device_;
  };

  [[nodiscard]] bool is_dirty(std::size_t at) const {
    if (std::memcmp(&bytes_[at], &device_[at], kPageBytes) == 0) return false;
    const auto clean = clean_.find(at);
    return clean == clean_.end() || std::memcmp(&bytes_[at], clean->second.data(), kPageBytes) != 0;
  }
  void write_page(std::size_t at) { std::memcpy(&device_[at], &bytes_[at], kPageBytes); }
  void drop_page(std::size_t at) {
    clean_[at].assign(&bytes_[at], &bytes_[at] + kPageBytes);  // a store is seen by what it changes
  }

  std::vector<std::byte> bytes_;
  std::vector<std::byte> device_;
  std::map<std::size_t, std::vector<std::byte>> clean_;  // as they were when the device did not take them
  bool is_failing_ = false;
};

}  // namespace mqtt_logger::test
