#pragma once

#include "mqtt_logger/recording/progress.hpp"
#include "mqtt_logger/recording/series.hpp"

#include "fault_list.hpp"
#include "summary.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mqtt_logger {

/// One export on its way through the checks: its next record, and what was before.
class CheckedSeries {
 public:
  CheckedSeries(Series series, Summary summary, FaultList& faults);

  /// Goes to the next record; checks its time and number. False at the end.
  bool advance();
  [[nodiscard]] bool has_record() const noexcept { return has_record_; }
  [[nodiscard]] const RecordedMessage& record() const noexcept { return record_; }
  [[nodiscard]] const SeriesReader& reader() const noexcept { return reader_; }
  [[nodiscard]] const Summary& summary() const noexcept { return summary_; }

  void add_fault(const std::string& what) { faults_.add(reader_.file(), record_.line, what); }

 private:
  FaultList& faults_;
  SeriesReader reader_;
  Summary summary_;
  RecordedMessage record_;
  std::optional<ReceiveTime> last_time_;
  bool has_record_ = false;
};

/// In what two records of one message differ, as the name of a field; nothing if they are the same.
[[nodiscard]] std::optional<std::string> find_difference(const RecordedMessage& left,
                                                         const RecordedMessage& right);

/// Reads all exports of one base side by side, which must hold the same records in the same order. What one
/// of them lacks is told by the times of the others' records. Records that stand before the beginning of a
/// rotated export are none of its faults: its older files may have been deleted.
void check_all(std::vector<CheckedSeries>& all, Progress& progress);

}  // namespace mqtt_logger
