#pragma once

// The tests are written for Catch2 3; where only version 2.13 is there, as on Debian 12, its one header
// stands in. Only what the tests use is included: of version 3 that compiles faster than everything.
#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_approx.hpp>
#include <catch2/catch_get_random_seed.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#else
#include <catch2/catch.hpp>

namespace Catch {

using Detail::Approx;

inline std::uint32_t getSeed() {
  return rngSeed();
}

namespace Matchers {

using Catch::Contains;

inline auto ContainsSubstring(const std::string& text) {
  return Contains(text);
}

}  // namespace Matchers
}  // namespace Catch
#endif
