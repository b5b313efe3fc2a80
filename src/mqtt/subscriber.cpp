#include "mqtt_logger/mqtt/subscriber.hpp"

#include "mqtt_logger/base/error.hpp"
#include "mqtt_logger/log/log.hpp"
#include "mqtt_logger/platform/process.hpp"
#include "mqtt_logger/platform/stop_events.hpp"

#include "session.hpp"

#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace mqtt_logger {
namespace {

using namespace std::chrono_literals;

constexpr auto kNothingToDo = std::chrono::milliseconds{1h};
// Longer than all that the session waits for at its end: the last status, the DISCONNECT, and a message that
// finds no room, after which the receiver ends the process.
constexpr auto kSessionEndTimeout = 10s;

}  // namespace

/// Threads: run() is the session's thread; notice() and tell() may be called by it and by the library's; the
///          rest by the main thread.
class Subscriber::SessionThread {
 public:
  SessionThread(const Options& options, Journal& journal, Receiver& receiver, Statistics& statistics,
                std::function<void()> wake)
      : receiver_{receiver},
        wake_{std::move(wake)},
        session_{options, journal, receiver, statistics, [this] { notice(); }, [this] { tell(); }},
        known_{session_.connection(), session_.broker(), 0} {}

  ~SessionThread() {
    if (stop()) return;
    log::error("the client library does not come to an end; the journal keeps what is pending");
    log::flush();
    exit_now(static_cast<int>(ExitCode::something_pending));
  }

  SessionThread(const SessionThread&) = delete;
  SessionThread& operator=(const SessionThread&) = delete;

  void set_will(std::string payload) { session_.set_will(std::move(payload)); }
  void start() {
    thread_ = std::thread{[this] { run(); }};
  }

  void check() {
    const Lock lock{mutex_};
    if (failure_) std::rethrow_exception(failure_);
  }

  void publish_status(std::string payload) {
    {
      const Lock lock{mutex_};
      wanted_.status = std::move(payload);
    }
    notice();
  }

  void publish_last_status(std::string payload) {
    const Lock lock{mutex_};
    wanted_.last_status = std::move(payload);
  }

  /// What the session's thread has told last.
  struct Known {
    ConnectionStatus connection;
    BrokerAddress broker;
    std::uint64_t times_subscribed = 0;
  };
  [[nodiscard]] Known known() const {
    const Lock lock{mutex_};
    return known_;
  }

  [[nodiscard]] bool stop() noexcept {
    if (!thread_.joinable()) return true;
    receiver_.stop();  // not by the session's thread, which may be waiting for what that sets free
    {
      Lock lock{mutex_};
      wanted_.is_stop = true;
      changed_.notify_all();
      if (!ended_.wait_for(lock, kSessionEndTimeout, [this] { return has_ended_; })) return false;
    }
    thread_.join();
    return true;
  }

 private:
  using Lock = std::unique_lock<std::mutex>;

  /// What the main thread asks for.
  struct Wanted {
    std::optional<std::string> status;
    std::optional<std::string> last_status;  ///< with the stop
    bool is_stop = false;
  };

  void run() noexcept {
    name_this_thread("session");
    auto due = std::chrono::milliseconds::zero();
    bool has_failed = false;
    for (;;) {
      const Wanted wanted = wait_for_something(due);
      if (wanted.is_stop) {
        end(wanted.last_status);
        return;
      }
      due = kNothingToDo;
      if (has_failed) continue;
      try {
        if (wanted.status) session_.publish_status(*wanted.status);
        due = session_.advance();
      } catch (...) {
        has_failed = true;
        fail(std::current_exception());
      }
    }
  }

  [[nodiscard]] Wanted wait_for_something(std::chrono::milliseconds at_most) {
    Lock lock{mutex_};
    changed_.wait_for(lock, at_most,
                      [this] { return is_noticed_ || wanted_.is_stop || wanted_.status.has_value(); });
    is_noticed_ = false;
    if (wanted_.is_stop) return std::exchange(wanted_, {});
    Wanted taken;
    std::swap(taken.status, wanted_.status);
    return taken;
  }

  void end(const std::optional<std::string>& last_status) noexcept {
    try {
      if (last_status) session_.publish_last_status(*last_status);
    } catch (const std::exception& error) {
      log::debug("status topic: {}", error.what());
    }
    session_.stop();
    const Lock lock{mutex_};
    has_ended_ = true;
    ended_.notify_all();
  }

  void fail(std::exception_ptr failure) {
    {
      const Lock lock{mutex_};
      failure_ = std::move(failure);
    }
    wake_();
  }

  void notice() {
    const Lock lock{mutex_};
    is_noticed_ = true;
    changed_.notify_all();
  }

  void tell() {
    {
      const Lock lock{mutex_};
      const bool was_subscribed = known_.connection.is_subscribed;
      known_.connection = session_.connection();
      known_.broker = session_.broker();
      if (known_.connection.is_subscribed && !was_subscribed) ++known_.times_subscribed;
    }
    wake_();
  }

  Receiver& receiver_;
  const std::function<void()> wake_;

  mutable std::mutex mutex_;  ///< guards what follows; never held while the session or `wake` is called
  std::condition_variable changed_;
  std::condition_variable ended_;
  bool is_noticed_ = false;
  Wanted wanted_;
  bool has_ended_ = false;
  std::exception_ptr failure_;

  Session session_;  ///< the session's thread from start() to its end
  Known known_;      ///< guarded as well
  std::thread thread_;
};

Subscriber::Subscriber(const Options& options, Journal& journal, Receiver& receiver, Statistics& statistics,
                       std::function<void()> wake)
    : thread_{std::make_unique<SessionThread>(options, journal, receiver, statistics, std::move(wake))} {}

Subscriber::~Subscriber() = default;

void Subscriber::set_will(std::string payload) {
  thread_->set_will(std::move(payload));
}

void Subscriber::start() {
  thread_->start();
}

void Subscriber::check() {
  thread_->check();
}

void Subscriber::publish_status(std::string payload) {
  thread_->publish_status(std::move(payload));
}

void Subscriber::publish_last_status(std::string payload) {
  thread_->publish_last_status(std::move(payload));
}

bool Subscriber::is_subscribed() const {
  return thread_->known().connection.is_subscribed;
}

std::uint64_t Subscriber::times_subscribed() const {
  return thread_->known().times_subscribed;
}

BrokerAddress Subscriber::broker() const {
  return thread_->known().broker;
}

ConnectionStatus Subscriber::connection() const {
  return thread_->known().connection;
}

bool Subscriber::stop() noexcept {
  return thread_->stop();
}

}  // namespace mqtt_logger
