// Loaded before the C library (LD_PRELOAD), it makes the kernel say that the wall clock is synchronised,
// whatever it shows: so retention goes on at once when a test moves the clock.

#include <sys/timex.h>

extern "C" int adjtimex(timex* state) noexcept {
  *state = {};
  return TIME_OK;
}
