#include "mqtt_logger/housekeeping/retention.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

using namespace mqtt_logger;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::sys_seconds kDay{std::chrono::sys_days{std::chrono::year{2026} / 11 / 20}};
constexpr std::chrono::sys_seconds kMuchLater = kDay + std::chrono::hours{24} * 10'000;

FileNumber number_of(int day) {
  return first_file_number(ReceiveTime{kDay + std::chrono::hours{24 * day}});
}

/// One group a day, each of two files with 50 bytes.
std::vector<FileGroup> days(int count) {
  std::vector<FileGroup> groups;
  for (int day = 0; day < count; ++day)
    groups.push_back({number_of(day), {{"data.csv", 20}, {"data.json.gz", 30}}});
  return groups;
}

struct Limits {
  std::uint64_t groups = 0;
  std::chrono::seconds time{0};
  std::uint64_t bytes = 0;
};

/// The days that are to go.
std::vector<FileNumber> expired(const Limits& limits, const std::vector<FileGroup>& groups,
                                const std::vector<FileNumber>& in_use, std::chrono::sys_seconds now) {
  Options options;
  options.keep_groups = limits.groups;
  options.keep_for = limits.time;
  options.keep_size_bytes = limits.bytes;
  std::vector<FileNumber> numbers;
  for (const auto& found : Retention{options}.find_expired(groups, in_use, now))
    numbers.push_back(found.group.number);
  return numbers;
}

std::vector<FileNumber> numbers(const std::vector<int>& days) {
  std::vector<FileNumber> found;
  for (const int day : days) found.push_back(number_of(day));
  return found;
}

}  // namespace

TEST_CASE("Without a limit nothing is removed") {
  CHECK_FALSE(Retention{Options{}}.is_on());
  CHECK(expired({}, days(100), {}, kMuchLater).empty());
}

TEST_CASE("So many groups are kept, with the one that is written; all formats of a group count as one") {
  CHECK(expired({.groups = 3}, days(3), numbers({2}), kMuchLater).empty());
  CHECK(expired({.groups = 3}, days(5), numbers({4}), kMuchLater) == numbers({0, 1}));
  CHECK(expired({.groups = 1}, days(3), numbers({2}), kMuchLater) == numbers({0, 1}));
}

TEST_CASE("What is written is never removed, wherever a clock that was set back has put it") {
  CHECK(expired({.groups = 1}, days(4), numbers({0}), kMuchLater) == numbers({1, 2, 3}));
  CHECK(expired({.groups = 2}, days(4), numbers({0, 1}), kMuchLater) == numbers({2, 3}));
  CHECK(expired({.bytes = 1}, days(2), numbers({0, 1}), kMuchLater).empty());
  CHECK(expired({.time = 1s}, days(2), numbers({0, 1}), kMuchLater).empty());
}

TEST_CASE("A group behind the one that is written is older than all others: the clock was set back") {
  CHECK(expired({.groups = 2}, days(5), numbers({1}), kMuchLater) == numbers({2, 3, 4}));
  CHECK(expired({.groups = 3}, days(5), numbers({1}), kMuchLater) == numbers({2, 3}));
  CHECK(expired({.groups = 3}, days(5), numbers({4, 1}), kMuchLater) == numbers({2, 3}));
  CHECK(expired({.groups = 1}, days(5), numbers({1}), kMuchLater) == numbers({2, 3, 4, 0}));
  CHECK(expired({.bytes = 200}, days(5), numbers({1}), kMuchLater) == numbers({2}));
  CHECK(expired({.time = 1h}, days(5), numbers({1}), kDay + 26h) == numbers({0}));
}

TEST_CASE("All files together have the size that is kept, compressed or not") {
  CHECK(expired({.bytes = 150}, days(3), numbers({2}), kMuchLater).empty());
  CHECK(expired({.bytes = 149}, days(3), numbers({2}), kMuchLater) == numbers({0}));
  CHECK(expired({.bytes = 10}, days(3), numbers({2}), kMuchLater) == numbers({0, 1}));
}

TEST_CASE("A group is as old as the next one's first record; the last one has no end") {
  CHECK(expired({.time = 24h}, days(3), {}, kDay + 48h).empty());
  CHECK(expired({.time = 24h}, days(3), {}, kDay + 48h + 1s) == numbers({0}));
  CHECK(expired({.time = 24h}, days(3), {}, kMuchLater) == numbers({0, 1}));
  CHECK(expired({.time = 24h}, days(3), {}, kDay - 24h).empty());
}

TEST_CASE("The limit that is to blame is named") {
  Options options;
  options.keep_groups = 2;
  options.keep_for = 24h;
  const auto found = Retention{options}.find_expired(days(4), numbers({3}), kDay + 24h * 5);
  REQUIRE(found.size() == 3);
  CHECK(found[0].option == "--keep");
  CHECK(found[2].option == "--keep-for");
}

TEST_CASE("What this process has written counts as the newest, whatever the clock said meanwhile") {
  Options options;
  options.keep_groups = 3;
  // 0 to 2 were there; then the clock was years behind, was set, and went far ahead for a while.
  std::vector<FileGroup> groups = days(4);
  for (const int day : {-10'000, -9'999, 20'000}) groups.push_back({number_of(day), {}});
  std::ranges::sort(groups, {}, &FileGroup::number);
  const WrittenFiles written{numbers({-10'000, -9'999, 20'000, 3})};
  std::vector<FileNumber> removed;
  for (const auto& found : Retention{options}.find_expired(groups, numbers({3}), kDay, written))
    removed.push_back(found.group.number);
  CHECK(removed == numbers({0, 1, 2, -10'000}));
}

TEST_CASE("What this process has written is no older than it") {
  Options options;
  options.keep_for = 24h;
  std::vector<FileGroup> groups = days(2);
  groups.insert(groups.begin(), {number_of(-10'000), {}});
  WrittenFiles written{numbers({-10'000, 1}), 1h};
  const auto find = [&] {
    return Retention{options}.find_expired(groups, numbers({1}), kDay + 25h, written).size();
  };
  CHECK(find() == 0);
  written.within = 25h;
  CHECK(find() == 1);
  written.numbers = numbers({1});
  CHECK(find() == 1);
}
