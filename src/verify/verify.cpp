#include "mqtt_logger/verify/verify.hpp"

#include "comparison.hpp"
#include "report.hpp"

#include <fmt/core.h>

#include <cstdio>
#include <system_error>
#include <utility>

namespace mqtt_logger {
namespace {

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

std::string name_of(const Series& series) {
  const std::string first = series.files.front().string();
  return series.files.size() == 1
             ? first
             : fmt::format("{} … {} ({} files)", first, series.files.back().string(), series.files.size());
}

void verify_side_by_side(std::vector<Series> found, const Options& options, FaultList& faults,
                         Progress& progress) {
  std::vector<CheckedSeries> all;
  all.reserve(found.size());  // the readers' handlers refer to their place
  for (Series& series : found)
    all.emplace_back(std::move(series), Summary{options.sequence, options.duplicates}, faults);
  check_all(all, progress);
  progress.clear();
  for (const CheckedSeries& series : all) {
    print(describe_export(name_of(series.reader().series()), series.summary()));
    if (options.by_topic) print(describe_topics(series.summary()));
  }
}

}  // namespace

ExitCode verify(const Options& options) {
  std::vector<std::vector<Series>> found;
  for (const auto& path : options.verify) found.push_back(require_series("--verify", path));
  Progress progress;
  FaultList faults{progress};
  for (auto& series : found) verify_side_by_side(std::move(series), options, faults, progress);
  if (faults.unprinted() > 0)
    print(fmt::format("{} more faults are not shown\n", group_digits(faults.unprinted())));
  print(faults.count() == 0 ? "whole: no faults\n"
                            : fmt::format("{} faults\n", group_digits(faults.count())));
  const bool is_printed = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  return faults.count() == 0 && is_printed ? ExitCode::everything_written : ExitCode::not_whole;
}

}  // namespace mqtt_logger
