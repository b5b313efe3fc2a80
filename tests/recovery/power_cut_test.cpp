#include "mqtt_logger/base/error.hpp"

#include "journal/header.hpp"
#include "support/catch.hpp"
#include "support/journal_device.hpp"
#include "support/logger_run.hpp"
#include "support/quiet_log.hpp"
#include "support/stride.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace mqtt_logger;
using namespace mqtt_logger::test;

namespace {

/// A logger on a machine whose power is cut now and then, and whose devices may fail: what a failed sync was
/// for is not on the device, and counts as clean. Messages are numbers, in the order of their arrival.
class Machine {
 public:
  Machine(std::uint64_t seed, Fsync fsync, std::uint64_t ring_bytes, std::uint64_t rotate_size_bytes,
          bool are_devices_failing)
      : random_{seed},
        options_{make_options(fsync)},
        journal_{ring_bytes},
        ring_bytes_{ring_bytes},
        // With `--fsync no` the journal does not keep what could be written again.
        are_devices_failing_{are_devices_failing && fsync != Fsync::no} {
    options_.rotate_size_bytes = rotate_size_bytes;
    if (fsync == Fsync::no) files_.keep_dirty();
    start();
  }

  void live(int steps) {
    for (int i = 0; i < steps; ++i) {
      if (are_devices_failing_) let_devices_fail();
      switch (below(20)) {
        case 0:
          files_.write_back(random_);
          break;
        case 1:
          journal_.write_back(random_);
          break;
        case 2:
          if (below(3) == 0) kill();
          break;
        case 3:
          if (below(10) == 0) cut_power();
          break;
        case 4:
        case 5:
          sync();
          break;
        case 6:
          if (below(10) == 0) lose_one_in_flight();
          break;
        case 7:
        case 8:
          static_cast<void>(run_->step());
          break;
        default:
          append();
      }
    }
  }

  void cut_power() {
    run_.reset();
    lose_power();
    start();
  }

 private:
  std::size_t below(std::size_t limit) { return static_cast<std::size_t>(random_() % limit); }

  void let_devices_fail() {
    if (below(12) == 0) files_.fail_syncs(1 + below(4), std::errc::io_error);
    if (below(20) == 0) journal_.set_failing(true);
    if (below(6) == 0) let_devices_work();
  }

  void let_devices_work() {
    files_.stop_failing();
    journal_.set_failing(false);
  }

  void lose_power() {
    let_devices_work();
    files_.cut_power(random_);
    journal_.cut_power(random_);
    was_cut_ = true;
  }

  void kill() {
    run_.reset();
    start();
  }

  // Now and then it cannot start at once, and the power fails again meanwhile.
  void start() {
    while (!try_to_start()) {
      if (below(2) == 0) lose_power();
      journal_.set_failing(false);
    }
    if (std::exchange(was_cut_, false)) check_exports();
  }

  bool try_to_start() {
    REQUIRE(check_header(journal_.bytes()) == HeaderState::usable);
    if (below(3) == 0) files_.fail(below(40), 1, std::errc::io_error);
    try {
      run_ = std::make_unique<LoggerRun>(journal_.map(), files_, options_);
    } catch (const StartupError&) {
    }
    files_.stop_failing();  // but not the journal's device
    return run_ != nullptr;
  }

  // All that was synced is there once and in order; of the rest what is there is in order.
  void check_exports() {
    run_->drain();
    for (const Format format : kAllFormats) {
      INFO(file_format(format).extension);
      const std::vector<int> found = numbers_in(format);
      REQUIRE(std::is_sorted(found.begin(), found.end()));
      for (auto next = found.begin(); (next = std::adjacent_find(next, found.end())) != found.end(); ++next)
        REQUIRE(redelivered_.contains(*next));
      std::string missing;
      for (const int number : safe_[format]) {
        if (!std::ranges::binary_search(found, number)) missing += std::to_string(number) + " ";
      }
      REQUIRE(missing.empty());
      there_[format] = found;
    }
    const auto names = files_.names();
    CHECK(std::ranges::none_of(names, [](const auto& name) { return name.find("aside") != name.npos; }));
  }

  void append() {
    const std::size_t largest = ring_bytes_ / 2 - 64;
    const std::size_t size = below(8) == 0 ? below(largest) : below(60);
    std::string payload = "#" + std::to_string(next_number_) + (below(4) == 0 ? "\n\",\"" : " ");
    payload.resize(std::max(payload.size(), size), 'x');
    const auto qos = static_cast<QoS>(below(3));
    const auto id = static_cast<PacketId>(qos == QoS::at_most_once ? 0 : next_number_ % 65535 + 1);
    AppendResult admission = run_->append(payload, qos, id);
    for (int attempt = 0; admission == AppendResult::full; ++attempt) {
      REQUIRE(attempt < 3);
      sync_for_room();
      admission = run_->append(payload, qos, id);
    }
    REQUIRE(admission == AppendResult::appended);
    for (auto& [format, numbers] : there_) numbers.push_back(next_number_);
    ++next_number_;
    // The message is acknowledged only if this succeeds.
    if (options_.fsync == Fsync::always && qos != QoS::at_most_once && !run_->journal().sync())
      safe_ = there_;
  }

  // A message whose record may or may not be on the device: it was not acknowledged, so it comes again.
  void lose_one_in_flight() {
    const std::string payload = "#" + std::to_string(next_number_);
    if (run_->append(payload, QoS::at_least_once, 1) == AppendResult::full) return;
    cut_power();
    while (run_->append(payload, QoS::at_least_once, 1, true) == AppendResult::full) sync_for_room();
    redelivered_.insert(next_number_);
    for (auto& [format, numbers] : there_) numbers.push_back(next_number_);
    ++next_number_;
    if (options_.fsync == Fsync::always && !run_->journal().sync()) safe_ = there_;
  }

  void sync_for_room() {
    let_devices_work();
    run_->drain();
    sync();
  }

  void sync() {
    if (options_.fsync == Fsync::no) return;
    if (!run_->sync()) safe_ = there_;
  }

  std::vector<int> numbers_in(Format format) const {
    std::vector<int> numbers;
    for (const std::string& payload : payloads_in(files_, format))
      numbers.push_back(std::stoi(payload.substr(1)));
    return numbers;
  }

  std::mt19937_64 random_;
  Options options_;
  MemoryFiles files_;
  JournalDevice journal_;
  std::uint64_t ring_bytes_;
  bool are_devices_failing_;
  std::unique_ptr<LoggerRun> run_;
  int next_number_ = 1;
  bool was_cut_ = false;
  std::set<int> redelivered_;  // may stand there twice
  std::map<Format, std::vector<int>> there_{{Format::csv, {}}, {Format::json, {}}, {Format::jsonl, {}}};
  std::map<Format, std::vector<int>> safe_;  // of these: must survive a power cut
};

}  // namespace

TEST_CASE("After a power cut exports are valid, and what was synced is in them once and in order") {
  const QuietLog quiet;
  const auto fsync = GENERATE(Fsync::everysec, Fsync::always, Fsync::no);
  const auto ring_bytes = GENERATE(4096u, 16384u, 65536u);
  const auto rotate_size_bytes = GENERATE(0u, 700u, 5000u);
  const bool are_devices_failing = GENERATE(false, true);
  for (std::uint64_t seed = 1; seed <= 50; seed += kStride) {
    INFO("seed " << seed << ", fsync " << static_cast<int>(fsync) << ", ring " << ring_bytes
                 << ", rotated at " << rotate_size_bytes << ", devices fail " << are_devices_failing);
    Machine machine{seed, fsync, ring_bytes, rotate_size_bytes, are_devices_failing};
    machine.live(300);
    machine.cut_power();
    machine.cut_power();
  }
}
