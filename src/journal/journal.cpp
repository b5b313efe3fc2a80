#include "mqtt_logger/journal/journal.hpp"

#include "mqtt_logger/journal/layout.hpp"
#include "mqtt_logger/platform/crash_point.hpp"
#include "mqtt_logger/platform/crc32c.hpp"
#include "mqtt_logger/platform/wake_up.hpp"

#include "header.hpp"
#include "recovery_scan.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <mutex>
#include <shared_mutex>
#include <span>

namespace mqtt_logger {
namespace {

constexpr int kIntentIdBits = 16;
constexpr std::uint64_t kIntentPositionMask = ~std::uint64_t{0} >> kIntentIdBits;

}  // namespace

Journal::Journal(std::unique_ptr<MappedFile> mapping)
    : mapping_{std::move(mapping)},
      base_{mapping_->bytes().data()},
      ring_{mapping_->bytes().subspan(layout::kRing)},
      committed_slots_{base_ + layout::kCheckpoint},
      synced_slots_{base_ + layout::kSyncedCheckpoint},
      packet_ids_{base_} {
  const HeaderReport header = read_header(mapping_->bytes());
  if (header.is_old) {
    packet_ids_.upgrade();
    upgrade_header(mapping_->bytes());
  }
  key_ = fingerprint_key(mapping_->bytes());
  if (header.had_crash) packet_ids_.note_crash();
  // A power failure may have kept the trace of a message and not the message: what comes again is new then.
  if (header.is_new || header.had_restart) packet_ids_.forget_all();
  mark_open(mapping_->bytes());
  crash_point("journal-marked");
  if (!header.had_restart) mark_recovered(mapping_->bytes());

  const bool is_unconfirmed =
      !header.is_new && word(layout::kUnconfirmed).load(std::memory_order_relaxed) != 0;
  is_unsynced_ = is_unconfirmed;
  // An error that the run before did not hear is told now, before all is stored again.
  if (is_unconfirmed) static_cast<void>(mapping_->sync(0, mapping_->bytes().size()));
  checkpoint_ = find_checkpoint(header.had_restart, is_unconfirmed);
  head_ = word(layout::kHead).load(std::memory_order_relaxed);
  undo_unfinished_append();
  crash_point("append-undone");
  const RecoveryScan found = scan_records(ring_, checkpoint_.position, checkpoint_.next_sequence, head_,
                                          !header.is_new && !header.had_restart);
  open_report_ = {header.is_new,
                  header.had_crash,
                  header.had_restart,
                  found.records,
                  found.lost_records,
                  found.skipped_bytes,
                  committed_slots_.is_damaged() || (header.had_restart && synced_slots_.is_damaged()),
                  is_unconfirmed};
  head_ = found.end;
  next_sequence_ = found.next_sequence;
  first_sequence_ = next_sequence_;
  word(layout::kHead).store(head_, std::memory_order_relaxed);
  // Nothing more is released before end_recovery(), in case the power fails again.
  released_seen_ = word(layout::kReleased).load(std::memory_order_relaxed);
  const bool is_released_plausible =
      released_seen_ <= checkpoint_.position && head_ - released_seen_ <= ring_.size();
  if (!is_released_plausible) released_seen_ = checkpoint_.position;
  word(layout::kReleased).store(released_seen_, std::memory_order_relaxed);
  shared_head_.store(head_);
  shared_released_.store(released_seen_);
  synced_checkpoint_ = synced_slots_.load().value_or(Checkpoint{});
  synced_head_ = released_seen_;
  crash_point("journal-opened");
}

Journal::~Journal() = default;

std::size_t Journal::mapping_size(std::uint64_t ring_bytes) noexcept {
  const std::uint64_t ring =
      std::bit_ceil(std::clamp(ring_bytes, layout::kMinRingBytes, layout::kMaxRingBytes));
  return static_cast<std::size_t>(layout::kRing + ring);
}

AppendResult Journal::append(const MessageView& message, PacketId packet_id, bool is_duplicate) noexcept {
  const std::size_t size = record_size(message);
  const std::shared_lock stays{move_mutex_, std::try_to_lock};
  if (!stays) return AppendResult::full;
  if (packet_id != 0) packet_ids_.begin_message(is_duplicate);
  if (size > max_record_bytes()) {
    if (packet_id != 0) packet_ids_.pass_over(packet_id, is_duplicate);
    return AppendResult::too_large;
  }

  const bool is_exactly_once = message.qos == QoS::exactly_once;
  const std::uint32_t crc = content_crc(message);
  Fingerprint fingerprint{};
  if (packet_id != 0) {
    fingerprint = make_fingerprint(key_, message, crc);
    if (is_known(packet_id, fingerprint, is_exactly_once, is_duplicate)) return AppendResult::redelivered;
  }

  const std::uint64_t rest = ring_.room_at(head_);
  const std::uint64_t gap = size > rest ? rest : 0;
  if (head_ + gap + size - released_seen_ > ring_.size()) {
    released_seen_ = shared_released_.load(std::memory_order_acquire);  // pairs with release_space()
    if (head_ + gap + size - released_seen_ > ring_.size()) {
      request_sync();  // what is written may just wait for the device
      return AppendResult::full;
    }
  }

  if (gap != 0) {
    write_gap(ring_.at(head_), static_cast<std::size_t>(gap));
    crash_point("gap-written");
  }
  write_record(ring_.at(head_ + gap), Record{next_sequence_, packet_id, message}, crc);
  crash_point("record-written");
  if (packet_id != 0) {
    // The intent says which identifier to forget if the process ends before `head` is stored. Only the
    // compiler's order matters: the reader is this process's successor.
    word(layout::kIntent)
        .store((head_ & kIntentPositionMask) << kIntentIdBits | packet_id, std::memory_order_release);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    crash_point("intent-stored");
    packet_ids_.remember(packet_id, fingerprint, is_exactly_once, is_duplicate);
    crash_point("id-remembered");
  }
  head_ += gap + size;
  ++next_sequence_;
  word(layout::kHead).store(head_, std::memory_order_release);
  crash_point("head-stored");
  // Sequentially consistent together with writer_sleeps_: either the writer sees this head before it sleeps,
  // or we see that it sleeps (wait_for_records()). Release for read()'s acquire is part of that.
  shared_head_.store(head_, std::memory_order_seq_cst);
  if (writer_sleeps_.load(std::memory_order_seq_cst) != 0) wake_writer();
  return AppendResult::appended;
}

void Journal::end_delivery() noexcept {
  const std::shared_lock stays{move_mutex_};
  packet_ids_.end_delivery();
}

void Journal::pass_over(PacketId packet_id, bool is_duplicate) noexcept {
  const std::shared_lock stays{move_mutex_};
  if (packet_id == 0) return;
  packet_ids_.begin_message(is_duplicate);
  packet_ids_.pass_over(packet_id, is_duplicate);
}

void Journal::release(PacketId packet_id) noexcept {
  const std::shared_lock stays{move_mutex_};
  packet_ids_.release(packet_id);
}

std::error_code Journal::check_place(bool& is_in_place) noexcept {
  return mapping_->check_place(is_in_place);
}

std::error_code Journal::move_to_new_file(std::filesystem::path& kept_as) noexcept {
  const std::unique_lock moves{move_mutex_};
  return mapping_->move_to_new_file(kept_as);
}

bool Journal::is_known(PacketId id, const Fingerprint& fingerprint, bool is_exactly_once,
                       bool is_duplicate) noexcept {
  if (!is_exactly_once)
    return is_duplicate && packet_ids_.is_redelivered(id, fingerprint, redelivery_window_);
  return packet_ids_.is_unreleased(id, fingerprint) ||
         (is_duplicate && packet_ids_.is_sent_after_release(id, fingerprint, redelivery_window_));
}

void Journal::begin_session(const std::string& session, bool is_kept) noexcept {
  const std::shared_lock stays{move_mutex_};
  const bool is_same = has_session(session);
  if (!is_same) packet_ids_.forget_all();
  packet_ids_.begin_connection(is_kept);
  crash_point("session-forgotten");
  if (is_same) return;
  noted_contact_.store(0);
  mark_session(mapping_->bytes(), session);
}

bool Journal::has_session(const std::string& session) const noexcept {
  return mqtt_logger::has_session(mapping_->bytes(), session);
}

void Journal::end_session() noexcept {
  packet_ids_.forget_all();
  set_subscriptions({});
  noted_contact_.store(0);
  mark_contact(mapping_->bytes(), std::nullopt);
}

std::optional<ReceiveTime> Journal::last_contact() const noexcept {
  const std::int64_t noted = noted_contact_.load();
  if (noted != 0) return ReceiveTime{std::chrono::microseconds{noted}};
  return mqtt_logger::last_contact(mapping_->bytes());
}

void Journal::note_contact(ReceiveTime time) noexcept {
  noted_contact_.store(
      std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count());
}

void Journal::write_contact() noexcept {
  const std::int64_t noted = noted_contact_.load();
  if (noted == written_contact_) return;
  written_contact_ = noted;
  packet_ids_.settle();
  if (noted != 0) mark_contact(mapping_->bytes(), ReceiveTime{std::chrono::microseconds{noted}});
}

std::string Journal::subscriptions() const {
  const auto* const place = reinterpret_cast<const char*>(base_ + layout::kSubscriptions);
  std::uint32_t length = 0;
  std::uint32_t crc = 0;
  std::memcpy(&length, place, sizeof length);
  std::memcpy(&crc, place + sizeof length, sizeof crc);
  if (length > layout::kLongestSubscriptions) return {};
  std::string text{place + sizeof length + sizeof crc, length};
  return crc == crc32c(text) ? text : std::string{};
}

void Journal::set_subscriptions(const std::string& text) noexcept {
  const std::shared_lock stays{move_mutex_};
  auto* const place = reinterpret_cast<char*>(base_ + layout::kSubscriptions);
  const bool fits = text.size() <= layout::kLongestSubscriptions;
  const auto length = static_cast<std::uint32_t>(fits ? text.size() : 0);
  const std::uint32_t crc = crc32c({text.data(), length});
  std::memcpy(place + sizeof length + sizeof crc, text.data(), length);
  std::memcpy(place, &length, sizeof length);
  crash_point("subscriptions-begun");
  std::memcpy(place + sizeof length, &crc, sizeof crc);
}

std::optional<Record> Journal::read(Position& position) const noexcept {
  const Position head = shared_head_.load(std::memory_order_acquire);  // pairs with append()
  while (position < head) {
    const std::uint64_t length = std::min(ring_.room_at(position), head - position);
    const std::span<const std::byte> room{ring_.at(position), static_cast<std::size_t>(length)};
    if (const auto gap = check_gap(room)) {
      position += *gap;
      continue;
    }
    // Somebody may have cut the file that this is mapped from.
    const auto record = check_record(room);
    if (record) position += record_size(record->message);
    return record;
  }
  return std::nullopt;
}

void Journal::end_recovery() noexcept {
  release_space(checkpoint_.position);
  mark_recovered(mapping_->bytes());
}

void Journal::commit(const Checkpoint& checkpoint) noexcept {
  crash_point("commit-begun");
  committed_slots_.store(checkpoint);
  checkpoint_ = checkpoint;
  crash_point("commit-stored");
}

void Journal::release_space(Position position) noexcept {
  const std::shared_lock stays{move_mutex_};
  word(layout::kReleased).store(position, std::memory_order_release);
  crash_point("space-released");
  shared_released_.store(position, std::memory_order_release);  // pairs with append()
}

bool Journal::is_whole(Position position) noexcept {
  std::size_t whole_bytes = 0;
  const std::span<std::byte> bytes = mapping_->bytes();
  // What cannot be looked at counts as whole: check_place() says that.
  if (!mapping_->find_cut(whole_bytes) && whole_bytes < bytes.size()) return false;
  if (!is_header_in_use(bytes) || committed_slots_.load().value_or(Checkpoint{}) != checkpoint_) return false;
  return position == head() || read(position) || position == head();
}

std::error_code Journal::restore(JournalRest& rest) noexcept {
  const std::unique_lock restores{move_mutex_};
  const std::span<std::byte> bytes = mapping_->bytes();
  std::size_t whole_bytes = 0;
  if (const std::error_code error = mapping_->find_cut(whole_bytes)) return error;
  if (const std::error_code error = mapping_->repair()) return error;
  const bool has_header = is_header_in_use(bytes);
  if (!has_header) begin_header(bytes);
  // What a broker sends again is not recognised then, and recorded twice.
  if (!has_header || whole_bytes < layout::kRing) packet_ids_.forget_all();
  word(layout::kIntent).store(0, std::memory_order_relaxed);
  word(layout::kHead).store(head_, std::memory_order_release);
  word(layout::kReleased).store(shared_released_.load(), std::memory_order_release);
  committed_slots_.store(checkpoint_);
  synced_slots_.store(synced_checkpoint_);
  rest.appended = open_report_.records + next_sequence_ - first_sequence_;
  rest.readable = fill_gap(ring_, checkpoint_.position, checkpoint_.next_sequence, head_);
  written_contact_ = 0;
  crash_point("journal-restored");
  if (!has_header) finish_header(bytes, key_);
  return {};
}

void Journal::wait_for_records(Position position, std::chrono::milliseconds timeout) noexcept {
  writer_sleeps_.store(1, std::memory_order_seq_cst);
  if (shared_head_.load(std::memory_order_seq_cst) == position) {  // see append()
    wait_while_equal(writer_sleeps_, 1, timeout);
  }
  writer_sleeps_.store(0, std::memory_order_relaxed);  // a needless wake-up at the worst
}

void Journal::wake_writer() noexcept {
  writer_sleeps_.store(0, std::memory_order_seq_cst);
  wake_waiter(writer_sleeps_);
}

std::error_code Journal::sync() noexcept {
  const std::lock_guard one{sync_mutex_};
  const Position head = this->head();
  if (is_unsynced_) store_again();
  if (const std::error_code error = sync_mapping(0, mapping_->bytes().size())) return error;
  is_unsynced_ = false;
  synced_head_ = head;
  return {};
}

// The system tells of any page of the file that was not written, whichever are asked for; and once only.
std::error_code Journal::sync_mapping(std::size_t offset, std::size_t length) noexcept {
  const std::shared_lock stays{move_mutex_};
  const std::error_code error = mapping_->sync(offset, length);
  if (error) {
    is_unsynced_ = true;
    word(layout::kUnconfirmed).store(1, std::memory_order_relaxed);
  }
  return error;
}

// Nobody else stores meanwhile, but the writer and end_delivery() to the first page: not to its first byte,
// which is the magic's.
void Journal::store_again() noexcept {
  const std::unique_lock alone{move_mutex_};
  const std::size_t ring = layout::kRing;
  const std::uint64_t length = std::min(head() - synced_head_, ring_.size());
  const std::uint64_t begin = synced_head_ % ring_.size();
  const std::uint64_t first = std::min(length, ring_.size() - begin);
  mapping_->mark_dirty(0, ring);
  mapping_->mark_dirty(ring + static_cast<std::size_t>(begin), static_cast<std::size_t>(first));
  mapping_->mark_dirty(ring, static_cast<std::size_t>(length - first));
}

void Journal::mark_unconfirmed() noexcept {
  const std::shared_lock stays{move_mutex_};
  word(layout::kUnconfirmed).store(1, std::memory_order_relaxed);
}

void Journal::mark_confirmed() noexcept {
  const std::lock_guard one{sync_mutex_};
  if (is_unsynced_) return;
  const std::shared_lock stays{move_mutex_};
  word(layout::kUnconfirmed).store(0, std::memory_order_relaxed);
}

void Journal::wait_for_sync_request(std::chrono::milliseconds timeout) noexcept {
  wait_while_equal(is_sync_wanted_, 0, timeout);
  is_sync_wanted_.store(0, std::memory_order_relaxed);
}

void Journal::request_sync() noexcept {
  is_sync_wanted_.store(1, std::memory_order_relaxed);
  wake_waiter(is_sync_wanted_);
}

std::error_code Journal::store_synced(const Checkpoint& checkpoint) noexcept {
  crash_point("sync-done");
  const std::lock_guard one{sync_mutex_};
  {
    const std::shared_lock stays{move_mutex_};
    synced_slots_.store(checkpoint);
    synced_checkpoint_ = checkpoint;
  }
  crash_point("synced-stored");
  if (is_unsynced_) store_again();
  return sync_mapping(0, layout::kReceivedBits);
}

std::uint64_t Journal::pending_bytes() const noexcept {
  const Position released = shared_released_.load(std::memory_order_acquire);
  return shared_head_.load(std::memory_order_acquire) - released;
}

void Journal::close() noexcept {
  crash_point("close-begun");
  if (synced_slots_.load().value_or(Checkpoint{}) == checkpoint_) mark_closed(mapping_->bytes());
  crash_point("close-done");
}

// A checkpoint that is lost is not one that never was: from the begin on, all would be written once more.
Checkpoint Journal::find_checkpoint(bool had_restart, bool is_unconfirmed) const noexcept {
  const bool is_lost = committed_slots_.is_damaged();
  const Checkpoint committed =
      is_lost ? find_oldest_record() : committed_slots_.load().value_or(Checkpoint{});
  if (had_restart && synced_slots_.is_damaged()) return committed;
  if (had_restart || (is_lost && synced_slots_.load())) return find_synced_checkpoint(committed);
  // What the exports seem to hold behind it may be nowhere but in the system's memory.
  const auto synced = synced_slots_.load();
  return is_unconfirmed && synced && has_all_from(*synced) ? find_synced_checkpoint(committed) : committed;
}

// Not with `--fsync no`, which releases what is not synced.
bool Journal::has_all_from(const Checkpoint& synced) const noexcept {
  const Position released = word(layout::kReleased).load(std::memory_order_relaxed);
  const Position head = word(layout::kHead).load(std::memory_order_relaxed);
  return released <= synced.position && synced.position <= head;
}

// What is not released.
Checkpoint Journal::find_oldest_record() const noexcept {
  Checkpoint checkpoint;
  const Position released = word(layout::kReleased).load(std::memory_order_relaxed);
  const Position head = word(layout::kHead).load(std::memory_order_relaxed);
  if (head < released || head - released > ring_.size() || released % kRecordAlignment != 0)
    return checkpoint;
  checkpoint.position = released;
  for (Position at = released; at < head;) {
    const std::span<const std::byte> room{ring_.at(at), static_cast<std::size_t>(ring_.room_at(at))};
    if (const auto gap = check_gap(room)) {
      at += *gap;
      continue;
    }
    if (const auto record = check_record(room)) checkpoint.next_sequence = record->sequence;
    break;
  }
  return checkpoint;
}

// After a power failure an export holds for certain what it held at the last sync. If the ring was
// overwritten from there on (`--fsync no` never syncs again), only what the last commit left in it is still
// there.
Checkpoint Journal::find_synced_checkpoint(const Checkpoint& committed) const noexcept {
  Checkpoint synced = synced_slots_.load().value_or(Checkpoint{});
  for (SinkCheckpoint& sink : synced.sinks)
    sink.next_sequence = std::max(sink.next_sequence, synced.next_sequence);
  if (word(layout::kHead).load(std::memory_order_relaxed) - synced.position > ring_.size()) {
    synced.position = committed.position;
    synced.next_sequence = committed.next_sequence;
  }
  return synced;
}

void Journal::undo_unfinished_append() noexcept {
  const std::uint64_t intent = word(layout::kIntent).load(std::memory_order_relaxed);
  const auto packet_id = static_cast<PacketId>(intent);
  if (packet_id != 0 && intent >> kIntentIdBits == (head_ & kIntentPositionMask))
    packet_ids_.forget(packet_id);
  word(layout::kIntent).store(0, std::memory_order_relaxed);
}

std::atomic_ref<std::uint64_t> Journal::word(std::size_t offset) const noexcept {
  return std::atomic_ref<std::uint64_t>{*reinterpret_cast<std::uint64_t*>(base_ + offset)};
}

}  // namespace mqtt_logger
