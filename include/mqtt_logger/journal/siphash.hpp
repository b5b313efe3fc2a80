#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace mqtt_logger {

/// SipHash-2-4 (Aumasson and Bernstein, 2012): 64 bits of a text, such that nobody who does not know the key
/// can make two texts with the same ones. Pure; inline, because each message takes some hundred of its steps.
class SipHash {
 public:
  using Key = std::array<std::uint64_t, 2>;

  explicit SipHash(const Key& key) noexcept
      : v0_{key[0] ^ 0x736F6D6570736575},
        v1_{key[1] ^ 0x646F72616E646F6D},
        v2_{key[0] ^ 0x6C7967656E657261},
        v3_{key[1] ^ 0x7465646279746573} {}

  void add(std::uint64_t word) noexcept {
    v3_ ^= word;
    round();
    round();
    v0_ ^= word;
  }
  /// The bytes, and zeros up to a multiple of eight. How many they were is for the caller to add.
  void add_padded(std::string_view bytes) noexcept {
    for (; bytes.size() >= kWord; bytes.remove_prefix(kWord)) add(load(bytes));
    if (!bytes.empty()) add(load(bytes));
  }
  /// `last`: up to seven bytes more; in its highest byte the length of all, modulo 256.
  [[nodiscard]] std::uint64_t finish(std::uint64_t last) noexcept {
    add(last);
    v2_ ^= 0xFF;
    for (int i = 0; i < 4; ++i) round();
    return v0_ ^ v1_ ^ v2_ ^ v3_;
  }

  static constexpr std::size_t kWord = sizeof(std::uint64_t);
  /// The first eight bytes, or as many as there are.
  [[nodiscard]] static std::uint64_t load(std::string_view bytes) noexcept {
    static_assert(std::endian::native == std::endian::little, "words are read as they stand");
    std::uint64_t word = 0;
    if (bytes.size() >= kWord) {
      std::memcpy(&word, bytes.data(), kWord);
    } else {
      for (std::size_t i = bytes.size(); i-- > 0;) word = word << 8 | static_cast<unsigned char>(bytes[i]);
    }
    return word;
  }

 private:
  void round() noexcept {
    v0_ += v1_;
    v2_ += v3_;
    v1_ = std::rotl(v1_, 13) ^ v0_;
    v3_ = std::rotl(v3_, 16) ^ v2_;
    v0_ = std::rotl(v0_, 32) + v3_;
    v2_ += v1_;
    v3_ = std::rotl(v3_, 21) ^ v0_;
    v1_ = std::rotl(v1_, 17) ^ v2_;
    v2_ = std::rotl(v2_, 32);
  }

  std::uint64_t v0_;
  std::uint64_t v1_;
  std::uint64_t v2_;
  std::uint64_t v3_;
};

[[nodiscard]] inline std::uint64_t siphash(const SipHash::Key& key, std::string_view bytes) noexcept {
  SipHash hash{key};
  const std::size_t whole = bytes.size() / SipHash::kWord * SipHash::kWord;
  hash.add_padded(bytes.substr(0, whole));
  return hash.finish(SipHash::load(bytes.substr(whole)) | static_cast<std::uint64_t>(bytes.size()) << 56);
}

}  // namespace mqtt_logger
