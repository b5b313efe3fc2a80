#include "mqtt_logger/journal/siphash.hpp"

#include "support/catch.hpp"

#include <string>

using namespace mqtt_logger;

TEST_CASE("SipHash-2-4 gives the numbers of its authors") {
  const SipHash::Key key{0x0706050403020100, 0x0F0E0D0C0B0A0908};
  std::string bytes;
  for (int i = 0; i < 64; ++i) bytes += static_cast<char>(i);
  CHECK(siphash(key, bytes.substr(0, 0)) == 0x726FDB47DD0E0E31);
  CHECK(siphash(key, bytes.substr(0, 1)) == 0x74F839C593DC67FD);
  CHECK(siphash(key, bytes.substr(0, 8)) == 0x93F5F5799A932462);
  CHECK(siphash(key, bytes.substr(0, 15)) == 0xA129CA6149BE45E5);
  CHECK(siphash(key, bytes.substr(0, 63)) == 0x958A324CEB064572);
  CHECK(siphash({1, 2}, "x") != siphash({1, 3}, "x"));
}
