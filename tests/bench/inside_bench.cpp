// What a message costs inside the logger, step by step: no network, no file. One iteration is one message.

#include "mqtt_logger/base/timestamp.hpp"
#include "mqtt_logger/format/csv.hpp"
#include "mqtt_logger/format/fields.hpp"
#include "mqtt_logger/format/json.hpp"
#include "mqtt_logger/journal/journal.hpp"
#include "mqtt_logger/platform/mapped_file.hpp"

#include "messages.hpp"

#include <benchmark/benchmark.h>

#include <string>

namespace mqtt_logger::bench {
namespace {

constexpr std::size_t kBatchBytes = std::size_t{256} * 1024;

void set_figures(benchmark::State& state, std::size_t bytes) {
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}

void check_encoding(benchmark::State& state, PayloadKind kind) {
  Messages messages{kind};
  std::size_t bytes = 0;
  for (auto _ : state) {
    const MessageView& message = messages.next();
    benchmark::DoNotOptimize(find_encoding(message.payload));
    bytes += message.payload.size();
  }
  set_figures(state, bytes);
}

using Encoder = void (*)(std::string& out, const Fields& fields, const Pieces& pieces);

void encode(benchmark::State& state, PayloadKind kind, Encoder encoder) {
  Messages messages{kind};
  TimestampFormatter timestamps;
  std::string out;
  out.reserve(2 * kBatchBytes);
  std::size_t bytes = 0;
  std::vector<Fields> fields;
  for (std::size_t i = 0; i < Messages::kCount; ++i) {
    fields.push_back(make_fields(messages.next(), timestamps));
    fields.back().timestamp = "2026-11-20T15:36:01.123456Z";
  }
  std::size_t next = 0;
  for (auto _ : state) {
    encoder(out, fields[next], {});
    next = (next + 1) % fields.size();
    if (out.size() < kBatchBytes) continue;
    bytes += out.size();
    out.clear();
  }
  set_figures(state, bytes + out.size());
}

void format_timestamp(benchmark::State& state) {
  TimestampFormatter timestamps;
  ReceiveTime time{std::chrono::microseconds{1'790'000'000'000'000}};
  for (auto _ : state) {
    time += std::chrono::microseconds{7};
    benchmark::DoNotOptimize(timestamps.format(time));
  }
  set_figures(state, 0);
}

// The journal's part in the callback; its space is released as the writer would.
void append_to_journal(benchmark::State& state, PayloadKind kind, QoS qos) {
  Journal journal{map_memory(Journal::mapping_size(std::uint64_t{1} << 24))};
  Messages messages{kind};
  std::size_t bytes = 0;
  PacketId packet_id = 0;
  for (auto _ : state) {
    MessageView message = messages.next();
    message.qos = qos;
    if (qos != QoS::at_most_once) packet_id = static_cast<PacketId>(packet_id % 50'000 + 1);
    if (journal.append(message, packet_id, false) == AppendResult::full)
      journal.release_space(journal.head());
    if (qos == QoS::exactly_once) journal.release(packet_id);
    bytes += message.payload.size();
  }
  set_figures(state, bytes);
}

BENCHMARK_CAPTURE(check_encoding, json, PayloadKind::json);
BENCHMARK_CAPTURE(check_encoding, number, PayloadKind::number);
BENCHMARK_CAPTURE(check_encoding, large, PayloadKind::large);
BENCHMARK(format_timestamp);
BENCHMARK_CAPTURE(encode, csv_json, PayloadKind::json, append_csv);
BENCHMARK_CAPTURE(encode, csv_number, PayloadKind::number, append_csv);
BENCHMARK_CAPTURE(encode, csv_large, PayloadKind::large, append_csv);
BENCHMARK_CAPTURE(encode, json_json, PayloadKind::json, append_json);
BENCHMARK_CAPTURE(encode, json_number, PayloadKind::number, append_json);
BENCHMARK_CAPTURE(encode, json_large, PayloadKind::large, append_json);
BENCHMARK_CAPTURE(append_to_journal, json_qos0, PayloadKind::json, QoS::at_most_once);
BENCHMARK_CAPTURE(append_to_journal, json_qos1, PayloadKind::json, QoS::at_least_once);
BENCHMARK_CAPTURE(append_to_journal, json_qos2, PayloadKind::json, QoS::exactly_once);
BENCHMARK_CAPTURE(append_to_journal, large_qos0, PayloadKind::large, QoS::at_most_once);

}  // namespace
}  // namespace mqtt_logger::bench
