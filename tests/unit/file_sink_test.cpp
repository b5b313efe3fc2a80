#include "mqtt_logger/output/file_sink.hpp"

#include "support/catch.hpp"
#include "support/export_payloads.hpp"
#include "support/memory_files.hpp"
#include "support/test_journal.hpp"

#include <string>

using namespace mqtt_logger;
using namespace mqtt_logger::test;

namespace {

/// A JSON export that was just begun.
struct Export {
  MemoryFiles files;
  FileSink sink;
  TimestampFormatter timestamps;
  std::uint64_t sequence = 0;

  explicit Export(std::uint64_t next_sequence = 0) : sink{make(files, next_sequence)} {}

  static FileSink make(MemoryFiles& files, std::uint64_t next_sequence) {
    files.put("data.json", "[\n]\n");
    std::unique_ptr<File> file;
    REQUIRE_FALSE(files.open("data.json", file));
    SinkCheckpoint state;
    state.body_size = 1;
    state.next_sequence = next_sequence;
    return {file_format(Format::json), "data.json", std::move(file), state};
  }
  void append(std::string_view payload) {
    const MessageView message = make_message("a/b", payload);
    sink.append(make_fields(message, timestamps), ++sequence);
  }
  Payloads payloads() const { return read_payloads(Format::json, files.content("data.json")).value(); }
};

}  // namespace

TEST_CASE("A sink writes a batch by one call, and the file is whole after it") {
  Export exported;
  exported.append("#1");
  exported.append("#2");
  CHECK(exported.payloads().empty());
  const std::uint64_t calls = exported.files.calls();
  REQUIRE_FALSE(exported.sink.write());
  CHECK(exported.files.calls() == calls + 1);
  CHECK(exported.payloads() == Payloads{"#1", "#2"});
  CHECK(exported.sink.batch_bytes() == 0);
  CHECK(exported.sink.checkpoint().body_size + 3 == exported.files.content("data.json").size());
  REQUIRE_FALSE(exported.sink.write());
  CHECK(exported.files.calls() == calls + 1);  // nothing to write
}

TEST_CASE("A sink that cannot write cuts its file back and keeps the batch") {
  Export exported;
  exported.append("#1");
  REQUIRE_FALSE(exported.sink.write());
  const std::string before = exported.files.content("data.json");
  exported.append("#2");
  exported.files.fail(0, 1, std::errc::no_space_on_device);
  CHECK(exported.sink.write() == std::errc::no_space_on_device);
  CHECK(exported.files.content("data.json") == before);
  REQUIRE_FALSE(exported.sink.write());
  CHECK(exported.payloads() == Payloads{"#1", "#2"});
}

TEST_CASE("A sink leaves out records that are in its file already") {
  Export exported{3};
  for (const char* payload : {"#1", "#2", "#3"}) exported.append(payload);
  REQUIRE_FALSE(exported.sink.write());
  CHECK(exported.payloads() == Payloads{"#3"});
}
