#include "replacement.hpp"

#include "mqtt_logger/platform/file.hpp"
#include "mqtt_logger/platform/file_name.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace mqtt_logger {
namespace {

constexpr std::string_view kPartSuffix = ".part";
constexpr std::size_t kRandomDigits = 16;
static_assert(1 + kRandomDigits + kPartSuffix.size() == kReplacementSuffixBytes);

bool is_replacement_name(std::string_view name, std::string_view of) noexcept {
  if (name.size() != of.size() + kReplacementSuffixBytes || !name.starts_with(of) ||
      !name.ends_with(kPartSuffix) || name[of.size()] != '.')
    return false;
  const std::string_view digits = name.substr(of.size() + 1, kRandomDigits);
  return digits.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// What is left of a name that a suffix is added to; never half a character.
std::filesystem::path cut_name(const std::filesystem::path& path, std::size_t suffix_size) {
  std::filesystem::path::string_type name = path.filename().native();
  const std::size_t longest = find_longest_name(folder_of(path));
  if (name.size() + suffix_size <= longest) return name;
  const auto is_within_character = [](auto unit) {
    if constexpr (sizeof unit == 1) return (static_cast<unsigned char>(unit) & 0xC0) == 0x80;
    return static_cast<std::uint32_t>(unit) >= 0xDC00 && static_cast<std::uint32_t>(unit) <= 0xDFFF;
  };
  std::size_t length = longest - std::min(longest, suffix_size);
  while (length > 0 && is_within_character(name[length])) --length;
  name.resize(length);
  return name;
}

std::filesystem::path add_number(const std::filesystem::path& path, std::string_view end) {
  std::random_device random;
  const std::uint64_t number = std::uint64_t{random()} << 32 | random();
  const std::string suffix = fmt::format(".{:016x}{}", number, end);
  std::filesystem::path made = path;
  made.replace_filename(cut_name(path, suffix.size()));
  made += suffix;
  return made;
}

}  // namespace

std::filesystem::path make_replacement_path(const std::filesystem::path& path) {
  return add_number(path, kPartSuffix);
}

std::filesystem::path make_aside_path(const std::filesystem::path& path) {
  return add_number(path, ".aside");
}

std::error_code check_mark(const std::filesystem::path& path, std::string_view mark, bool& has_mark) {
  std::unique_ptr<File> file;
  if (const std::error_code error = system_files().open(path, file)) return error;
  std::string begin(mark.size(), '\0');
  std::size_t count = 0;
  const std::error_code error = file->read_at(0, begin, count);
  has_mark = count == 0 || (count == mark.size() && begin == mark);
  return error;
}

std::error_code check_replaceable(const std::filesystem::path& path, std::string_view mark) {
  std::error_code error;
  const auto status = std::filesystem::symlink_status(path, error);
  if (status.type() == std::filesystem::file_type::not_found) return {};
  if (error) return error;
  if (status.type() != std::filesystem::file_type::regular)
    return std::make_error_code(std::errc::not_supported);
  bool has_mark = false;
  error = check_mark(path, mark, has_mark);
  if (is_missing(error)) return {};  // meanwhile
  if (error) return error;
  return has_mark ? std::error_code{} : std::make_error_code(std::errc::file_exists);
}

void remove_unfinished_replacements(const std::filesystem::path& path, std::string_view mark) noexcept {
  try {
    std::vector<std::filesystem::path> names;
    if (system_files().list(folder_of(path), names)) return;  // then replace_file() will say so
    const std::string of = cut_name(path, kReplacementSuffixBytes).string();
    for (const std::filesystem::path& name : names) {
      if (!is_replacement_name(name.string(), of)) continue;
      const std::filesystem::path part = path.parent_path() / name;
      // One that cannot be looked at or removed stays, and is in nobody's way.
      std::error_code error;
      bool has_mark = false;
      const bool is_regular = std::filesystem::is_regular_file(std::filesystem::symlink_status(part, error));
      if (is_regular && !check_mark(part, mark, has_mark) && has_mark)
        static_cast<void>(system_files().remove(part));
    }
  } catch (const std::exception&) {  // no memory: the next start looks again
    return;
  }
}

}  // namespace mqtt_logger
