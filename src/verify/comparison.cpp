#include "comparison.hpp"

#include "mqtt_logger/base/timestamp.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace mqtt_logger {
namespace {

/// The same, or with spaces in place of line breaks, as a JSON export has it.
bool is_same_payload(const RecordedMessage& left, const RecordedMessage& right) noexcept {
  if (left.payload == right.payload) return true;
  if (left.encoding != Encoding::json) return false;
  const auto as_in_json = [](char c) { return c == '\r' || c == '\n' ? ' ' : c; };
  return std::equal(left.payload.begin(), left.payload.end(), right.payload.begin(), right.payload.end(),
                    [&](char a, char b) { return as_in_json(a) == as_in_json(b); });
}

std::string write_time(ReceiveTime time) {
  TimestampFormatter formatter;
  return std::string{formatter.format(time)};
}

/// The exports that have the record which comes next, and those that have not.
class StepResult {
 public:
  explicit StepResult(std::vector<CheckedSeries>& all) {
    for (CheckedSeries& series : all) {
      if (series.has_record() && (first_ == nullptr || series.record().time < first_->record().time))
        first_ = &series;
    }
  }

  [[nodiscard]] bool is_over() const noexcept { return first_ == nullptr; }
  [[nodiscard]] CheckedSeries& first() const noexcept { return *first_; }
  [[nodiscard]] bool has(const CheckedSeries& series) const noexcept {
    return series.has_record() && series.record().time == first_->record().time;
  }

 private:
  CheckedSeries* first_ = nullptr;
};

void compare(CheckedSeries& first, CheckedSeries& other) {
  const auto difference = find_difference(first.record(), other.record());
  if (difference)
    other.add_fault(fmt::format("another {} than in {}:{}", *difference, first.reader().file().string(),
                                first.record().line));
}

/// Whether the export may once have had the record, in a file that was deleted since.
bool may_have_had(const CheckedSeries& series, ReceiveTime time) {
  return series.reader().series().is_rotated && series.summary().counts().records <= 1 &&
         series.has_record() && time < series.record().time;
}

}  // namespace

CheckedSeries::CheckedSeries(Series series, Summary summary, FaultList& faults)
    : faults_{faults},
      reader_{std::move(series), [&faults](const std::filesystem::path& file, std::uint64_t line,
                                           const std::string& what) { faults.add(file, line, what); }},
      summary_{std::move(summary)} {}

bool CheckedSeries::advance() {
  has_record_ = reader_.next(record_);
  if (!has_record_) return false;
  if (last_time_ && record_.time < *last_time_)
    add_fault(
        fmt::format("the time goes back from {} to {}", write_time(*last_time_), write_time(record_.time)));
  last_time_ = record_.time;
  if (const auto fault = summary_.add(record_)) add_fault(*fault);
  return true;
}

std::optional<std::string> find_difference(const RecordedMessage& left, const RecordedMessage& right) {
  if (left.topic != right.topic) return "topic";
  if (left.encoding != right.encoding) return "encoding";
  if (left.qos != right.qos) return "QoS";
  if (left.is_retained != right.is_retained) return "retain flag";
  if (left.is_sound && right.is_sound && !is_same_payload(left, right)) return "payload";
  return std::nullopt;
}

void check_all(std::vector<CheckedSeries>& all, Progress& progress) {
  for (CheckedSeries& series : all) series.advance();
  for (;;) {
    const StepResult turn{all};
    if (turn.is_over()) return;
    const ReceiveTime time = turn.first().record().time;
    for (CheckedSeries& series : all) {
      if (&series == &turn.first()) continue;
      if (turn.has(series)) {
        compare(turn.first(), series);
      } else if (!may_have_had(series, time)) {
        turn.first().add_fault(fmt::format(
            "the record is not in {}{}", series.reader().file().string(),
            series.has_record() ? fmt::format(" before line {}", series.record().line) : std::string{}));
      }
    }
    for (CheckedSeries& series : all) {
      if (&series != &turn.first() && turn.has(series)) series.advance();
    }
    turn.first().advance();
    if (progress.is_due()) {
      std::uint64_t position = 0;
      std::uint64_t size = 0;
      for (const CheckedSeries& series : all) {
        position += series.reader().position();
        size += series.reader().size();
      }
      progress.show(describe_share(position, size));
    }
  }
}

}  // namespace mqtt_logger
