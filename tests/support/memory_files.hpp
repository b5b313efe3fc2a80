#pragma once

#include "mqtt_logger/platform/file.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace mqtt_logger::test {

inline constexpr std::size_t kPageBytes = 4096;

/// A file system in memory that can fail, stop in the middle of a write, and lose power. A device holds what
/// was synced, and of the rest any pages, in any order: each page for itself, and the size for itself. What a
/// failed sync should have brought there counts as clean from then on, as with the kernel: no later sync
/// brings it there, until it is written again. Any thread.
class MemoryFiles final : public FileSystem {
 public:
  /// From the `first`-th call from now on (0 is the next), `count` calls fail with `error`; a write that
  /// fails has written its first half.
  void fail(std::uint64_t first, std::uint64_t count, std::errc error) {
    const std::lock_guard lock{mutex_};
    first_failing_call_ = calls_ + first;
    failing_calls_ = count;
    error_ = error;
  }
  /// The next `count` writes fail with `error`, and every other call succeeds.
  void fail_writes(std::uint64_t count, std::errc error) {
    const std::lock_guard lock{mutex_};
    failing_writes_ = count;
    error_ = error;
  }
  /// The next `count` syncs of files and folders fail with `error`, and every other call succeeds.
  void fail_syncs(std::uint64_t count, std::errc error) {
    const std::lock_guard lock{mutex_};
    failing_syncs_ = count;
    error_ = error;
  }
  /// From now on a failed sync leaves all as it is, as on systems that try again.
  void keep_dirty() {
    const std::lock_guard lock{mutex_};
    keeps_dirty_ = true;
  }
  void stop_failing() {
    const std::lock_guard lock{mutex_};
    failing_calls_ = 0;
    failing_writes_ = 0;
    failing_syncs_ = 0;
  }
  /// What the device holds of a file, under whatever name; empty if it has no name there.
  [[nodiscard]] std::string on_device(const std::filesystem::path& path) const {
    const std::lock_guard lock{mutex_};
    const auto found = synced_files_.find(path.generic_string());
    return found == synced_files_.end() ? std::string{} : found->second->device;
  }
  [[nodiscard]] bool has_failed() const {
    const std::lock_guard lock{mutex_};
    return failing_calls_ != 0 && calls_ > first_failing_call_;
  }
  [[nodiscard]] std::uint64_t calls() const {
    const std::lock_guard lock{mutex_};
    return calls_;
  }

  /// As after a mount: the same files on a device of another number.
  void set_volume(std::uint64_t number) {
    const std::lock_guard lock{mutex_};
    volume_ = number;
  }

  /// As much is left from now on, whatever is written.
  void set_free_space(std::uint64_t bytes) {
    const std::lock_guard lock{mutex_};
    free_bytes_ = bytes;
  }

  /// Is called before each write that is not frozen yet.
  void watch_writes(std::function<void()> on_write) { on_write_ = std::move(on_write); }

  /// Is called once, after the next sync of a file that succeeds, and before it returns.
  void watch_next_sync(std::function<void()> on_sync) { on_sync_ = std::move(on_sync); }

  /// Nothing changes any more after so many bytes are written, though every call says that it does: the
  /// process was killed there, and only the test goes on.
  void freeze_after(std::uint64_t bytes) {
    const std::lock_guard lock{mutex_};
    bytes_before_freeze_ = bytes;
  }
  [[nodiscard]] bool is_frozen() const {
    const std::lock_guard lock{mutex_};
    return bytes_before_freeze_ == 0;
  }
  void thaw() {
    const std::lock_guard lock{mutex_};
    bytes_before_freeze_ = kNever;
  }

  /// What a file holds; empty if there is none.
  [[nodiscard]] std::string content(const std::filesystem::path& path) const {
    const std::lock_guard lock{mutex_};
    const auto found = files_.find(path.generic_string());
    return found == files_.end() ? std::string{} : found->second->bytes;
  }
  [[nodiscard]] bool has(const std::filesystem::path& path) const {
    const std::lock_guard lock{mutex_};
    return files_.contains(path.generic_string());
  }
  /// Changes a file in place.
  void edit(const std::filesystem::path& path, std::string bytes) {
    const std::lock_guard lock{mutex_};
    files_.at(path.generic_string())->bytes = std::move(bytes);
  }
  /// A new file, in the place of the one of that name.
  void put(const std::filesystem::path& path, std::string bytes) {
    const std::lock_guard lock{mutex_};
    files_[path.generic_string()] = make_node();
    edit(path, std::move(bytes));
  }
  void take_away(const std::filesystem::path& path) {
    const std::lock_guard lock{mutex_};
    files_.erase(path.generic_string());
  }
  [[nodiscard]] std::vector<std::string> names() const {
    const std::lock_guard lock{mutex_};
    std::vector<std::string> names;
    for (const auto& [name, node] : files_) names.push_back(name);
    return names;
  }
  /// Everything as it stands now, on the device.
  void sync_all() {
    const std::lock_guard lock{mutex_};
    for (const auto& [name, node] : files_) {
      node->clean_pages.clear();
      node->sync();
    }
    synced_files_ = files_;
    are_names_clean_ = false;
  }

  /// The system writes something back by itself, as it does at any time.
  void write_back(std::mt19937_64& random) {
    const std::lock_guard lock{mutex_};
    for (const auto& [name, node] : files_) node->write_back(random);
  }
  /// What the device holds is all that is left.
  void cut_power(std::mt19937_64& random) {
    const std::lock_guard lock{mutex_};
    write_back(random);
    if (are_names_clean_ || random() % 2 == 0) files_ = synced_files_;
    for (const auto& [name, node] : files_) {
      node->bytes = node->device;
      node->clean_pages.clear();
    }
    synced_files_ = files_;
    are_names_clean_ = false;
  }

  std::error_code open(const std::filesystem::path& path, std::unique_ptr<File>& file) override {
    const std::lock_guard lock{mutex_};
    if (const auto error = count_call()) return error;
    const auto found = files_.find(path.generic_string());
    if (found == files_.end()) return std::make_error_code(std::errc::no_such_file_or_directory);
    file = std::make_unique<Handle>(*this, found->second);
    return {};
  }
  std::error_code create(const std::filesystem::path& path, std::unique_ptr<File>& file) override {
    const std::lock_guard lock{mutex_};
    if (const auto error = count_call()) return error;
    if (has(path)) return std::make_error_code(std::errc::file_exists);
    files_[path.generic_string()] = make_node();
    are_names_clean_ = false;
    file = std::make_unique<Handle>(*this, files_[path.generic_string()]);
    return {};
  }
  std::error_code set_aside(const std::filesystem::path& from, const std::filesystem::path& to) override {
    const std::lock_guard lock{mutex_};
    if (const auto error = count_call()) return error;
    if (has(to)) return std::make_error_code(std::errc::file_exists);
    files_[to.generic_string()] = std::exchange(files_[from.generic_string()], nullptr);
    files_.erase(from.generic_string());
    are_names_clean_ = false;
    return {};
  }
  std::error_code copy_attributes(const std::filesystem::path&, const std::filesystem::path&) override {
    const std::lock_guard lock{mutex_};
    return count_call();
  }
  std::error_code look_up(const std::filesystem::path& path, FileStatus& status) override {
    const std::lock_guard lock{mutex_};
    if (const auto error = count_call()) return error;
    const auto found = files_.find(path.generic_string());
    if (found == files_.end()) return std::make_error_code(std::errc::no_such_file_or_directory);
    status = {{volume_, found->second->number}, found->second->bytes.size()};
    return {};
  }
  std::error_code list(const std::filesystem::path& folder,
                       std::vector<std::filesystem::path>& names) override {
    const std::lock_guard lock{mutex_};
    if (const auto error = count_call()) return error;
    for (const auto& [name, node] : files_) {
      const std::filesystem::path path{name};
      if (path.parent_path() == folder) names.push_back(path.filename());
    }
    return {};
  }
  std::error_code remove(const std::filesystem::path& path) override {
    const std::lock_guard lock{mutex_};
    if (const auto error = count_call()) return error;
    if (files_.erase(path.generic_string()) != 0) {
      are_names_clean_ = false;
      return {};
    }
    return std::make_error_code(std::errc::no_such_file_or_directory);
  }
  std::error_code free_space(const std::filesystem::path&, std::uint64_t& bytes) override {
    const std::lock_guard lock{mutex_};
    bytes = free_bytes_;
    return count_call();
  }
  std::error_code create_folders(const std::filesystem::path&) override {
    const std::lock_guard lock{mutex_};
    return count_call();
  }
  std::error_code sync_folder(const std::filesystem::path&) override {
    const std::lock_guard lock{mutex_};
    if (const auto error = count_sync()) {
      are_names_clean_ = !keeps_dirty_;
      return error;
    }
    if (!are_names_clean_) synced_files_ = files_;
    return {};
  }

 private:
  static constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

  struct Mutex : std::recursive_mutex {  // a copy of the files has a lock of its own
    Mutex() = default;
    Mutex(const Mutex&) : std::recursive_mutex{} {}
    Mutex& operator=(const Mutex&) { return *this; }
  };

  struct Node {
    std::uint64_t number = 0;
    std::string bytes;
    std::string device;
    bool is_locked = false;

    std::set<std::size_t> clean_pages;  // that the device did not take

    void sync() {
      device.resize(bytes.size());
      for (std::size_t at = 0; at < bytes.size(); at += kPageBytes) {
        const std::size_t length = std::min(kPageBytes, bytes.size() - at);
        if (!clean_pages.contains(at)) device.replace(at, length, bytes, at, length);
      }
    }
    void drop() {
      for (std::size_t at = 0; at < bytes.size(); at += kPageBytes) {
        const std::size_t length = std::min(kPageBytes, bytes.size() - at);
        const bool is_there =
            at + length <= device.size() && bytes.compare(at, length, device, at, length) == 0;
        if (!is_there) clean_pages.insert(at);
      }
    }
    void make_dirty(std::size_t begin, std::size_t end) {
      clean_pages.erase(clean_pages.lower_bound(begin / kPageBytes * kPageBytes),
                        clean_pages.lower_bound(end));
    }
    void write_back(std::mt19937_64& random) {
      if (random() % 2 == 0) device.resize(bytes.size());
      for (std::size_t at = 0; at < bytes.size(); at += kPageBytes) {
        const std::size_t length = std::min(kPageBytes, bytes.size() - at);
        if (clean_pages.contains(at) || random() % 2 == 0 ||
            bytes.compare(at, length, device, std::min(at, device.size()), length) == 0)
          continue;
        if (device.size() < at + length) device.resize(at + length);
        device.replace(at, length, bytes, at, length);
      }
    }
  };

  class Handle final : public File {
   public:
    Handle(MemoryFiles& files, std::shared_ptr<Node> node) : files_{files}, node_{std::move(node)} {}
    ~Handle() override {
      const std::lock_guard lock{files_.mutex_};
      if (has_lock_) node_->is_locked = false;
    }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;

    std::error_code write_at(std::uint64_t offset, std::string_view bytes) noexcept override {
      const std::lock_guard lock{files_.mutex_};
      if (files_.on_write_ && files_.bytes_before_freeze_ != 0) files_.on_write_();
      auto error = files_.count_call();
      if (!error && files_.failing_writes_ != 0) {
        --files_.failing_writes_;
        error = std::make_error_code(files_.error_);
      }
      if (error) bytes = bytes.substr(0, bytes.size() / 2);
      if (files_.bytes_before_freeze_ != kNever) {
        bytes = bytes.substr(
            0, static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), files_.bytes_before_freeze_)));
        files_.bytes_before_freeze_ -= bytes.size();
      }
      const auto at = static_cast<std::size_t>(offset);
      if (!bytes.empty()) {
        if (node_->bytes.size() < at + bytes.size()) node_->bytes.resize(at + bytes.size());
        node_->bytes.replace(at, bytes.size(), bytes);
        node_->make_dirty(at, at + bytes.size());
      }
      return error;
    }
    std::error_code read_at(std::uint64_t offset, std::span<char> buffer,
                            std::size_t& count) noexcept override {
      const std::lock_guard lock{files_.mutex_};
      if (const auto error = files_.count_call()) return error;
      const auto at = static_cast<std::size_t>(std::min<std::uint64_t>(offset, node_->bytes.size()));
      count = node_->bytes.copy(buffer.data(), buffer.size(), at);
      return {};
    }
    std::error_code truncate(std::uint64_t size) noexcept override {
      const std::lock_guard lock{files_.mutex_};
      if (const auto error = files_.count_call()) return error;
      if (!files_.is_frozen()) {
        const auto before = node_->bytes.size();
        const auto after = static_cast<std::size_t>(size);
        node_->bytes.resize(after);
        if (after % kPageBytes != 0) node_->make_dirty(after, after + 1);  // zeros behind the end
        node_->make_dirty(after, std::max(before, after));
      }
      return {};
    }
    std::error_code sync() noexcept override {
      std::function<void()> on_sync;
      {
        const std::lock_guard lock{files_.mutex_};
        if (const auto error = files_.count_sync()) {
          if (!files_.keeps_dirty_) node_->drop();
          return error;
        }
        node_->sync();
        on_sync = std::exchange(files_.on_sync_, nullptr);
      }
      if (on_sync) on_sync();  // it may take locks of its own
      return {};
    }
    std::error_code size(std::uint64_t& size) noexcept override {
      const std::lock_guard lock{files_.mutex_};
      if (const auto error = files_.count_call()) return error;
      size = node_->bytes.size();
      return {};
    }
    std::error_code identity(FileIdentity& identity) noexcept override {
      const std::lock_guard lock{files_.mutex_};
      if (const auto error = files_.count_call()) return error;
      identity = {files_.volume_, node_->number};
      return {};
    }
    std::error_code lock() noexcept override {
      const std::lock_guard lock{files_.mutex_};
      if (const auto error = files_.count_call()) return error;
      if (node_->is_locked && !has_lock_)
        return std::make_error_code(std::errc::resource_unavailable_try_again);
      node_->is_locked = has_lock_ = true;
      return {};
    }

   private:
    MemoryFiles& files_;
    std::shared_ptr<Node> node_;
    bool has_lock_ = false;
  };

  std::error_code count_call() noexcept {
    const std::uint64_t call = calls_++;
    const bool fails = call >= first_failing_call_ && call - first_failing_call_ < failing_calls_;
    return fails ? std::make_error_code(error_) : std::error_code{};
  }

  std::error_code count_sync() noexcept {
    const auto error = count_call();
    if (error || failing_syncs_ == 0) return error;
    --failing_syncs_;
    return std::make_error_code(error_);
  }

  std::shared_ptr<Node> make_node() {
    auto node = std::make_shared<Node>();
    node->number = ++nodes_made_;
    return node;
  }

  mutable Mutex mutex_;  // over all below: a writer and a syncer may use the files at once
  std::map<std::string, std::shared_ptr<Node>> files_;
  std::map<std::string, std::shared_ptr<Node>> synced_files_;  // the names that are on the device
  std::uint64_t nodes_made_ = 0;
  std::uint64_t volume_ = 1;
  std::uint64_t free_bytes_ = kNever;
  std::uint64_t calls_ = 0;
  std::uint64_t first_failing_call_ = 0;
  std::uint64_t failing_calls_ = 0;
  std::uint64_t failing_writes_ = 0;
  std::uint64_t failing_syncs_ = 0;
  bool are_names_clean_ = false;  // that the device did not take
  bool keeps_dirty_ = false;
  std::errc error_{};
  std::uint64_t bytes_before_freeze_ = kNever;
  std::function<void()> on_write_;
  std::function<void()> on_sync_;
};

}  // namespace mqtt_logger::test
