#include "mqtt_logger/journal/open_journal.hpp"

#include "mqtt_logger/base/error.hpp"
#include "mqtt_logger/journal/layout.hpp"
#include "mqtt_logger/log/log.hpp"
#include "mqtt_logger/platform/disk_faults.hpp"
#include "mqtt_logger/platform/file.hpp"
#include "mqtt_logger/platform/mapped_file.hpp"
#include "mqtt_logger/platform/replace_file.hpp"

#include "header.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <system_error>

namespace mqtt_logger {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& why) {
  throw StartupError{ExitCode::output_unusable, fmt::format("the journal {}: {}", path.string(), why)};
}

/// A file of any size can have that name, also one that cannot be mapped where an address has 32 bits.
void check_size(const std::filesystem::path& path) {
  constexpr std::uint64_t kLargest = layout::kRing + layout::kMaxRingBytes;
  FileStatus status;
  if (system_files().look_up(path, status) || status.size <= kLargest) return;
  fail(path,
       fmt::format("this file is not a journal: it has {} bytes, and the largest journal {}; it is left as "
                   "it is; choose another place with --journal",
                   status.size, kLargest));
}

std::string describe_want_of_room(const std::error_code& error, std::size_t size) {
  if (error == std::errc::file_too_large) {
    return fmt::format("cannot have its {} bytes: {}", size,
                       describe_write_error(error, "--journal-size makes a smaller one"));
  }
  return fmt::format(
      "there is no room for its {} bytes ({}); free some, or choose another place or size "
      "with --journal and --journal-size",
      size, error.message());
}

// One that was cut to nothing while no logger ran, or whose making was interrupted: nobody can tell.
void report_empty(const std::filesystem::path& path) {
  FileStatus found;
  if (system_files().look_up(path, found) || found.size != 0) return;
  log::warning(
      "the journal {} is empty: if somebody has cut it, what was only in it is missing in the exports",
      path.string());
}

std::unique_ptr<MappedFile> map(const std::filesystem::path& path, std::size_t size,
                                const TryAgain& try_again) {
  check_size(path);
  std::unique_ptr<MappedFile> mapping;
  const auto is_usable = [](std::span<const std::byte> bytes) {
    return check_header(bytes) == HeaderState::usable;
  };
  const auto describe = [&](const std::error_code& failed) {
    return fmt::format("the journal {}: {}", path.string(), describe_want_of_room(failed, size));
  };
  const std::error_code error = call_until_done(
      try_again, [&] { return map_file(path, size, mapping, is_usable); }, describe);
  if (!error) return mapping;
  if (error == std::errc::resource_unavailable_try_again)
    fail(path, "is in use by another logger; give this one another --journal");
  if (is_want_of_room(error)) fail(path, describe_want_of_room(error, size));
  if (error == std::errc::no_such_device) {
    fail(path,
         fmt::format("its file system cannot map files into memory ({}); choose a place on another disk "
                     "with --journal",
                     error.message()));
  }
  if (error == std::errc::no_lock_available) {
    fail(path, fmt::format("its file system has no file locks ({}), without which two loggers could use it; "
                           "mount it with locks, or choose a place on another disk with --journal",
                           error.message()));
  }
  if (error == std::errc::not_enough_memory) {
    throw StartupError{
        ExitCode::something_pending,
        fmt::format("cannot start: the system gives no more memory for the journal {}; limits are "
                    "MemoryMax of systemd and ulimit -v, and 2 GiB in all for a program of 32 bits; "
                    "--journal-size makes a new journal smaller",
                    path.string())};
  }
  fail(path,
       fmt::format("cannot be opened: {}; choose another place with --journal, or none with --journal none",
                   error.message()));
}

std::filesystem::path set_aside(const std::filesystem::path& path) {
  for (int number = 1;; ++number) {
    std::filesystem::path aside = path;
    aside += fmt::format(".damaged-{}", number);
    const std::error_code error = system_files().set_aside(path, aside);
    if (!error) return aside;
    if (error != std::errc::file_exists)
      fail(path, fmt::format("is damaged and cannot be moved aside: {}", error.message()));
  }
}

}  // namespace

std::filesystem::path journal_path(const Options& options) {
  if (!options.journal.empty()) return options.journal;
  std::filesystem::path path = options.output;
  path += ".journal";
  return path;
}

std::unique_ptr<Journal> open_journal(const Options& options, const TryAgain& try_again) {
  const std::size_t size = Journal::mapping_size(options.journal_size_bytes);
  if (!options.journal_in_file) {
    log::warning(
        "--journal none: what is received and not yet written is lost if this process is killed, and a "
        "message that was being delivered then may be lost or come twice");
    return std::make_unique<Journal>(map_memory(size));
  }

  const std::filesystem::path path = journal_path(options);
  remove_unfinished_replacements(path, layout::kMagicText);
  report_empty(path);
  std::unique_ptr<MappedFile> mapping = map(path, size, try_again);
  switch (check_header(mapping->bytes())) {
    case HeaderState::usable:
      break;
    case HeaderState::foreign:
      fail(path, "this file is not a journal; it is left as it is; choose another place with --journal");
    case HeaderState::newer_version:
      fail(path,
           "was made by a newer version of this program; use that one, or choose another place with "
           "--journal");
    case HeaderState::damaged: {
      mapping.reset();
      const std::filesystem::path aside = set_aside(path);
      log::error("the journal {} is damaged: what was only in it is missing in the exports; it is kept as {}",
                 path.string(), aside.string());
      mapping = map(path, size, try_again);
      break;
    }
  }
  if (mapping->bytes().size() != size) {
    log::info(
        "the journal {} keeps the size that it has ({} bytes); to change it, delete the file while no logger "
        "runs and the last one has written everything",
        path.string(), mapping->bytes().size());
  }
  return std::make_unique<Journal>(std::move(mapping));
}

}  // namespace mqtt_logger
