#include "mqtt_logger/exports/file_sink.hpp"

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
  std::error_code write() {
    bool is_intact = false;
    const std::error_code error = sink.write(is_intact);
    CHECK(is_intact);
    return error;
  }
  Payloads payloads() const { return read_payloads(Format::json, files.content("data.json")).value(); }
};

}  // namespace

TEST_CASE("A sink writes a batch by one call, and the file is whole after it") {
  Export exported;
  exported.append("#1");
  exported.append("#2");
  CHECK(exported.payloads().empty());
  int writes = 0;
  exported.files.watch_writes([&writes] { ++writes; });
  REQUIRE_FALSE(exported.write());
  CHECK(writes == 1);
  CHECK(exported.payloads() == Payloads{"#1", "#2"});
  CHECK(exported.sink.batch_bytes() == 0);
  CHECK(exported.sink.checkpoint().body_size + 3 == exported.files.content("data.json").size());
  REQUIRE_FALSE(exported.write());
  CHECK(writes == 1);  // nothing to write
}

TEST_CASE("A sink that cannot write cuts its file back and keeps the batch") {
  Export exported;
  exported.append("#1");
  REQUIRE_FALSE(exported.write());
  const std::string before = exported.files.content("data.json");
  exported.append("#2");
  exported.files.fail_writes(1, std::errc::no_space_on_device);
  CHECK(exported.write() == std::errc::no_space_on_device);
  CHECK(exported.files.content("data.json") == before);
  REQUIRE_FALSE(exported.write());
  CHECK(exported.payloads() == Payloads{"#1", "#2"});
}

TEST_CASE("A sink writes a long record piece by piece behind the batch, and cuts it back where one fails") {
  const std::string payload(FileSink::kLongBytes, '\x01');
  Export exported;
  exported.append("#1");
  REQUIRE_FALSE(exported.write());
  const std::string before = exported.files.content("data.json");
  exported.append("#2");
  exported.append(payload);
  CHECK(exported.sink.batch_bytes() >= FileSink::kLongBytes);
  std::size_t writes = 0;
  exported.files.watch_writes([&] {
    if (++writes == 3) exported.files.fail_writes(1, std::errc::no_space_on_device);
  });
  CHECK(exported.write() == std::errc::no_space_on_device);
  CHECK((exported.files.content("data.json") == before));
  REQUIRE_FALSE(exported.write());
  CHECK(writes > 10);
  CHECK((exported.payloads() == Payloads{"#1", "#2", payload}));
  CHECK(exported.sink.checkpoint().body_size + 3 == exported.files.content("data.json").size());
  CHECK(exported.sink.batch_bytes() == 0);
  exported.append("#4");
  REQUIRE_FALSE(exported.write());
  CHECK((exported.payloads() == Payloads{"#1", "#2", payload, "#4"}));
}

TEST_CASE("A long record that is forgotten is not written") {
  const std::string payload(FileSink::kLongBytes, '1');
  Export exported;
  exported.append(payload);
  exported.sink.forget_batch(exported.sequence + 1);
  CHECK(exported.sink.batch_bytes() == 0);
  REQUIRE_FALSE(exported.write());
  CHECK(exported.payloads().empty());
  exported.append(payload);  // it comes again
  REQUIRE_FALSE(exported.write());
  CHECK((exported.payloads() == Payloads{payload}));
}

TEST_CASE("A sink leaves out records that are in its file already") {
  Export exported{3};
  for (const char* payload : {"#1", "#2", "#3"}) exported.append(payload);
  REQUIRE_FALSE(exported.write());
  CHECK(exported.payloads() == Payloads{"#3"});
}

TEST_CASE("A sink does not write to a file that somebody has changed, and keeps the batch") {
  Export exported;
  exported.append("#1");
  REQUIRE_FALSE(exported.write());
  const std::string before = exported.files.content("data.json");
  exported.append("#2");
  const std::string changed =
      GENERATE_COPY(std::string{}, before.substr(0, 20), before + "a note", "{" + before.substr(1),
                    before.substr(0, before.size() - 1) + " ", std::string(before.size(), '\0'));
  CAPTURE(changed);
  exported.files.edit("data.json", changed);
  bool is_intact = true;
  REQUIRE_FALSE(exported.sink.write(is_intact));
  CHECK_FALSE(is_intact);
  CHECK(exported.files.content("data.json") == changed);
  CHECK(exported.sink.batch_bytes() != 0);
}

TEST_CASE("A sink does not take a batch for written that stands behind a hole") {
  Export exported;
  exported.append("#1");
  REQUIRE_FALSE(exported.write());
  const std::uint64_t size = exported.sink.body_size();
  exported.append("#2");
  exported.files.watch_writes([&exported] { exported.files.edit("data.json", ""); });  // in that very moment
  bool is_intact = true;
  REQUIRE_FALSE(exported.sink.write(is_intact));
  CHECK_FALSE(is_intact);
  CHECK(exported.sink.batch_bytes() != 0);
  CHECK(exported.sink.body_size() == size);
}
