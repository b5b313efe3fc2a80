#include "report.hpp"

#include "mqtt_logger/base/escape.hpp"
#include "mqtt_logger/base/timestamp.hpp"
#include "mqtt_logger/recording/progress.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

namespace mqtt_logger {
namespace {

std::string format_time(ReceiveTime time) {
  TimestampFormatter formatter;
  return std::string{formatter.format(time)};
}

std::string describe_encodings(const Counts& counts) {
  std::string text;
  for (const Encoding encoding : {Encoding::json, Encoding::text, Encoding::base64}) {
    const std::uint64_t count = counts.by_encoding[static_cast<std::size_t>(encoding)];
    if (count == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", to_string(encoding), group_digits(count));
  }
  return text;
}

struct SequenceTotals {
  std::uint64_t numbered = 0;
  std::uint64_t missing = 0;
  std::uint64_t doubles = 0;
  std::uint64_t disorder = 0;
  std::uint64_t restarts = 0;

  void add(const TopicSummary& topic) noexcept {
    numbered += topic.numbered;
    missing += topic.sequence.missing();
    doubles += topic.sequence.doubles();
    disorder += topic.sequence.disorder();
    restarts += topic.sequence.restarts();
  }
};

std::string describe(const SequenceTotals& totals, std::uint64_t records) {
  std::string text =
      fmt::format("{} of {} records numbered, missing {}, doubled {}, late {}", group_digits(totals.numbered),
                  group_digits(records), totals.missing, totals.doubles, totals.disorder);
  if (totals.restarts > 0) text += fmt::format(", restarted {}", totals.restarts);
  return text;
}

/// No fault: a sensor may well say the same twice.
std::string describe_duplicates(std::uint64_t equal, std::uint64_t records) {
  return fmt::format("{} of {} records equal the one before on their topic", group_digits(equal),
                     group_digits(records));
}

std::vector<const Summary::Topics::value_type*> sort_topics(const Summary& summary) {
  std::vector<const Summary::Topics::value_type*> sorted;
  for (const auto& topic : summary.topics()) sorted.push_back(&topic);
  std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
  return sorted;
}

}  // namespace

std::string describe_duration(std::chrono::microseconds duration) {
  using namespace std::chrono;
  const auto whole = duration_cast<seconds>(duration).count();
  if (whole < 60) return fmt::format("{:.3f} s", static_cast<double>(duration.count()) / 1e6);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  if (whole < 86'400) return fmt::format("{} h {} min", whole / 3600, whole / 60 % 60);
  return fmt::format("{} d {} h", whole / 86'400, whole / 3600 % 24);
}

std::string describe_export(const std::string& name, const Summary& summary) {
  const Counts& counts = summary.counts();
  std::string text = name + '\n';
  const auto add_line = [&text](std::string_view title, const std::string& value) {
    text += fmt::format("  {:<16}{}\n", title, value);
  };
  add_line("records", group_digits(counts.records));
  if (counts.records == 0) return text;
  add_line("from", format_time(counts.first));
  add_line("to", fmt::format("{}, {} later", format_time(counts.last),
                             describe_duration(counts.last - counts.first)));
  add_line("topics", group_digits(summary.topics().size()));
  add_line("encodings", describe_encodings(counts));
  add_line("bytes", fmt::format("{}, {} of them payloads", group_digits(summary.file_bytes()),
                                group_digits(counts.payload_bytes)));
  add_line("longest silence", describe_duration(counts.longest_silence));
  if (summary.has_sequence()) {
    SequenceTotals totals;
    for (const auto& [topic, of_topic] : summary.topics()) totals.add(of_topic);
    add_line("sequence", describe(totals, counts.records));
  }
  if (summary.finds_duplicates()) {
    std::uint64_t equal = 0;
    for (const auto& [topic, of_topic] : summary.topics()) equal += of_topic.equal_to_last;
    add_line("duplicates", describe_duplicates(equal, counts.records));
  }
  return text;
}

std::string describe_topics(const Summary& summary) {
  std::string text;
  for (const auto* const topic : sort_topics(summary)) {
    const auto& [name, of_topic] = *topic;
    const Counts& counts = of_topic.counts;
    text += "  ";
    append_escaped(text, name);
    text += fmt::format("\n    {} records, {} bytes of payload, {}\n    from {} to {}, longest silence {}\n",
                        group_digits(counts.records), group_digits(counts.payload_bytes),
                        describe_encodings(counts), format_time(counts.first), format_time(counts.last),
                        describe_duration(counts.longest_silence));
    if (summary.finds_duplicates())
      text += fmt::format("    {}\n", describe_duplicates(of_topic.equal_to_last, counts.records));
    if (!summary.has_sequence()) continue;
    SequenceTotals totals;
    totals.add(of_topic);
    text += fmt::format("    {}\n", describe(totals, counts.records));
  }
  return text;
}

}  // namespace mqtt_logger
