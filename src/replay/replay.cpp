#include "mqtt_logger/replay/replay.hpp"

#include "mqtt_logger/log/log.hpp"
#include "mqtt_logger/platform/stop_events.hpp"
#include "mqtt_logger/publish/publisher.hpp"
#include "mqtt_logger/recording/progress.hpp"

#include "outgoing.hpp"
#include "replay_clock.hpp"
#include "replay_source.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

namespace mqtt_logger {
namespace {

using Clock = ReplayClock::Clock;

/// One replay from the first record to the last acknowledgement.
class Replay {
 public:
  explicit Replay(const Options& options)
      : options_{options},
        stop_events_{make_stop_events()},
        source_{options, [this](const std::filesystem::path& file, std::uint64_t line,
                                const std::string& what) { report_fault(file, line, what); }},
        publisher_{options, {.name = "replay", .in_words = "the replay"}, [this] { stop_events_->wake(); }},
        clock_{options.speed} {}

  ExitCode run() {
    log::info("replaying to {}", to_string(options_.brokers.front()));
    if (stop_events_->has_keyboard()) log::info("press q to quit");
    load_next();
    while (!stop_events_->is_stop_requested() && (next_ || publisher_.in_flight() > 0)) {
      const auto due = publisher_.advance();
      stop_events_->wait(std::min(due, publish_due()));
      show_progress();
    }
    progress_.clear();
    if (stop_events_->is_stop_requested()) log::info("stopping ({})", stop_events_->stop_reason());
    wait_for_acknowledgements();
    publisher_.stop();
    return report();
  }

 private:
  void report_fault(const std::filesystem::path& file, std::uint64_t line, const std::string& what) {
    progress_.clear();
    constexpr std::uint64_t kMaximum = 100;
    if (++faults_ <= kMaximum) log::warning("{}:{}: {}", file.string(), line, what);
    if (faults_ == kMaximum) log::warning("further faults are counted only");
  }

  void load_next() {
    next_.reset();
    while (const RecordedMessage* const record = source_.next()) {
      std::string fault;
      next_ = make_outgoing(*record, options_.topic_prefix, fault);
      if (next_) {
        due_ = clock_.find_due(record->time, Clock::now());
        return;
      }
      report_fault(source_.file(), record->line, "not published: " + fault);
    }
  }

  /// Publishes what is due as far as there is room; returns how long nothing will be due.
  std::chrono::milliseconds publish_due() {
    constexpr std::chrono::milliseconds kNever = std::chrono::hours{1};
    constexpr int kMaximumAtOnce = 1000;  // so that a stop is noticed
    for (int count = 0; next_; ++count) {
      const auto now = Clock::now();
      if (now < due_) return std::chrono::ceil<std::chrono::milliseconds>(due_ - now);
      if (!publisher_.has_room()) {
        clock_.resume(now);
        return kNever;
      }
      if (count == kMaximumAtOnce) return std::chrono::milliseconds{0};
      publisher_.publish(std::move(*next_));
      ++published_;
      load_next();
    }
    return kNever;
  }

  void show_progress() {
    if (!progress_.is_due(1)) return;
    progress_.show(fmt::format("{}, published {}, acknowledged {}",
                               describe_share(source_.position(), source_.size()), group_digits(published_),
                               group_digits(publisher_.acknowledged())));
  }

  /// After a stop: a moment for what is under way. (A second Ctrl-C ends it at once.)
  void wait_for_acknowledgements() {
    const auto end = Clock::now() + std::chrono::seconds{5};
    while (publisher_.in_flight() > 0 && Clock::now() < end && publisher_.is_connected()) {
      (void)publisher_.advance();
      stop_events_->wait(std::chrono::milliseconds{10});
      std::this_thread::sleep_for(std::chrono::milliseconds{1});  // a stop makes wait() return at once
    }
  }

  ExitCode report() {
    const std::uint64_t acknowledged = publisher_.acknowledged();
    const std::uint64_t sent = publisher_.sent();
    std::string text = fmt::format("published {}, acknowledged {}, refused {}", published_, acknowledged,
                                   publisher_.refused());
    if (sent > 0) text += fmt::format(", sent {} at QoS 0, which no broker acknowledges", sent);
    if (publisher_.is_any_uncertain())
      text += "; the connection was lost after some of them were sent: they may be missing";
    if (faults_ > 0) text += fmt::format(", {} faults in the recording", faults_);
    if (options_.loop) text += fmt::format(", {} rounds", source_.rounds());
    log::info("{}", text);
    const bool is_whole = acknowledged + sent == published_ && !publisher_.is_any_uncertain() && faults_ == 0;
    return is_whole ? ExitCode::everything_written : ExitCode::not_whole;
  }

  const Options& options_;
  std::unique_ptr<StopEvents> stop_events_;
  Progress progress_;
  std::uint64_t faults_ = 0;
  std::uint64_t published_ = 0;
  ReplaySource source_;
  Publisher publisher_;
  ReplayClock clock_;
  std::optional<OutgoingMessage> next_;
  Clock::time_point due_{};
};

}  // namespace

ExitCode replay(const Options& options) {
  return Replay{options}.run();
}

}  // namespace mqtt_logger
