#include "mqtt_logger/housekeeping/retention.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace mqtt_logger {
namespace {

/// The indices of `turns`, that are sorted by name, in the order in which they were written as far as names
/// tell: one behind the turn that is written now was there before the clock was set back.
std::vector<std::size_t> sort_by_age(std::span<const SeriesTurn> turns, std::span<const FileNumber> in_use,
                                     const std::vector<FileNumber>& written) {
  std::vector<std::size_t> order(turns.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (!in_use.empty())
    std::stable_partition(order.begin(), order.end(),
                          [&](std::size_t i) { return turns[i].number > in_use.back(); });
  const auto age = [&](std::size_t i) {
    return std::ranges::find(written, turns[i].number) - written.begin();
  };
  const auto ours = std::stable_partition(order.begin(), order.end(),
                                          [&](std::size_t i) { return age(i) == std::ssize(written); });
  std::sort(ours, order.end(), [&](std::size_t a, std::size_t b) { return age(a) < age(b); });
  return order;
}

}  // namespace

std::uint64_t SeriesTurn::bytes() const noexcept {
  std::uint64_t sum = 0;
  for (const FoundFile& file : files) sum += file.bytes;
  return sum;
}

Retention::Retention(const Options& options) noexcept
    : keep_turns_{options.keep_turns}, keep_for_{options.keep_for}, keep_bytes_{options.keep_size_bytes} {}

bool Retention::is_on() const noexcept {
  return keep_turns_ != 0 || keep_for_.count() != 0 || keep_bytes_ != 0;
}

std::vector<Retention::Surplus> Retention::find_surplus(std::span<const SeriesTurn> turns,
                                                        std::span<const FileNumber> in_use,
                                                        std::chrono::sys_seconds now,
                                                        const WrittenFiles& written) const {
  std::uint64_t left_turns = turns.size();
  std::uint64_t left_bytes = 0;
  for (const SeriesTurn& turn : turns) left_bytes += turn.bytes();
  std::vector<Surplus> surplus;
  for (const std::size_t i : sort_by_age(turns, in_use, written.numbers)) {
    if (std::ranges::count(in_use, turns[i].number) != 0) continue;
    const bool is_ours = std::ranges::count(written.numbers, turns[i].number) != 0;
    const bool has_end = i + 1 < turns.size() && (!is_ours || written.within > keep_for_);
    std::string_view option;
    if (keep_turns_ != 0 && left_turns > keep_turns_) {
      option = "--keep";
    } else if (keep_bytes_ != 0 && left_bytes > keep_bytes_) {
      option = "--keep-size";
    } else if (keep_for_.count() != 0 && has_end && birth_of(turns[i + 1].number) < now - keep_for_) {
      option = "--keep-for";
    } else {
      continue;
    }
    surplus.push_back({turns[i], option});
    left_turns -= 1;
    left_bytes -= turns[i].bytes();
  }
  return surplus;
}

}  // namespace mqtt_logger
