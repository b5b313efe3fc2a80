#pragma once

#include "mqtt_logger/base/totals.hpp"
#include "mqtt_logger/exports/file_format.hpp"
#include "mqtt_logger/exports/recovery.hpp"
#include "mqtt_logger/exports/syncer.hpp"
#include "mqtt_logger/exports/writer.hpp"
#include "mqtt_logger/journal/journal.hpp"
#include "mqtt_logger/options/options.hpp"

#include "support/catch.hpp"
#include "support/export_payloads.hpp"
#include "support/memory_files.hpp"
#include "support/test_journal.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace mqtt_logger::test {

inline Options make_options(Fsync fsync = Fsync::everysec) {
  Options options;
  options.output = "exports/data";
  options.formats = {Format::csv, Format::json, Format::jsonl};
  options.fsync = fsync;
  return options;
}

/// One run of the logger from the journal to the exports, as app.cpp builds it, without its threads: turn by
/// turn, and ended by the destructor as by SIGKILL.
class LoggerRun {
 public:
  LoggerRun(std::unique_ptr<MappedFile> mapping, FileSystem& files, const Options& options,
            std::chrono::milliseconds check_every = std::chrono::seconds{1})
      : journal_{std::move(mapping)},
        exports_{files, options, journal_, recover(files, options, journal_)},
        syncer_{journal_, exports_},
        writer_{journal_, exports_, syncer_, options, statistics_, check_every} {
    journal_.set_redelivery_window(1000);
  }

  [[nodiscard]] Journal& journal() noexcept { return journal_; }
  [[nodiscard]] Statistics& statistics() noexcept { return statistics_; }
  [[nodiscard]] Exports& exports() noexcept { return exports_; }
  Writer::StepResult step() noexcept { return writer_.step(); }
  std::error_code sync() noexcept { return syncer_.sync(); }
  void open_again() noexcept { writer_.open_again(); }

  AppendResult append(std::string_view payload, QoS qos = QoS::at_most_once, PacketId id = 0,
                      bool is_duplicate = false) {
    return journal_.append(make_message("a/b", payload, qos), id, is_duplicate);
  }

  /// Writes all that is in the journal.
  void drain() {
    int turns = 0;
    while (step() == Writer::StepResult::wrote) REQUIRE(++turns < 100'000);
  }

  /// Ends in order.
  void stop() {
    drain();
    static_cast<void>(syncer_.stop());
    journal_.close();
  }

 private:
  Statistics statistics_;
  Journal journal_;
  Exports exports_;
  Syncer syncer_;
  Writer writer_;
};

/// The file's payloads; the test fails if a strict reader would refuse it.
inline Payloads payloads_of(const MemoryFiles& files, Format format, const std::filesystem::path& path) {
  const std::string text = files.content(path);
  const auto payloads = read_payloads(format, text);
  if (!payloads) FAIL("not a valid export: " << path << ":\n" << text);
  return *payloads;
}

/// The numbers of a format's files, in their order.
inline std::vector<FileNumber> series_in(const MemoryFiles& files, Format format,
                                         const std::filesystem::path& output = make_options().output) {
  std::vector<FileNumber> numbers;
  for (const std::filesystem::path path : files.names()) {
    const auto found = parse_series_name(output, path.filename());
    if (found && found->format == format && !found->is_compressed) numbers.push_back(found->number);
  }
  std::ranges::sort(numbers);
  return numbers;
}

/// The payloads of the single file, if there is one, and of the series.
inline Payloads payloads_in(const MemoryFiles& files, Format format,
                            const std::filesystem::path& output = make_options().output) {
  const std::vector<FileNumber> series = series_in(files, format, output);
  Payloads payloads;
  const std::filesystem::path single = export_path(output, format);
  if (files.has(single)) payloads = payloads_of(files, format, single);
  for (const FileNumber number : series) {
    const Payloads more = payloads_of(files, format, export_path(output, format, number));
    payloads.insert(payloads.end(), more.begin(), more.end());
  }
  return payloads;
}

}  // namespace mqtt_logger::test
