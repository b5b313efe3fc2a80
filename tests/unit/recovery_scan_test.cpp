#include "journal/recovery_scan.hpp"

#include "support/catch.hpp"
#include "support/test_journal.hpp"

#include <algorithm>
#include <string>
#include <vector>

using namespace mqtt_logger;
using namespace mqtt_logger::test;

namespace {

constexpr std::uint64_t kScannedBytes = 4096;
constexpr std::uint64_t kRecordBytes = 48;

/// A ring with records of equal size, numbered from 1.
struct Ring {
  std::vector<std::byte> bytes = std::vector<std::byte>(kScannedBytes);
  RingBytes ring{bytes};

  explicit Ring(std::uint64_t records) {
    for (std::uint64_t i = 0; i < records; ++i) write(i * kRecordBytes, i + 1);
  }
  void write(Position position, std::uint64_t sequence) {
    const MessageView message = make_message("a/b", "12345");
    REQUIRE(record_size(message) == kRecordBytes);
    write_record(ring.at(position), Record{sequence, 0, message}, content_crc(message));
  }
  void damage(std::uint64_t record) { *ring.at(record * kRecordBytes + 9) ^= std::byte{1}; }
};

}  // namespace

TEST_CASE("RecoveryScan takes records up to an exact head, and not the unfinished one behind it") {
  Ring ring{5};
  const RecoveryScan found = scan_records(ring.ring, 0, 1, 4 * kRecordBytes, true);
  CHECK(found.end == 4 * kRecordBytes);
  CHECK(found.records == 4);
  CHECK(found.next_sequence == 5);
  CHECK(found.skipped_bytes == 0);
  CHECK(found.lost_records == 0);
}

TEST_CASE("RecoveryScan takes what stands behind a head that a power failure may have set back") {
  Ring ring{6};
  const RecoveryScan found = scan_records(ring.ring, kRecordBytes, 2, 4 * kRecordBytes, false);
  CHECK(found.end == 6 * kRecordBytes);
  CHECK(found.records == 5);
  CHECK(found.next_sequence == 7);
}

TEST_CASE("RecoveryScan skips a damaged record, counts it, and leaves only whole ones behind") {
  Ring ring{6};
  ring.damage(2);
  const RecoveryScan found = scan_records(ring.ring, 0, 1, 6 * kRecordBytes, true);
  CHECK(found.records == 5);
  CHECK(found.lost_records == 1);
  CHECK(found.skipped_bytes == kRecordBytes);
  const RecoveryScan again = scan_records(ring.ring, 0, 1, 6 * kRecordBytes, true);
  CHECK(again.records == 5);
  CHECK(again.skipped_bytes == 0);  // a gap now
  CHECK(again.lost_records == 1);
}

TEST_CASE("Damage is covered up to the end, and nothing behind it or before it is touched") {
  Ring ring{6};
  ring.damage(2);
  ring.damage(4);
  const std::vector<std::byte> before{ring.ring.at(0), ring.ring.at(0) + kRecordBytes};
  const std::vector<std::byte> after{ring.ring.at(5 * kRecordBytes), ring.ring.at(6 * kRecordBytes)};
  CHECK(fill_gap(ring.ring, kRecordBytes, 2, 5 * kRecordBytes) == 2);
  CHECK(std::equal(before.begin(), before.end(), ring.ring.at(0)));
  CHECK(std::equal(after.begin(), after.end(), ring.ring.at(5 * kRecordBytes)));
  CHECK(check_gap({ring.ring.at(2 * kRecordBytes), kRecordBytes}) == kRecordBytes);
  CHECK(check_gap({ring.ring.at(4 * kRecordBytes), kRecordBytes}) == kRecordBytes);
  CHECK(scan_records(ring.ring, kRecordBytes, 2, 6 * kRecordBytes, true).records == 3);
}

TEST_CASE("RecoveryScan ends at damage that nothing follows, and clears it away") {
  Ring ring{6};
  ring.damage(5);
  const RecoveryScan found = scan_records(ring.ring, 0, 1, 6 * kRecordBytes, true);
  CHECK(found.end == 5 * kRecordBytes);
  CHECK(found.skipped_bytes == kRecordBytes);
  CHECK(std::all_of(ring.bytes.begin() + 5 * kRecordBytes, ring.bytes.end(),
                    [](std::byte byte) { return byte == std::byte{0}; }));
}

TEST_CASE("RecoveryScan never takes remains of the round before, nor of records that a power failure took") {
  Ring ring{6};
  ring.damage(3);
  // The head that the device holds is older; 4 was never there, and 5 and 6 must not come back behind a
  // new 4.
  const RecoveryScan found = scan_records(ring.ring, 0, 1, 2 * kRecordBytes, false);
  CHECK(found.end == 3 * kRecordBytes);
  ring.write(3 * kRecordBytes, 4);
  CHECK(scan_records(ring.ring, 0, 1, 4 * kRecordBytes, false).end == 4 * kRecordBytes);

  Ring next_round{6};
  CHECK(scan_records(next_round.ring, kScannedBytes, 100, kScannedBytes, false).records == 0);
}

TEST_CASE("RecoveryScan without a head that can be right reports what it could not read") {
  Ring ring{6};
  const Position head = GENERATE(2 * kScannedBytes, 3, ~Position{0});
  const RecoveryScan found = scan_records(ring.ring, 0, 1, head, true);
  CHECK(found.records == 6);
  CHECK(found.skipped_bytes == kScannedBytes - 6 * kRecordBytes);
}

TEST_CASE("A record with the mark of a gap is damage, not a gap") {
  Ring ring{3};
  *ring.ring.at(kRecordBytes + 3) ^= std::byte{0x80};
  CHECK_FALSE(check_gap({ring.ring.at(kRecordBytes), kRecordBytes}));
  CHECK(scan_records(ring.ring, 0, 1, 3 * kRecordBytes, true).lost_records == 1);
  write_gap(ring.ring.at(kRecordBytes), kRecordBytes);
  CHECK(check_gap({ring.ring.at(kRecordBytes), kRecordBytes}) == kRecordBytes);
  CHECK_FALSE(check_gap({ring.ring.at(kRecordBytes), kRecordBytes - 8}));
}
