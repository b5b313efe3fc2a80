#include "app.hpp"

#include "mqtt_logger/base/status.hpp"
#include "mqtt_logger/base/totals.hpp"
#include "mqtt_logger/connection/tls_files.hpp"
#include "mqtt_logger/exports/exports.hpp"
#include "mqtt_logger/exports/file_format.hpp"
#include "mqtt_logger/exports/recovery.hpp"
#include "mqtt_logger/exports/series_name.hpp"
#include "mqtt_logger/exports/syncer.hpp"
#include "mqtt_logger/exports/writer.hpp"
#include "mqtt_logger/housekeeping/housekeeper.hpp"
#include "mqtt_logger/journal/open_journal.hpp"
#include "mqtt_logger/log/log.hpp"
#include "mqtt_logger/mqtt/forget_session.hpp"
#include "mqtt_logger/mqtt/receiver.hpp"
#include "mqtt_logger/mqtt/status_reporter.hpp"
#include "mqtt_logger/mqtt/subscriber.hpp"
#include "mqtt_logger/operation/disk_fault_watch.hpp"
#include "mqtt_logger/operation/log_setup.hpp"
#include "mqtt_logger/operation/metrics.hpp"
#include "mqtt_logger/operation/output_lock.hpp"
#include "mqtt_logger/operation/pid_file.hpp"
#include "mqtt_logger/operation/prompt.hpp"
#include "mqtt_logger/operation/reports.hpp"
#include "mqtt_logger/operation/room_wait.hpp"
#include "mqtt_logger/operation/service_report.hpp"
#include "mqtt_logger/operation/stall_watch.hpp"
#include "mqtt_logger/operation/statistics_report.hpp"
#include "mqtt_logger/options/secrets.hpp"
#include "mqtt_logger/platform/file.hpp"
#include "mqtt_logger/platform/process.hpp"
#include "mqtt_logger/platform/stop_events.hpp"
#include "mqtt_logger/publish/simulator.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace mqtt_logger {
namespace {

// Those of the library, which send and receive, the session's, and ours that begin while it connects.
constexpr int kThreadsToCome = 5;

/// Throws std::system_error if there are not so many threads to be had: the library would not tell, and wait
/// for ever for the one that it does not have.
void require_threads(int count) {
  // Not a std::latch: without futexes (MinGW) that of GCC 12 can miss that it is over, and wait for ever.
  std::mutex mutex;
  std::condition_variable released;
  bool is_over = false;
  const auto release = [&] {
    {
      const std::lock_guard lock{mutex};
      is_over = true;
    }
    released.notify_all();
  };
  std::vector<std::jthread> threads;  // gone before what they wait for
  try {
    for (int i = 0; i < count; ++i) {
      threads.emplace_back([&] {
        std::unique_lock lock{mutex};
        released.wait(lock, [&] { return is_over; });
      });
    }
  } catch (...) {
    release();
    throw;
  }
  release();
}

void log_startup(const Options& options, const std::vector<FileSink>& sinks, const StopEvents& stop_events) {
  std::string paths;
  for (const FileSink& sink : sinks) paths += (paths.empty() ? "" : " and ") + sink.path().string();
  log::info("writing to {}", paths);
  log::info("connecting to {} as {}", to_string(options.brokers.front()), options.client_id);
  if (options.tls.is_insecure) {
    log::warning(
        "--tls-insecure: the broker's certificate is not checked; whoever is between here and the "
        "broker can read and change everything, and learn the password");
  }
  if (!stop_events.has_keyboard())
    log::info("running as process {}; --stop or Ctrl-C stops it", process_id());
}

/// What others may know of the logger: a snapshot of all rooms that asks none of them to wait.
Status take_snapshot(const Options& options, const Journal& journal, const Syncer& syncer,
                     const Receiver& receiver, const Subscriber& subscriber, const Statistics& statistics) {
  Status status;
  status.connection = subscriber.connection();
  status.client_id = options.client_id;
  status.totals = statistics.totals();
  status.connects = statistics.connects.get();
  status.written_bytes = statistics.written_bytes.get();
  status.write_errors = statistics.write_errors.get();
  status.journal_pending_bytes = journal.pending_bytes();
  status.journal_bytes = journal.ring_bytes();
  status.last_message = statistics.last_message.get();
  status.filters = receiver.topic_watch().snapshot();
  status.last_fault = log::last_fault();
  const Checkpoint checkpoint = syncer.checkpoint();
  for (const Format format : options.formats) {
    const SinkCheckpoint& sink = checkpoint.sinks[static_cast<std::size_t>(format)];
    const std::filesystem::path path = export_path(options.output, format, sink.file_number);
    const std::uint64_t size_bytes = sink.body_size + file_format(format).closing.size();
    if (sink.is_present) status.exports.push_back({path.string(), size_bytes});
  }
  return status;
}

ExitCode to_exit_code(Forgotten forgotten) noexcept {
  switch (forgotten) {
    case Forgotten::not_all:
      return ExitCode::something_pending;
    case Forgotten::refused:
      return ExitCode::refused;
    case Forgotten::all:
      break;
  }
  return ExitCode::everything_written;
}

/// --forget-session. What the journal holds for the exports stays; what it knows of the session goes.
ExitCode forget_session(Options options) {
  FileStatus found;
  // One that cannot be looked at cannot be opened, which will say why.
  const bool has_journal =
      options.journal_in_file && !is_missing(system_files().look_up(journal_path(options), found));
  if (!has_journal) return to_exit_code(forget_sessions(options));
  const auto lock = lock_output(options);  // a logger that runs would get its session back at once
  const Statistics nothing_received;
  const DiskFaultWatch disk_fault_watch{journal_path(options), nothing_received, [] { return false; }};
  const auto journal = open_journal(options);
  options.client_id = find_client_id(options, *journal);
  const Forgotten forgotten = forget_sessions(options);
  if (forgotten == Forgotten::all) journal->end_session();
  // Whether the run before ended in order is for the next one to see.
  if (!journal->open_report().had_crash) journal->close();
  return to_exit_code(forgotten);
}

ExitCode run_until_stopped(const Options& given, const std::unique_ptr<StopEvents>& stop_events,
                           RoomWait& room, ServiceManager& service_manager, Background* background) {
  Options options = given;
  finish_log_setup(options, room.try_again());
  prepare_metrics_file(options);
  auto pid_file = take_pid_file(options, room.try_again());
  const auto lock = lock_output(options, room.try_again());
  Statistics statistics;
  const DiskFaultWatch disk_fault_watch{journal_path(options), statistics,
                                        [&stop_events] { return stop_events->is_stop_requested(); },
                                        [&room](const std::string& what) { room.note_store_wait(what); }};
  const auto journal = open_journal(options, room.try_again());
  options.client_id = find_client_id(given, *journal);
  Exports exports{system_files(), options, *journal,
                  recover(system_files(), options, *journal, room.try_again())};
  room.end();
  statistics.replayed.add(journal->open_report().records);
  Syncer syncer{*journal, exports};
  Writer writer{*journal, exports, syncer, options, statistics};
  Housekeeper housekeeper{system_files(), options, exports, journal->last_contact()};
  Receiver receiver{*journal, options, statistics,
                    [&stop_events] { return stop_events->is_stop_requested(); }};
  Subscriber subscriber{options, *journal, receiver, statistics, [&stop_events] { stop_events->wake(); }};
  Simulator simulator{options};
  StatusReporter status_topic{options, subscriber, statistics, receiver.topic_watch()};
  // A thread that waits for room and tries again is none that hangs.
  ServiceReport service{
      service_manager,
      [&statistics] { return statistics.writer_iterations.get() + disk_faults().failed_stores; },
      [&journal] { journal->wake_writer(); }};
  Reports reports{options, *lock, pid_file.get(), background,
                  [&] { return take_snapshot(options, *journal, syncer, receiver, subscriber, statistics); }};
  StallWatch stall_watch{options.output.string()};
  StatisticsReport report{statistics, options.stats_every};
  Prompt prompt{*stop_events};

  log_startup(options, exports.sinks(), *stop_events);
  writer.start();
  if (options.fsync != Fsync::no) syncer.start();
  housekeeper.start();
  require_threads(kThreadsToCome);
  subscriber.start();
  bool is_refused = false;
  while (!stop_events->is_stop_requested()) {
    prompt.advance();
    receiver.advance();
    try {
      subscriber.check();
      // Not before we are subscribed, so that the first reading is logged as well.
      if (options.simulate && subscriber.is_subscribed()) {
        simulator.follow(subscriber.broker());
        simulator.start();
      }
      const auto check_due = reports.advance();
      stall_watch.check(statistics.writer_iterations.get(), journal->pending_bytes(),
                        StallWatch::Clock::now());
      service.report(reports.status());
      stop_events->wait(std::min({check_due, report.advance(), service.advance(), status_topic.advance()}));
      if (stop_events->take_reopen_request()) {
        log::info("opening the exports again, and the log (SIGHUP)");
        writer.open_again();
        reopen_log(options);
        service.reloading();
      }
    } catch (const StartupError& error) {  // what is in the journal is written all the same
      report_startup_error(options, background, error);
      is_refused = true;
      break;
    }
  }

  log::info("stopping ({})", is_refused ? "refused by the broker" : stop_events->stop_reason());
  service.stopping();
  simulator.stop();
  status_topic.stop();
  const bool has_session_ended = subscriber.stop();
  if (!has_session_ended) {
    log::error("the client library does not answer; ending without it");
    receiver.close();
  }
  receiver.finish();
  housekeeper.stop();
  writer.stop();
  const bool is_on_device = !syncer.stop();
  if (has_session_ended) journal->close();  // else a message may be on its way into it still
  reports.finish();
  pid_file.reset();  // before the lock: whoever waits for that one finds this file gone
  const MessageTotals totals = statistics.totals();
  log::info("{}", to_string(totals));
  const bool is_complete = totals.is_complete() && is_on_device;
  const ExitCode exit_code = is_refused    ? ExitCode::refused
                             : is_complete ? ExitCode::everything_written
                                           : ExitCode::something_pending;
  if (has_session_ended) return exit_code;
  log::flush();
  exit_now(static_cast<int>(exit_code));
}

}  // namespace

ExitCode run(const Options& options, ServiceManager& service_manager, Background* background) {
  check_tls_files(options);
  warn_of_readable_secrets(options);
  if (options.action == Action::forget_session) return forget_session(options);
  const auto stop_events = make_stop_events();
  RoomWait room{options, *stop_events, service_manager, background};
  try {
    return run_until_stopped(options, stop_events, room, service_manager, background);
  } catch (const StartupError& error) {
    if (!room.was_stopped()) throw;
    log::info("stopped before there was room to start ({}): {}", stop_events->stop_reason(), error.what());
    return ExitCode::something_pending;
  }
}

}  // namespace mqtt_logger
