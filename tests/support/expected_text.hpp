#pragma once

#include <nlohmann/json.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace mqtt_logger::test {

/// The limits of is_portable_json(), on top of nlohmann's parser.
class PortableJsonHandler : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t& spelling) override {
    // An integer arrives here because it does not fit in 64 bits.
    return spelling.size() <= 64 && spelling.find_first_of(".eE") != std::string::npos;
  }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return ++depth_ <= 64; }
  bool key(string_t&) override { return true; }
  bool end_object() override { return leave(); }
  bool start_array(std::size_t) override { return ++depth_ <= 64; }
  bool end_array() override { return leave(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) override {
    return false;
  }

 private:
  bool leave() {
    --depth_;
    return true;
  }

  int depth_ = 0;
};

/// What is_portable_json() must say of valid UTF-8. (By itself nlohmann skips a byte order mark and ends at a
/// NUL.)
inline bool expect_portable_json(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF") || text.find('\0') != std::string_view::npos) return false;
  PortableJsonHandler handler;
  return nlohmann::json::sax_parse(text, &handler);
}

/// What as_valid_utf8() must make of `bytes`: nlohmann replaces by the same rule.
inline std::string expect_valid_utf8(std::string_view bytes) {
  const std::string written =
      nlohmann::json(bytes).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return nlohmann::json::parse(written).get<std::string>();
}

}  // namespace mqtt_logger::test
