#include "mqtt_logger/base/error.hpp"

#include "support/catch.hpp"
#include "support/journal_device.hpp"
#include "support/logger_run.hpp"
#include "support/quiet_log.hpp"
#include "support/stride.hpp"

#include <algorithm>
#include <memory>
#include <random>
#include <string>

using namespace mqtt_logger;
using namespace mqtt_logger::test;

namespace {

constexpr int kMessages = 24;

std::string growing_payload_of(int number) {
  return "#" + std::to_string(number) + std::string(static_cast<std::size_t>(number % 5) * 40, '"');
}

/// A logger that meets failing calls while it starts, writes and syncs. Every message it takes it must write.
struct Scenario {
  MemoryFiles files;
  JournalDevice journal{4096};
  Options options;
  std::unique_ptr<LoggerRun> run;
  Payloads expected;
  int blocked_iterations = 0;

  explicit Scenario(Fsync fsync, std::uint64_t rotate_size_bytes = 0) : options{make_options(fsync)} {
    options.rotate_size_bytes = rotate_size_bytes;
    // Exports of an earlier run, so that it must find out where they end.
    LoggerRun earlier{journal.map(), files, options};
    append_to(earlier, "earlier");
    earlier.stop();
  }

  bool try_to_start() {
    try {
      run = std::make_unique<LoggerRun>(journal.map(), files, options);
    } catch (const StartupError& error) {
      // A service is started again after a sync for which there was no room: it may be there then.
      const std::string what = error.what();
      const bool wants_room = what.find("brought to the device") != std::string::npos &&
                              what.ends_with(std::make_error_code(std::errc::no_space_on_device).message());
      CHECK(error.exit_code() == (wants_room ? ExitCode::something_pending : ExitCode::output_unusable));
    }
    return run != nullptr;
  }

  // Nothing is asked for again that did not succeed, but for the start.
  void live() {
    for (int attempt = 0; !try_to_start(); ++attempt) REQUIRE(attempt < 100);
    for (int number = 0; number < kMessages; ++number) {
      append_to(*run, growing_payload_of(number));
      if (number % 3 == 0 && run->step() == Writer::StepResult::blocked) ++blocked_iterations;
      if (number % 8 == 0) run->sync();
    }
  }

  void append_to(LoggerRun& logger, const std::string& payload) {
    REQUIRE(logger.append(payload, QoS::at_least_once, 1) == AppendResult::appended);
    expected.push_back(payload);
  }

  void check() {
    for (const Format format : kAllFormats) CHECK(payloads_in(files, format) == expected);
    // Formats turn together, and no file is left without a record.
    const auto series = series_in(files, Format::csv);
    CHECK(series.empty() != has_rotation(options));
    CHECK(series_in(files, Format::json) == series);
    CHECK(series_in(files, Format::jsonl) == series);
    const auto names = files.names();
    CHECK(std::ranges::none_of(names, [](const auto& name) { return name.find("aside") != name.npos; }));
  }
};

// How many calls the scenario makes when none fails.
std::uint64_t count_calls(Fsync fsync, std::uint64_t rotate_size_bytes) {
  Scenario scenario{fsync, rotate_size_bytes};
  const std::uint64_t before = scenario.files.calls();
  scenario.live();
  const std::uint64_t calls = scenario.files.calls() - before;
  scenario.run->drain();
  scenario.check();
  if (rotate_size_bytes != 0) REQUIRE(series_in(scenario.files, Format::csv).size() > 3);
  return calls;
}

}  // namespace

TEST_CASE("Whichever calls fail, everything is written once they work again") {
  const QuietLog quiet;
  const auto fsync = GENERATE(Fsync::everysec, Fsync::no);
  const auto error =
      GENERATE(std::errc::no_space_on_device, std::errc::io_error, std::errc::read_only_file_system);
  const auto failing_calls = GENERATE(1u, 2u, 3u, 20u);
  const auto rotate_size_bytes = GENERATE(0u, 512u);
  const std::uint64_t calls = count_calls(fsync, rotate_size_bytes);
  REQUIRE(calls > 40);
  int blocked_iterations = 0;
  for (std::uint64_t first = 0; first < calls; first += kStride) {
    INFO("call " << first << " of " << calls << " and " << failing_calls - 1 << " more");
    Scenario scenario{fsync, rotate_size_bytes};
    scenario.files.fail(first, failing_calls, error);
    scenario.live();
    REQUIRE(scenario.files.has_failed());
    scenario.files.stop_failing();
    scenario.run->drain();
    scenario.check();
    blocked_iterations += scenario.blocked_iterations;
  }
  CHECK(blocked_iterations > 0);
}

TEST_CASE("Killed or without power at a failing call, it writes everything after the next start") {
  const QuietLog quiet;
  const auto error = GENERATE(std::errc::no_space_on_device, std::errc::io_error);
  const bool is_power_cut = GENERATE(false, true);
  const auto rotate_size_bytes = GENERATE(0u, 512u);
  const std::uint64_t calls = count_calls(Fsync::everysec, rotate_size_bytes);
  for (std::uint64_t first = 0; first < calls; first += kStride) {
    INFO("call " << first << " of " << calls << ", power cut " << is_power_cut);
    std::mt19937_64 random{first};
    Scenario scenario{Fsync::everysec, rotate_size_bytes};
    scenario.files.fail(first, 1000, error);  // from there on to the end
    if (scenario.try_to_start()) {
      for (int number = 0; number < kMessages; ++number) {
        scenario.append_to(*scenario.run, growing_payload_of(number));
        if (number % 3 == 0 && scenario.run->step() == Writer::StepResult::blocked) break;
        if (number % 8 == 0) scenario.run->sync();
      }
    }
    if (is_power_cut && scenario.run) REQUIRE_FALSE(scenario.run->journal().sync());
    scenario.run.reset();
    scenario.files.stop_failing();
    if (is_power_cut) {
      scenario.files.cut_power(random);
      scenario.journal.cut_power(random);
    }
    REQUIRE(scenario.try_to_start());
    scenario.run->drain();
    scenario.check();
  }
}
