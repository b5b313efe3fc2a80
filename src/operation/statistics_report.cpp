#include "mqtt_logger/operation/statistics_report.hpp"

#include "mqtt_logger/log/log.hpp"

namespace mqtt_logger {

StatisticsReport::StatisticsReport(const Statistics& statistics, std::chrono::milliseconds interval)
    : statistics_{statistics}, interval_{interval}, next_{Clock::now() + interval} {}

std::chrono::milliseconds StatisticsReport::advance() {
  constexpr std::chrono::milliseconds kNever = std::chrono::hours{1};
  if (interval_.count() == 0) return kNever;
  const auto now = Clock::now();
  if (now >= next_) {
    const MessageTotals totals = statistics_.totals();
    if (totals != last_) log::info("{}", to_string(totals));
    last_ = totals;
    next_ = now + interval_;
  }
  return std::chrono::ceil<std::chrono::milliseconds>(next_ - now);
}

}  // namespace mqtt_logger
