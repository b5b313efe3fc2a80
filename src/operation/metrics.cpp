#include "mqtt_logger/operation/metrics.hpp"

#include "mqtt_logger/base/error.hpp"
#include "mqtt_logger/base/escape.hpp"
#include "mqtt_logger/log/log.hpp"
#include "mqtt_logger/platform/replace_file.hpp"

#include <fmt/core.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace mqtt_logger {
namespace {

constexpr std::string_view kMark = "# HELP mqtt_logger_";  // what it begins with
constexpr std::chrono::milliseconds kDefaultInterval = std::chrono::seconds{60};

std::string label(std::string_view name, std::string_view value) {
  std::string text = fmt::format("{{{}=\"", name);
  const auto append = [&text](std::string_view line) {
    for (const char byte : escaped(line)) {
      if (byte == '"' || byte == '\\') text += '\\';
      text += byte;
    }
  };
  for (std::size_t end = 0; (end = value.find('\n')) != std::string_view::npos;
       value.remove_prefix(end + 1)) {
    append(value.substr(0, end));
    text += "\\n";
  }
  append(value);
  return text + "\"}";
}

class Page {
 public:
  void begin(std::string_view name, std::string_view type, std::string_view help) {
    name_ = fmt::format("mqtt_logger_{}", name);
    text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name_, help, name_, type);
  }
  template <typename Number>
  void value(Number number, std::string_view labels = {}) {
    text_ += fmt::format("{}{} {}\n", name_, labels, number);
  }
  template <typename Number>
  void counter(std::string_view name, std::string_view help, Number number) {
    begin(name, "counter", help);
    value(number);
  }
  template <typename Number>
  void gauge(std::string_view name, std::string_view help, Number number) {
    begin(name, "gauge", help);
    value(number);
  }
  /// Prometheus counts time in seconds since 1970; nothing where there is no time.
  void time(std::string_view name, std::string_view help, const std::optional<ReceiveTime>& time) {
    if (!time) return;
    begin(name, "gauge", help);
    const auto microseconds = time->time_since_epoch().count();
    constexpr std::int64_t kMillion = 1'000'000;
    value(fmt::format("{}.{:06}", microseconds / kMillion, microseconds % kMillion));
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_;
  std::string name_;
};

}  // namespace

std::string to_metrics(const Status& status) {
  const MessageTotals& totals = status.totals;
  Page page;
  page.counter("messages_received_total", "Messages from the broker and from the journal of the run before.",
               totals.received);
  page.counter("messages_replayed_total", "Of these, found in the journal at start.", totals.replayed);
  page.counter("messages_written_total", "Messages that are in every export.", totals.written);
  page.counter("messages_excluded_total", "Messages on topics of --exclude.", totals.excluded);
  page.begin("messages_dropped_total", "counter", "Messages that are not recorded, by reason.");
  page.value(totals.redelivered, label("reason", "redelivered"));
  page.value(totals.too_large, label("reason", "too_large"));
  page.value(totals.lost, label("reason", "lost"));
  page.gauge("messages_pending", "Messages that are received and not in the exports yet.", totals.pending());
  page.counter("written_bytes_total", "Bytes of records written to all exports.", status.written_bytes);
  page.counter("write_errors_total", "Attempts to write an export that failed.", status.write_errors);
  page.gauge("connected", "1 while connected and subscribed.", status.connection.is_subscribed ? 1 : 0);
  page.counter("connects_total", "Connections that were made.", status.connects);
  page.counter("reconnects_total", "Connections that were made after the first one.",
               status.connects > 0 ? status.connects - 1 : 0);
  page.counter("connection_failures_total", "Connections that failed or were lost.",
               status.connection.failures);
  page.time("last_message_timestamp_seconds", "When the last message came.", status.last_message);
  page.time("start_timestamp_seconds", "When the logger was started.", status.started);
  page.time("metrics_timestamp_seconds", "When this was written.", status.time);
  page.gauge("journal_pending_bytes", "Bytes of the journal that are in use.", status.journal_pending_bytes);
  page.gauge("journal_size_bytes", "Bytes that the journal takes.", status.journal_bytes);
  if (!status.exports.empty()) {
    page.begin("export_size_bytes", "gauge", "Size of the file that is being written.");
    for (const ExportStatus& entry : status.exports) page.value(entry.size_bytes, label("path", entry.path));
  }
  if (!status.disks.empty()) {
    page.begin("disk_free_bytes", "gauge", "What is left on the disk of exports or journal.");
    for (const DiskStatus& disk : status.disks) page.value(disk.free_bytes, label("path", disk.path));
    page.begin("disk_low", "gauge", "1 for a disk that has less left than --min-free.");
    for (const DiskStatus& disk : status.disks) page.value(disk.is_low ? 1 : 0, label("path", disk.path));
  }
  if (!status.filters.empty()) {
    page.begin("topic_filter_stale", "gauge",
               "1 for a topic filter that was silent for longer than --stale-after.");
    for (const FilterStatus& filter : status.filters)
      page.value(filter.is_stale ? 1 : 0, label("filter", filter.filter));
    page.begin("topic_filter_silent_seconds", "gauge", "Since when a topic filter has brought nothing.");
    for (const FilterStatus& filter : status.filters)
      page.value(filter.silent_for.count(), label("filter", filter.filter));
  }
  return page.take();
}

MetricsFile::MetricsFile(const Options& options)
    : path_{options.metrics_file},
      interval_{options.stats_every.count() == 0 ? kDefaultInterval : options.stats_every} {}

void prepare_metrics_file(const Options& options) {
  if (options.metrics_file.empty()) return;
  const std::error_code error = check_replaceable(options.metrics_file, kMark);
  if (error == std::errc::file_exists || error == std::errc::not_supported) {
    throw StartupError{
        ExitCode::output_unusable,
        fmt::format("--metrics-file {}: is another kind of file; choose another name, or remove it",
                    options.metrics_file.string())};
  }
  remove_unfinished_replacements(options.metrics_file, kMark);
}

void MetricsFile::report(const Status& status) {
  if (path_.empty() || Clock::now() < next_) return;
  next_ = Clock::now() + interval_;
  write(status);
}

void MetricsFile::write(const Status& status) {
  if (path_.empty()) return;
  const std::error_code error = replace_file(path_, to_metrics(status), kMark);
  if (error && !is_failing_)
    log::warning("--metrics-file {} cannot be written: {}; trying again", path_.string(), error.message());
  if (!error && is_failing_) log::info("--metrics-file {} can be written again", path_.string());
  is_failing_ = static_cast<bool>(error);
}

}  // namespace mqtt_logger
