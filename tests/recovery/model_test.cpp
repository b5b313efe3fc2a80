#include "mqtt_logger/journal/layout.hpp"

#include "support/catch.hpp"
#include "support/logger_run.hpp"
#include "support/quiet_log.hpp"
#include "support/stride.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

using namespace mqtt_logger;
using namespace mqtt_logger::test;

namespace {

/// A logger that is killed now and then, a broker that sends again what was not acknowledged, and the list of
/// what must stand in the exports.
class Model {
 public:
  Model(std::uint64_t seed, std::uint64_t ring_bytes)
      : random_{seed},
        options_{make_options(below(2) == 0 ? Fsync::everysec : Fsync::no)},
        memory_{ring_bytes},
        ring_bytes_{ring_bytes} {
    options_.formats.resize(1 + below(3));
    if (below(2) == 0) options_.rotate_size_bytes = 10'000 + below(50'000);
    start();
  }

  void live(int steps) {
    for (int i = 0; i < steps; ++i) take_step();
    run_->drain();
    check_exports();
  }

 private:
  struct InFlight {
    std::string payload;
    QoS qos;
    PacketId id;
  };

  void take_step() {
    switch (below(64)) {
      case 0:
        kill();
        break;
      case 1:
        kill_while_writing();
        break;
      case 2:
        kill_while_appending();
        break;
      case 3:
        stop_and_start();
        break;
      case 4:
        append_too_large();
        break;
      case 5:
      case 6:
        redeliver_one();
        break;
      case 7:
      case 8:
      case 9:
        run_->sync();
        break;
      default:
        if (below(4) == 0) {
          static_cast<void>(run_->step());
        } else {
          receive(make_in_flight());
        }
    }
  }

  void start() { run_ = std::make_unique<LoggerRun>(memory_.map(), files_, options_); }

  // The broker sends again what it holds unacknowledged; QoS 2 also until it knows of PUBREC.
  void reconnect() {
    run_.reset();
    start();
    const std::deque<InFlight> again = in_flight_;
    for (const InFlight& message : again) REQUIRE(append(message, true) == AppendResult::redelivered);
  }

  void kill() { reconnect(); }

  void stop_and_start() {
    run_->stop();
    reconnect();
  }

  // After some of the bytes, or all of them, and in any case before the commit.
  void kill_while_writing() {
    std::vector<std::byte> before = header();
    files_.watch_writes([this, &before] { before = header(); });  // new files have a commit of their own
    files_.freeze_after(below(2000));
    static_cast<void>(run_->step());
    files_.watch_writes(nullptr);
    put_header(before);
    run_.reset();
    files_.thaw();
    reconnect();
  }

  // The record is written, the head is not.
  void kill_while_appending() {
    const InFlight message = make_in_flight();
    std::uint64_t head = 0;
    std::memcpy(&head, &memory_.bytes()[layout::kHead], sizeof head);
    if (append(message, false) != AppendResult::appended) return;
    std::memcpy(&memory_.bytes()[layout::kHead], &head, sizeof head);
    if (message.qos != QoS::at_most_once) in_flight_.pop_back();
    expected_.pop_back();
    reconnect();
    if (message.qos != QoS::at_most_once) receive(message, true);
  }

  void receive(const InFlight& message, bool is_duplicate = false) {
    AppendResult admission = append(message, is_duplicate);
    for (int attempt = 0; admission == AppendResult::full; ++attempt) {
      REQUIRE(attempt < 2);
      run_->drain();
      run_->sync();
      admission = append(message, is_duplicate);
    }
    REQUIRE(admission == AppendResult::appended);
  }

  AppendResult append(const InFlight& message, bool is_duplicate) {
    const AppendResult admission = run_->append(message.payload, message.qos, message.id, is_duplicate);
    if (admission == AppendResult::appended) {
      expected_.push_back(message.payload);
      if (message.qos != QoS::at_most_once) in_flight_.push_back(message);
      while (in_flight_.size() > kMostInFlight) acknowledge_oldest();
    }
    return admission;
  }

  void acknowledge_oldest() {
    if (in_flight_.front().qos == QoS::exactly_once) run_->journal().release(in_flight_.front().id);
    in_flight_.pop_front();
  }

  void redeliver_one() {
    if (in_flight_.empty()) return;
    const InFlight message = in_flight_[below(in_flight_.size())];
    REQUIRE(append(message, true) == AppendResult::redelivered);
  }

  void append_too_large() {
    const std::string payload(ring_bytes_ / 2, 'x');
    REQUIRE(append({payload, QoS::at_least_once, 1}, false) == AppendResult::too_large);
  }

  InFlight make_in_flight() {
    constexpr std::array<std::string_view, 4> kSpice{"", "\",\"", "\n]\n", "\x01,text,0,false"};
    std::string payload = "#" + std::to_string(++made_) + std::string{kSpice[below(kSpice.size())]};
    const std::size_t largest = ring_bytes_ / 2 - kRecordHeaderBytes - 3;
    payload.resize(below(100) == 0 ? largest - below(10) : payload.size() + below(40), '.');
    const auto qos = static_cast<QoS>(below(3));
    // Identifiers come again soon, but not while they are in flight.
    if (qos != QoS::at_most_once) last_id_ = static_cast<PacketId>(last_id_ % 20 + 1);
    return {payload, qos, qos == QoS::at_most_once ? PacketId{0} : last_id_};
  }

  void check_exports() const {
    for (const Format format : options_.formats) {
      INFO(file_format(format).extension);
      const Payloads found = payloads_in(files_, format);
      const auto [wrong, right] = std::ranges::mismatch(found, expected_);
      if (wrong != found.end() || right != expected_.end()) {
        FAIL("record " << wrong - found.begin() << " of " << found.size() << ", expected "
                       << expected_.size());
      }
    }
    const std::size_t series = series_in(files_, options_.formats.front()).size();
    REQUIRE(files_.names().size() == options_.formats.size() * std::max<std::size_t>(series, 1));
  }

  std::size_t below(std::size_t limit) { return static_cast<std::size_t>(random_() % limit); }
  std::vector<std::byte> header() const {
    return {memory_.bytes().begin(), memory_.bytes().begin() + layout::kReceivedBits};
  }
  void put_header(const std::vector<std::byte>& header) {
    std::ranges::copy(header, memory_.bytes().begin());
  }

  static constexpr std::size_t kMostInFlight = 10;

  std::mt19937_64 random_;
  Options options_;
  MemoryFiles files_;
  JournalMemory memory_;
  std::uint64_t ring_bytes_;
  std::unique_ptr<LoggerRun> run_;
  Payloads expected_;
  std::deque<InFlight> in_flight_;
  PacketId last_id_ = 0;
  int made_ = 0;
};

}  // namespace

TEST_CASE("Whatever is received, killed and received again stands in the exports once and in order") {
  const QuietLog quiet;
  constexpr int kSteps = 1'000'000 / kStride;
  constexpr int kStepsPerRun = 5'000;
  constexpr std::array<std::uint64_t, 5> kRings{4096, 8192, 16384, 32768, 65536};
  for (std::uint64_t seed = 1; seed <= kSteps / kStepsPerRun; ++seed) {
    const std::uint64_t ring_bytes = kRings[seed % kRings.size()];
    INFO("seed " << seed << ", ring " << ring_bytes);
    Model model{seed, ring_bytes};
    model.live(kStepsPerRun);
  }
}
