// The way of a message without the network: journal, writer, files. One iteration is a million messages; the
// figure `items_per_second` counts messages, `bytes_per_second` what stands in the files.

#include "mqtt_logger/exports/exports.hpp"
#include "mqtt_logger/exports/recovery.hpp"
#include "mqtt_logger/exports/syncer.hpp"
#include "mqtt_logger/exports/writer.hpp"
#include "mqtt_logger/journal/journal.hpp"
#include "mqtt_logger/log/log.hpp"
#include "mqtt_logger/platform/mapped_file.hpp"

#include "messages.hpp"
#include "support/temporary_folder.hpp"

#include <benchmark/benchmark.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace mqtt_logger::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Formats = std::vector<Format>;

constexpr std::uint64_t kMessages = 1'000'000;
constexpr std::size_t kPieceBytes = std::size_t{256} * 1024;

/// Journal, sinks and writer as the program has them, in a folder of their own.
class Pipeline {
 public:
  explicit Pipeline(const Formats& formats) {
    Options options;
    options.formats = formats;
    options.output = folder_ / "out";
    options.fsync = Fsync::no;
    log::set_level(LogLevel::error);
    std::unique_ptr<MappedFile> mapping;
    const auto size = Journal::mapping_size(options.journal_size_bytes);
    if (map_file(folder_ / "out.journal", size, mapping)) std::abort();
    journal_ = std::make_unique<Journal>(std::move(mapping));
    exports_ = std::make_unique<Exports>(system_files(), options, *journal_,
                                         recover(system_files(), options, *journal_));
    syncer_ = std::make_unique<Syncer>(*journal_, *exports_);
    writer_ = std::make_unique<Writer>(*journal_, *exports_, *syncer_, options, statistics_);
  }

  /// False if the journal is full.
  bool append(const MessageView& message) {
    return journal_->append(message, 0, false) == AppendResult::appended;
  }
  [[nodiscard]] Writer& writer() { return *writer_; }
  [[nodiscard]] std::uint64_t bytes() const {
    std::uint64_t bytes = 0;
    for (const FileSink& sink : exports_->sinks()) bytes += sink.body_size();
    return bytes;
  }

 private:
  test::TemporaryFolder folder_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<Exports> exports_;
  std::unique_ptr<Syncer> syncer_;
  Statistics statistics_;
  std::unique_ptr<Writer> writer_;
};

void set_figures(benchmark::State& state, std::uint64_t bytes) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kMessages));
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}

// One thread appends as fast as the journal takes it, the writer's thread writes.
void run_pipeline(benchmark::State& state, PayloadKind kind, const Formats& formats) {
  Messages messages{kind};
  std::uint64_t bytes = 0;
  for (auto _ : state) {
    Pipeline pipeline{formats};
    const auto begin = Clock::now();
    pipeline.writer().start();
    for (std::uint64_t i = 0; i < kMessages; ++i) {
      const MessageView& message = messages.next();
      while (!pipeline.append(message)) std::this_thread::sleep_for(std::chrono::microseconds{100});
    }
    pipeline.writer().stop();
    state.SetIterationTime(std::chrono::duration<double>(Clock::now() - begin).count());
    bytes += pipeline.bytes();
  }
  set_figures(state, bytes);
}

// The writer alone, in this thread: what one core can write.
void run_writer(benchmark::State& state, PayloadKind kind, const Formats& formats) {
  Messages messages{kind};
  std::uint64_t bytes = 0;
  for (auto _ : state) {
    Pipeline pipeline{formats};
    Clock::duration writing{};
    MessageView message = messages.next();
    for (std::uint64_t i = 0; i < kMessages;) {
      for (; i < kMessages && pipeline.append(message); ++i) message = messages.next();
      const auto begin = Clock::now();
      while (pipeline.writer().step() == Writer::StepResult::wrote) {
      }
      writing += Clock::now() - begin;
    }
    state.SetIterationTime(std::chrono::duration<double>(writing).count());
    bytes += pipeline.bytes();
  }
  set_figures(state, bytes);
}

// The floor: bytes of the same number and size, that somebody else has made, by one write for each 256 KiB.
void write_bytes(benchmark::State& state, std::uint64_t message_bytes) {
  const std::string piece(kPieceBytes, 'x');
  const std::uint64_t wanted = message_bytes * kMessages;
  for (auto _ : state) {
    const test::TemporaryFolder folder;
    std::unique_ptr<File> file;
    if (system_files().create(folder / "out", file)) std::abort();
    const auto begin = Clock::now();
    for (std::uint64_t offset = 0; offset < wanted; offset += piece.size()) {
      if (file->write_at(offset, piece)) std::abort();
    }
    state.SetIterationTime(std::chrono::duration<double>(Clock::now() - begin).count());
  }
  set_figures(state, wanted * static_cast<std::uint64_t>(state.iterations()));
}

const Formats kBoth{Format::csv, Format::json};

#define MQTT_LOGGER_WRITING(function, ...) \
  BENCHMARK_CAPTURE(function, __VA_ARGS__)->UseManualTime()->Iterations(1)->Unit(benchmark::kMillisecond)
MQTT_LOGGER_WRITING(run_pipeline, both_json, PayloadKind::json, kBoth);
MQTT_LOGGER_WRITING(run_pipeline, csv_json, PayloadKind::json, Formats{Format::csv});
MQTT_LOGGER_WRITING(run_pipeline, jsonl_json, PayloadKind::json, Formats{Format::jsonl});
MQTT_LOGGER_WRITING(run_pipeline, both_number, PayloadKind::number, kBoth);
MQTT_LOGGER_WRITING(run_writer, both_json, PayloadKind::json, kBoth);
MQTT_LOGGER_WRITING(run_writer, csv_json, PayloadKind::json, Formats{Format::csv});
MQTT_LOGGER_WRITING(run_writer, jsonl_json, PayloadKind::json, Formats{Format::jsonl});
MQTT_LOGGER_WRITING(run_writer, both_number, PayloadKind::number, kBoth);
MQTT_LOGGER_WRITING(write_bytes, both_json, 321);
#undef MQTT_LOGGER_WRITING

}  // namespace
}  // namespace mqtt_logger::bench
