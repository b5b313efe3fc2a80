#include "mqtt_logger/app.hpp"

#include "mqtt_logger/journal/open_journal.hpp"
#include "mqtt_logger/log.hpp"
#include "mqtt_logger/mqtt/forget_session.hpp"
#include "mqtt_logger/mqtt/inbox.hpp"
#include "mqtt_logger/mqtt/simulator.hpp"
#include "mqtt_logger/mqtt/status_reporter.hpp"
#include "mqtt_logger/mqtt/subscriber.hpp"
#include "mqtt_logger/mqtt/tls_files.hpp"
#include "mqtt_logger/output/exports.hpp"
#include "mqtt_logger/output/recovery.hpp"
#include "mqtt_logger/output/syncer.hpp"
#include "mqtt_logger/output/writer.hpp"
#include "mqtt_logger/platform/lock_file.hpp"
#include "mqtt_logger/platform/process.hpp"
#include "mqtt_logger/platform/stop_events.hpp"
#include "mqtt_logger/statistics.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>

namespace mqtt_logger {
namespace {

using Clock = std::chrono::steady_clock;

// One logger an output: two would tear each other's lines.
std::unique_ptr<LockFile> lock_output(const Options& options) {
  if (const auto folder = options.output.parent_path(); !folder.empty()) {
    if (const std::error_code error = system_files().create_folders(folder)) {
      throw StartupError{ExitCode::output_unusable,
                         fmt::format("--output {}: cannot make the folder {}: {}", options.output.string(),
                                     folder.string(), error.message())};
    }
  }
  std::filesystem::path path = options.output;
  path += ".lock";
  std::unique_ptr<LockFile> lock;
  std::uint64_t holder = 0;
  const std::error_code error = take_lock(path, lock, holder);
  if (error == std::errc::resource_unavailable_try_again) {
    throw StartupError{
        ExitCode::output_unusable,
        fmt::format(
            "--output {}: in use by another logger, process {}; stop that one or choose another output",
            options.output.string(), holder)};
  }
  if (error) {
    throw StartupError{ExitCode::output_unusable, fmt::format("--output {}: cannot write in its folder: {}",
                                                              options.output.string(), error.message())};
  }
  return lock;
}

void greet(const Options& options, const std::vector<FileSink>& sinks, const StopEvents& stop_events) {
  std::string paths;
  for (const FileSink& sink : sinks) paths += (paths.empty() ? "" : " and ") + sink.path().string();
  log::info("writing to {}", paths);
  log::info("connecting to {} as {}", to_string(options.brokers.front()), find_client_id(options));
  if (options.tls.is_insecure) {
    log::warning(
        "--tls-insecure: the broker's certificate is not looked at; whoever is between here and the "
        "broker can read and change everything, and learn the password");
  }
  if (!stop_events.has_keyboard())
    log::info("running as process {}; SIGTERM or Ctrl-C stops it", process_id());
}

/// Says that `q` quits, at first and again when the terminal is ours again (`fg`).
class Prompt {
 public:
  explicit Prompt(const StopEvents& stop_events) noexcept : stop_events_{stop_events} {}

  void advance() {
    const bool has_keyboard = stop_events_.has_keyboard();
    if (has_keyboard && !had_keyboard_) log::info("press q to quit");
    had_keyboard_ = has_keyboard;
  }

 private:
  const StopEvents& stop_events_;
  bool had_keyboard_ = false;
};

/// A line of statistics each interval, if something has changed.
class StatisticsReport {
 public:
  StatisticsReport(const Statistics& statistics, std::chrono::milliseconds interval)
      : statistics_{statistics}, interval_{interval}, next_{Clock::now() + interval} {}

  std::chrono::milliseconds advance() {
    constexpr std::chrono::milliseconds kNever = std::chrono::hours{1};
    if (interval_.count() == 0) return kNever;
    const auto now = Clock::now();
    if (now >= next_) {
      const Account account = statistics_.account();
      if (account != last_) log::info("{}", to_string(account));
      last_ = account;
      next_ = now + interval_;
    }
    return std::chrono::ceil<std::chrono::milliseconds>(next_ - now);
  }

 private:
  const Statistics& statistics_;
  std::chrono::milliseconds interval_;
  Clock::time_point next_;
  Account last_;
};

/// --forget-session. What the journal holds for the exports stays; what it knows of the session goes.
ExitCode forget_session(const Options& options) {
  std::error_code ignored;
  std::unique_ptr<LockFile> lock;
  const std::filesystem::path path = journal_path(options);
  const bool has_journal = options.journal_in_file && std::filesystem::exists(path, ignored);
  if (has_journal) lock = lock_output(options);  // a logger that runs would get its session back at once
  switch (forget_sessions(options)) {
    case Forgotten::all:
      break;
    case Forgotten::not_all:
      return ExitCode::something_pending;
    case Forgotten::refused:
      return ExitCode::refused;
  }
  if (has_journal) {
    const auto journal = open_journal(options);
    journal->end_session();
    // Whether the run before ended in order is for the next one to see.
    if (!journal->findings().had_crash) journal->close();
  }
  return ExitCode::everything_written;
}

}  // namespace

ExitCode run(const Options& options) {
  check_tls_files(options);
  if (options.forget_session) return forget_session(options);
  const auto stop_events = make_stop_events();
  const auto lock = lock_output(options);
  const auto journal = open_journal(options);
  Exports exports{system_files(), options, *journal, recover(system_files(), options, *journal)};
  Statistics statistics;
  statistics.replayed.add(journal->findings().records);
  Syncer syncer{*journal, exports};
  Writer writer{*journal, exports, syncer, options.fsync, statistics};
  Inbox inbox{*journal, options, statistics, [&stop_events] { return stop_events->is_stop_requested(); }};
  Subscriber subscriber{options, *journal, inbox, statistics, [&stop_events] { stop_events->wake(); }};
  Simulator simulator{options};
  StatusReporter status{options, subscriber, statistics};
  StatisticsReport report{statistics, options.stats_every};
  Prompt prompt{*stop_events};

  greet(options, exports.sinks(), *stop_events);
  writer.start();
  if (options.fsync != Fsync::no) syncer.start();
  bool is_refused = false;
  while (!stop_events->is_stop_requested()) {
    prompt.advance();
    try {
      const auto due = subscriber.advance();
      // Not before we are subscribed, so that the first reading is logged as well.
      if (options.simulate && subscriber.is_subscribed()) {
        simulator.follow(subscriber.broker());
        simulator.start();
      }
      stop_events->wait(std::min({due, report.advance(), status.advance()}));
      if (stop_events->take_reopen_request()) {
        log::info("opening the exports again (SIGHUP)");
        writer.open_again();
      }
    } catch (const StartupError& error) {  // what is in the journal is written all the same
      log::error("{}", error.what());
      is_refused = true;
      break;
    }
  }

  log::info("stopping ({})", is_refused ? "refused by the broker" : stop_events->stop_reason());
  simulator.stop();
  status.stop();
  subscriber.stop();
  writer.stop();
  syncer.stop();
  journal->close();
  const Account account = statistics.account();
  log::info("{}", to_string(account));
  if (is_refused) return ExitCode::refused;
  return account.is_complete() ? ExitCode::everything_written : ExitCode::something_pending;
}

}  // namespace mqtt_logger
