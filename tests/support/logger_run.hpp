#pragma once

#include "mqtt_logger/journal/journal.hpp"
#include "mqtt_logger/options.hpp"
#include "mqtt_logger/output/recovery.hpp"
#include "mqtt_logger/output/syncer.hpp"
#include "mqtt_logger/output/writer.hpp"
#include "mqtt_logger/statistics.hpp"

#include "support/export_payloads.hpp"
#include "support/memory_files.hpp"
#include "support/test_journal.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mqtt_logger::test {

inline constexpr Format kAllFormats[] = {Format::csv, Format::json, Format::jsonl};

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
  LoggerRun(std::unique_ptr<MappedFile> mapping, FileSystem& files, const Options& options)
      : journal_{std::move(mapping)},
        sinks_{recover(files, options, journal_)},
        writer_{journal_, sinks_, options.fsync, statistics_},
        syncer_{journal_, sinks_, writer_} {
    journal_.set_redelivery_window(1000);
  }

  [[nodiscard]] Journal& journal() noexcept { return journal_; }
  [[nodiscard]] Statistics& statistics() noexcept { return statistics_; }
  Writer::Turn step() noexcept { return writer_.step(); }
  void sync() noexcept { syncer_.sync(); }

  Admission append(std::string_view payload, QoS qos = QoS::at_most_once, PacketId id = 0,
                   bool is_duplicate = false) {
    return journal_.append(make_message("a/b", payload, qos), id, is_duplicate);
  }

  /// Writes all that is in the journal.
  void drain() {
    int turns = 0;
    while (step() == Writer::Turn::wrote) REQUIRE(++turns < 100'000);
  }

  /// Ends in order.
  void stop() {
    drain();
    syncer_.stop();
    journal_.close();
  }

 private:
  Statistics statistics_;
  Journal journal_;
  std::vector<FileSink> sinks_;
  Writer writer_;
  Syncer syncer_;
};

/// The export's payloads; the test fails if a strict reader would refuse the export.
inline Payloads payloads_in(const MemoryFiles& files, Format format,
                            const std::filesystem::path& output = make_options().output) {
  const std::string text = files.content(export_path(output, format));
  const auto payloads = read_payloads(format, text);
  if (!payloads) FAIL("not a valid export: " << export_path(output, format) << ":\n" << text);
  return *payloads;
}

}  // namespace mqtt_logger::test
