#pragma once

#include "mqtt_logger/base/message.hpp"
#include "mqtt_logger/journal/checkpoint.hpp"
#include "mqtt_logger/journal/layout.hpp"
#include "mqtt_logger/journal/packet_ids.hpp"
#include "mqtt_logger/journal/record.hpp"
#include "mqtt_logger/journal/ring_bytes.hpp"
#include "mqtt_logger/platform/mapped_file.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>

namespace mqtt_logger {

/// What became of a message that was handed to the journal.
enum class AppendResult : std::uint8_t {
  appended,
  redelivered,  ///< received before; not appended again
  too_large,    ///< larger than half of the ring; not appended
  full,         ///< not appended: try again when the writer has released space
};

/// What the journal held when it was opened.
struct OpenReport {
  bool is_new = true;         ///< there was none
  bool had_crash = false;     ///< the process before this one did not close it
  bool had_restart = false;   ///< and the machine was started again since: what was not synced may be missing
  std::uint64_t records = 0;  ///< appended and not covered by the checkpoint
  std::uint64_t lost_records = 0;    ///< known to be missing among them
  std::uint64_t skipped_bytes = 0;   ///< damaged
  bool has_lost_checkpoint = false;  ///< it is damaged: an older one counts, or what was not released yet
  bool is_unconfirmed = false;  ///< a sync has failed, and none succeeded since: what it was for is not on
                                ///< the device, whatever the system shows
};

/// What restore() has found.
struct JournalRest {
  std::uint64_t appended = 0;  ///< records since it was opened, with those that it held then
  std::uint64_t readable = 0;  ///< of these, not covered by the checkpoint and still there
};

/// Durable single-producer single-consumer ring of records in a mapped file: the lock-free queue between the
/// callback and the writer, which outlives the process.
///
/// Threads:    append() and what follows it by the callback thread only; read() and what follows it by the
///             writer thread only; wait_for_sync_request() and what follows it by the sync thread only;
///             release_space() by one of the two; the rest as said.
/// Owns:       the mapping and with it the file's lock.
/// Durability: after append() a record survives a crash of the process; after sync(), a power failure, until
///             its space is released.
/// Errors:     append() returns `full` instead of waiting.
/// Invariant:  released <= read <= head <= released + ring size (bytes since creation, never wrapped).
/// Layout:     journal/layout.hpp.
class Journal {
 public:
  /// `mapping` must be usable (check_header()).
  explicit Journal(std::unique_ptr<MappedFile> mapping);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  /// The size of a mapping with at least `ring_bytes` of ring.
  [[nodiscard]] static std::size_t mapping_size(std::uint64_t ring_bytes) noexcept;
  [[nodiscard]] const OpenReport& open_report() const noexcept { return open_report_; }
  [[nodiscard]] std::uint64_t ring_bytes() const noexcept { return ring_.size(); }
  /// Longer records are never appended.
  [[nodiscard]] std::uint64_t max_record_bytes() const noexcept { return ring_.size() / 2; }

  // Callback thread.

  /// Appends a message. `packet_id` is 0 at QoS 0. A message of QoS 1 or 2 that was received before is
  /// recognised: at QoS 1 as PacketIds says, at QoS 2 until release(packet_id).
  [[nodiscard]] AppendResult append(const MessageView& message, PacketId packet_id,
                                    bool is_duplicate) noexcept;
  /// What append() has taken, or knew, may be acknowledged from now on: not before.
  void end_delivery() noexcept;
  /// A message came that is not to be recorded. `packet_id` is 0 at QoS 0.
  void pass_over(PacketId packet_id, bool is_duplicate) noexcept;
  /// QoS 2: PUBREL was received, the identifier is free.
  void release(PacketId packet_id) noexcept;
  /// A broker has answered, and keeps a session for us or has made a new one. `session` names it by client
  /// identifier and broker. The packet identifiers in the journal are forgotten if they belong to another
  /// one, and as PacketIds::begin_connection() says if the broker has forgotten them: no redelivery of theirs
  /// can come, and an equal message with the same identifier is a new one. Before the first message of this
  /// connection.
  void begin_session(const std::string& session, bool is_kept) noexcept;
  /// QoS 2 identifiers received whose PUBREL was not. Also before the callback thread exists.
  [[nodiscard]] std::vector<PacketId> unreleased() const { return packet_ids_.unreleased(); }
  /// QoS 1 redeliveries are recognised among the last `deliveries`; 0: never. Call before the first append().
  void set_redelivery_window(std::uint32_t deliveries) noexcept { redelivery_window_ = deliveries; }

  // The session's thread; before it exists, the main thread.

  /// Whether the packet identifiers belong to this session.
  [[nodiscard]] bool has_session(const std::string& session) const noexcept;
  /// When its broker was heard last, if that is known; nothing if its session was ended.
  [[nodiscard]] std::optional<ReceiveTime> last_contact() const noexcept;
  /// It was heard now. The writer's next iteration writes that down, so that the caller never waits for a
  /// disk.
  void note_contact(ReceiveTime time) noexcept;

  /// The session was ended at the broker: nothing of it is known any more. Before the callback thread exists.
  void end_session() noexcept;
  /// What the session at the broker is subscribed to, as the last set_subscriptions() said; empty if that is
  /// unknown.
  [[nodiscard]] std::string subscriptions() const;
  /// A text too long for its place counts as unknown.
  void set_subscriptions(const std::string& text) noexcept;
  /// The last checkpoint whose files are on the device, if there is one.
  [[nodiscard]] std::optional<Checkpoint> synced_checkpoint() const noexcept { return synced_slots_.load(); }
  /// Recovery has brought the exports to the checkpoint: a crash from now on is one of the process alone.
  void end_recovery() noexcept;

  // Writer thread.

  /// The next record at `position`, which moves behind it; nothing if there is none yet, or if what stands
  /// there is damaged (is_whole()). The record's bytes stay until a commit() beyond it.
  [[nodiscard]] std::optional<Record> read(Position& position) const noexcept;
  /// Stores the checkpoint. The ring's space before its position may then be released.
  void commit(const Checkpoint& checkpoint) noexcept;
  /// Whether the journal's file stands where it was opened, and nobody has deleted or moved it.
  [[nodiscard]] std::error_code check_place(bool& is_in_place) noexcept;
  /// Goes on in a new file there, with all that is in the journal; append() returns `full` meanwhile. What
  /// somebody has put there is kept under another name, `kept_as`.
  [[nodiscard]] std::error_code move_to_new_file(std::filesystem::path& kept_as) noexcept;
  /// Whether nobody has cut or overwritten the journal's file, as far as can be told at once: its size, its
  /// header, the last checkpoint, and that a record stands at `position` or none is there yet.
  [[nodiscard]] bool is_whole(Position position) noexcept;
  /// Makes it whole again, from what this process knows; append() returns `full` meanwhile.
  [[nodiscard]] std::error_code restore(JournalRest& rest) noexcept;
  /// Writes down what note_contact() has said.
  void write_contact() noexcept;
  /// Sleeps until a record stands at `position`, wake_writer() was called, or `timeout` has passed.
  void wait_for_records(Position position, std::chrono::milliseconds timeout) noexcept;
  /// The last one committed. At start, if the machine was restarted after a crash, what is known to be on the
  /// device.
  [[nodiscard]] const Checkpoint& checkpoint() const noexcept { return checkpoint_; }

  // Sync thread.

  /// Sleeps until request_sync() was called, or `timeout` has passed.
  void wait_for_sync_request(std::chrono::milliseconds timeout) noexcept;
  /// Stores a checkpoint whose files are on the device, and brings it there, after a sync().
  [[nodiscard]] std::error_code store_synced(const Checkpoint& checkpoint) noexcept;
  /// The space before `position` is free. Against a power failure: not before store_synced().
  void release_space(Position position) noexcept;

  // Any thread.

  /// All that was appended and committed before the call is on the device when it returns. After a failure
  /// all that may not be there is stored again before it is tried again; append() returns `full` meanwhile.
  [[nodiscard]] std::error_code sync() noexcept;
  /// A sync of the exports has failed: should the process end now, the next one goes back to the checkpoint
  /// that is on the device.
  void mark_unconfirmed() noexcept;
  /// Exports are on the device. A journal that is not remains unconfirmed.
  void mark_confirmed() noexcept;
  void request_sync() noexcept;
  void wake_writer() noexcept;
  /// Behind the last record.
  [[nodiscard]] Position head() const noexcept { return shared_head_.load(std::memory_order_acquire); }
  /// What is before it is not kept.
  [[nodiscard]] Position released() const noexcept {
    return shared_released_.load(std::memory_order_acquire);
  }
  /// Bytes that are appended and not released.
  [[nodiscard]] std::uint64_t pending_bytes() const noexcept;
  /// Ends the journal's use in order: the next start need not look for traces of a crash, unless something is
  /// not on the device. Last call.
  void close() noexcept;

 private:
  bool is_known(PacketId id, const Fingerprint& fingerprint, bool is_exactly_once,
                bool is_duplicate) noexcept;
  [[nodiscard]] Checkpoint find_checkpoint(bool had_restart, bool is_unconfirmed) const noexcept;
  [[nodiscard]] Checkpoint find_synced_checkpoint(const Checkpoint& committed) const noexcept;
  [[nodiscard]] Checkpoint find_oldest_record() const noexcept;
  [[nodiscard]] bool has_all_from(const Checkpoint& synced) const noexcept;
  [[nodiscard]] std::error_code sync_mapping(std::size_t offset, std::size_t length) noexcept;
  void store_again() noexcept;
  void undo_unfinished_append() noexcept;
  [[nodiscard]] std::atomic_ref<std::uint64_t> word(std::size_t offset) const noexcept;

  // Held by whoever stores to the mapping, but for the writer thread, which alone may move or restore it.
  // append() only tries, and so never waits.
  std::shared_mutex move_mutex_;
  std::unique_ptr<MappedFile> mapping_;
  std::byte* base_;
  RingBytes ring_;
  OpenReport open_report_;
  Checkpoint checkpoint_;
  CheckpointSlots committed_slots_;
  CheckpointSlots synced_slots_;
  PacketIds packet_ids_;
  SipHash::Key key_{};  // of the fingerprints
  // What this process goes by; the words in the mapping are for its successor, and somebody may cut the file.
  std::atomic<Position> shared_head_{0};
  std::atomic<Position> shared_released_{0};
  Checkpoint synced_checkpoint_;  // the sync thread's own, while nobody moves or restores the journal

  // One sync at a time: the system tells an error to one of them only. Before move_mutex_.
  std::mutex sync_mutex_;
  bool is_unsynced_ = false;  // a sync has failed, and none of all succeeded since
  Position synced_head_ = 0;  // what is before it, and was ever synced, is on the device

  // Callback thread's own; head_ is the truth that shared_head_ publishes.
  Position head_ = 0;
  Position released_seen_ = 0;
  std::uint64_t next_sequence_ = 1;
  std::uint64_t first_sequence_ = 1;  // of what was appended since it was opened
  std::uint32_t redelivery_window_ = 0;

  std::atomic<std::int64_t> noted_contact_{0};  // in microseconds since 1970; 0: none since the start
  std::int64_t written_contact_ = 0;            // the writer's own

  // Set while the writer sleeps, so that an append costs no wake-up otherwise.
  alignas(64) std::atomic<std::uint32_t> writer_sleeps_{0};
  std::atomic<std::uint32_t> is_sync_wanted_{0};
};

}  // namespace mqtt_logger
