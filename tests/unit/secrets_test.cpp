#include "mqtt_logger/options/secrets.hpp"

#include "mqtt_logger/base/error.hpp"

#include "support/catch.hpp"
#include "support/quiet_log.hpp"
#include "support/temporary_folder.hpp"

#include <fstream>

using namespace mqtt_logger;
using namespace mqtt_logger::test;

namespace {

void write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream{path, std::ios::binary} << text;
}

std::string find_secret_fault(const std::filesystem::path& path) {
  try {
    static_cast<void>(read_secret(path, "--password-file"));
  } catch (const StartupError& error) {
    CHECK(error.exit_code() == ExitCode::usage);
    return error.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("A secret is the only line of its file, without its end") {
  const QuietLog quiet;
  const TemporaryFolder folder;
  const auto path = folder.path() / "secret";
  const auto [text, secret] = GENERATE(table<std::string, std::string>({{"word", "word"},
                                                                        {"word\n", "word"},
                                                                        {"word\r\n", "word"},
                                                                        {" two words ", " two words "},
                                                                        {"a\r", "a"}}));
  write(path, text);
  CHECK(read_secret(path, "--password-file") == secret);
}

TEST_CASE("A file without one secret is refused, and not shown") {
  const QuietLog quiet;
  const TemporaryFolder folder;
  const auto path = folder.path() / "secret";
  const std::string begin = "--password-file " + path.string() + ": ";
  CHECK(find_secret_fault(path).starts_with(begin + "must be a file that can be read: "));
  CHECK(find_secret_fault(folder.path()).ends_with("must be a file, not a folder"));
  write(path, "\n");
  CHECK(find_secret_fault(path) == begin + "must hold the password in its only line; it is empty");
  write(path, "geheim\ngeheim\n");
  CHECK(find_secret_fault(path) == begin + "must hold one line, not several");
  write(path, std::string(65'536, 'x'));
  CHECK(find_secret_fault(path) == begin + "must be at most 65,535 bytes long");
}

TEST_CASE("The credential of a service is used where a user name stands without a password") {
  const QuietLog quiet;
  const TemporaryFolder folder;
  write(folder.path() / "password", "from systemd\n");
  write(folder.path() / "other", "from a file\n");
  const std::vector<EnvironmentVariable> environment{{"CREDENTIALS_DIRECTORY", folder.path().string()}};
  Options options;
  load_secrets(options, environment);
  CHECK_FALSE(options.credentials.password);
  options.credentials.username = "me";
  load_secrets(options, {});
  CHECK_FALSE(options.credentials.password);
  write(folder.path() / "password", "\n");  // what the unit sets where there is none
  load_secrets(options, environment);
  CHECK_FALSE(options.credentials.password);
  write(folder.path() / "password", "from systemd\n");
  load_secrets(options, environment);
  CHECK(options.credentials.password == "from systemd");
  options.credentials.password_file = folder.path() / "other";
  load_secrets(options, environment);
  CHECK(options.credentials.password == "from a file");
  options.tls.key_password_file = folder.path() / "other";
  load_secrets(options, environment);
  CHECK(options.tls.key_password == "from a file");
}
