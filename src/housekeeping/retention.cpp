#include "mqtt_logger/housekeeping/retention.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace mqtt_logger {
namespace {

/// The indices of `groups`, that are sorted by name, in the order in which they were written as far as names
/// tell: one behind the group that is written now was there before the clock was set back.
std::vector<std::size_t> sort_by_age(std::span<const FileGroup> groups, std::span<const FileNumber> in_use,
                                     const std::vector<FileNumber>& written) {
  std::vector<std::size_t> order(groups.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (!in_use.empty())
    std::stable_partition(order.begin(), order.end(),
                          [&](std::size_t i) { return groups[i].number > in_use.back(); });
  const auto age = [&](std::size_t i) {
    return std::ranges::find(written, groups[i].number) - written.begin();
  };
  const auto ours = std::stable_partition(order.begin(), order.end(),
                                          [&](std::size_t i) { return age(i) == std::ssize(written); });
  std::sort(ours, order.end(), [&](std::size_t a, std::size_t b) { return age(a) < age(b); });
  return order;
}

}  // namespace

std::uint64_t FileGroup::bytes() const noexcept {
  std::uint64_t sum = 0;
  for (const FoundFile& file : files) sum += file.bytes;
  return sum;
}

Retention::Retention(const Options& options) noexcept
    : keep_groups_{options.keep_groups}, keep_for_{options.keep_for}, keep_bytes_{options.keep_size_bytes} {}

bool Retention::is_on() const noexcept {
  return keep_groups_ != 0 || keep_for_.count() != 0 || keep_bytes_ != 0;
}

std::vector<Retention::Expired> Retention::find_expired(std::span<const FileGroup> groups,
                                                        std::span<const FileNumber> in_use,
                                                        std::chrono::sys_seconds now,
                                                        const WrittenFiles& written) const {
  std::uint64_t left_groups = groups.size();
  std::uint64_t left_bytes = 0;
  for (const FileGroup& group : groups) left_bytes += group.bytes();
  std::vector<Expired> expired;
  for (const std::size_t i : sort_by_age(groups, in_use, written.numbers)) {
    if (std::ranges::count(in_use, groups[i].number) != 0) continue;
    const bool is_ours = std::ranges::count(written.numbers, groups[i].number) != 0;
    const bool has_end = i + 1 < groups.size() && (!is_ours || written.within > keep_for_);
    std::string_view option;
    if (keep_groups_ != 0 && left_groups > keep_groups_) {
      option = "--keep";
    } else if (keep_bytes_ != 0 && left_bytes > keep_bytes_) {
      option = "--keep-size";
    } else if (keep_for_.count() != 0 && has_end && birth_of(groups[i + 1].number) < now - keep_for_) {
      option = "--keep-for";
    } else {
      continue;
    }
    expired.push_back({groups[i], option});
    left_groups -= 1;
    left_bytes -= groups[i].bytes();
  }
  return expired;
}

}  // namespace mqtt_logger
