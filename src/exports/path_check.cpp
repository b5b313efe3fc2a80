#include "mqtt_logger/exports/path_check.hpp"

#include "mqtt_logger/exports/file_format.hpp"
#include "mqtt_logger/exports/series_name.hpp"
#include "mqtt_logger/journal/layout.hpp"
#include "mqtt_logger/journal/open_journal.hpp"
#include "mqtt_logger/platform/file.hpp"
#include "mqtt_logger/platform/file_name.hpp"
#include "mqtt_logger/platform/replace_file.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace mqtt_logger {
namespace {

using Fault = std::optional<std::string>;

enum class Use : std::uint8_t {
  read,
  reserved,  ///< an export of a format that is not asked for: of an earlier run, or of the next
  written,
  written_unlinked,  ///< and never through a symbolic link
};

struct NamedFile {
  std::string option;  ///< that names it, with the value
  std::filesystem::path path;
  Use use = Use::read;
  bool is_of_output = false;

  [[nodiscard]] std::string show() const {
    return is_of_output ? fmt::format("{} of {}", path.string(), option) : option;
  }
};

std::vector<NamedFile> list_files(const Options& options, const std::filesystem::path& lock) {
  std::vector<NamedFile> files;
  const std::string output = "--output " + options.output.string();
  for (const Format format : kAllFormats) {
    const bool is_written = std::ranges::count(options.formats, format) != 0 && !has_rotation(options);
    files.push_back(
        {output, export_path(options.output, format), is_written ? Use::written : Use::reserved, true});
  }
  files.push_back({output, lock, Use::written_unlinked, true});
  if (options.journal_in_file) {
    const bool is_named = !options.journal.empty();
    files.push_back({is_named ? "--journal " + options.journal.string() : output, journal_path(options),
                     Use::written, !is_named});
  }
  const auto add = [&files](std::string_view name, const std::filesystem::path& path, Use use) {
    if (!path.empty()) files.push_back({fmt::format("{} {}", name, path.string()), path, use});
  };
  add("--log-file", options.log_file, Use::written);
  add("--pid-file", options.pid_file, Use::written_unlinked);
  add("--metrics-file", options.metrics_file, Use::written_unlinked);
  add("--config", options.config_file, Use::read);
  add("--password-file", options.credentials.password_file, Use::read);
  add("--tls-ca", options.tls.authorities, Use::read);
  add("--tls-cert", options.tls.certificate, Use::read);
  add("--tls-key", options.tls.key, Use::read);
  add("--tls-key-password-file", options.tls.key_password_file, Use::read);
  for (const WebSocketHeader& header : options.websocket_headers) {
    const bool is_whole = header.is_whole_in_file;
    add(is_whole ? std::string{"--ws-header-file"} : fmt::format("--ws-header {}: @", header.name),
        header.file, Use::read);
  }
  return files;
}

/// Where a file stands, or will: with the links of its name and of its folders followed. What cannot be
/// looked at stays as it is spelled; opening it will say why.
std::filesystem::path resolve(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::path place = std::filesystem::absolute(path, error);
  if (error) return path.lexically_normal();
  constexpr int kMostLinks = 40;  // as the system counts
  for (int links = 0; links < kMostLinks; ++links) {
    if (!std::filesystem::is_symlink(std::filesystem::symlink_status(place, error))) break;
    const std::filesystem::path target = std::filesystem::read_symlink(place, error);
    if (error) break;
    place = place.parent_path() / target;
  }
  place = place.lexically_normal();
  const std::filesystem::path folder = std::filesystem::weakly_canonical(place.parent_path(), error);
  return error ? place : folder / place.filename();
}

std::string to_lower(const std::filesystem::path& path) {
  std::string text = path.string();
  for (char& letter : text) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return text;
}

/// Names that differ in capitals alone are one file on many file systems, and nobody wants them to be two.
bool is_same_file(const NamedFile& left, const NamedFile& right) {
  FileStatus left_found;
  FileStatus right_found;
  const std::error_code left_error = system_files().look_up(left.path, left_found);
  const std::error_code right_error = system_files().look_up(right.path, right_found);
  if (!left_error && !right_error) return left_found.identity == right_found.identity;
  if ((!left_error && is_missing(right_error)) || (!right_error && is_missing(left_error))) return false;
  return to_lower(resolve(left.path)) == to_lower(resolve(right.path));
}

Fault find_same(const std::vector<NamedFile>& files) {
  for (std::size_t i = 0; i < files.size(); ++i) {
    for (std::size_t j = i + 1; j < files.size(); ++j) {
      if (files[i].use == Use::read && files[j].use == Use::read) continue;
      if (files[i].is_of_output && files[j].is_of_output && files[i].use == Use::reserved &&
          files[j].use == Use::reserved)
        continue;
      if (is_same_file(files[i], files[j]))
        return fmt::format("{}: must be another file than {}", files[j].show(), files[i].show());
    }
  }
  return std::nullopt;
}

/// What stands in it, if that is no log: one is appended to, and would spoil it, whoever it belongs to.
std::string_view check_content(const std::filesystem::path& path) {
  std::unique_ptr<File> file;
  if (system_files().open(path, file)) return {};  // not there yet, or opening it for the log will say why
  std::array<char, 256> bytes{};
  std::size_t count = 0;
  if (file->read_at(0, bytes, count)) return {};
  const std::string_view begin{bytes.data(), count};
  for (const Format format : kAllFormats) {
    const FileFormat rules = file_format(format);
    std::string_view opening = rules.opening;
    if (opening.ends_with('\n')) opening.remove_suffix(1);  // other columns may follow
    const std::string record =
        std::string{opening} + (format == Format::json ? "\n" : "") + std::string{rules.record_begin};
    if (format != Format::json ? begin.starts_with(record) : begin.starts_with(record) || begin == "[\n]\n")
      return "an export";
  }
  if (begin.starts_with(layout::kMagicText)) return "a journal";
  if (begin.starts_with("# HELP mqtt_logger_")) return "a file of metrics";
  if (begin.starts_with("\x1F\x8B\x08")) return "a compressed file";
  const std::size_t digits = begin.find_first_not_of("0123456789");
  const bool is_number = !begin.empty() && digits != 0 && (digits == begin.npos || begin[digits] == '\n');
  return is_number ? "the file of a process id" : std::string_view{};
}

Fault find_foreign_log(const Options& options) {
  if (options.log_file.empty()) return std::nullopt;
  const std::string_view found = check_content(options.log_file);
  if (found.empty()) return std::nullopt;
  return fmt::format("--log-file {}: must be a log, and is {}", options.log_file.string(), found);
}

/// A name that a file of the series may get one day.
Fault find_name_of_series(const Options& options, const std::vector<NamedFile>& files) {
  if (!has_rotation(options)) return std::nullopt;
  for (const NamedFile& file : files) {
    const std::filesystem::path place = resolve(file.path);
    const bool is_beside = place.parent_path() == resolve(options.output).parent_path();
    if (!file.is_of_output && is_beside && parse_series_name(options.output, place.filename())) {
      return fmt::format("{}: must have another name than the files of --output {} can get", file.show(),
                         options.output.string());
    }
  }
  return std::nullopt;
}

Fault find_special(const std::vector<NamedFile>& files) {
  for (const NamedFile& file : files) {
    if (file.use == Use::read || file.use == Use::reserved) continue;
    std::error_code error;  // what cannot be looked at cannot be opened, which will say why
    if (file.use == Use::written_unlinked &&
        std::filesystem::is_symlink(std::filesystem::symlink_status(file.path, error)))
      return fmt::format("{}: must not be a symbolic link", file.show());
    const auto type = std::filesystem::status(file.path, error).type();
    if (type == std::filesystem::file_type::directory)
      return fmt::format("{}: must be a file, and is a folder", file.show());
    if (type == std::filesystem::file_type::fifo || type == std::filesystem::file_type::socket ||
        type == std::filesystem::file_type::block || type == std::filesystem::file_type::character)
      return fmt::format("{}: must be a regular file, not a pipe, a socket or a device", file.show());
  }
  return std::nullopt;
}

Fault find_too_long(std::string_view option, const std::filesystem::path& path,
                    const std::filesystem::path& longest) {
  const std::size_t limit = find_longest_name(folder_of(path));
  const std::size_t length = longest.filename().native().size();
  if (length <= limit) return std::nullopt;
  const std::size_t added = length - path.filename().native().size();
  return fmt::format(
      "{} {}: must have a name of at most {} bytes: names of this file system have at most {}, and "
      "up to {} are added to it",
      option, path.string(), limit - std::min(limit, added), limit, added);
}

/// A file of a series is looked for compressed, and in all formats, before its name is taken.
Fault find_too_long(const Options& options, const std::filesystem::path& lock) {
  std::filesystem::path longest = lock;
  const auto take_longer = [&longest](const std::filesystem::path& path) {
    if (path.filename().native().size() > longest.filename().native().size()) longest = path;
  };
  for (const Format format : options.formats) take_longer(export_path(options.output, format));
  if (options.journal_in_file && options.journal.empty()) take_longer(journal_path(options));
  if (has_rotation(options)) {
    constexpr FileNumber kLongestCounter = 65'535;
    longest =
        part_path(export_path(options.output, Format::jsonl, first_file_number({}) - 1 + kLongestCounter));
  }
  if (auto fault = find_too_long("--output", options.output, longest)) return fault;
  const auto check = [](std::string_view option, const std::filesystem::path& path,
                        std::size_t added) -> Fault {
    if (path.empty()) return std::nullopt;
    std::filesystem::path with_suffix = path;
    with_suffix += std::string(added, '-');
    return find_too_long(option, path, with_suffix);
  };
  if (auto fault = check("--journal", options.journal, 0)) return fault;
  if (auto fault = check("--log-file", options.log_file, 0)) return fault;
  if (auto fault = check("--pid-file", options.pid_file, 0)) return fault;
  return check("--metrics-file", options.metrics_file, kReplacementSuffixBytes);
}

}  // namespace

std::optional<std::string> find_path_fault(const Options& options, const std::filesystem::path& lock) {
  const std::vector<NamedFile> files = list_files(options, lock);
  if (auto fault = find_too_long(options, lock)) return fault;
  if (auto fault = find_special(files)) return fault;
  if (auto fault = find_same(files)) return fault;
  if (auto fault = find_name_of_series(options, files)) return fault;
  return find_foreign_log(options);
}

}  // namespace mqtt_logger
