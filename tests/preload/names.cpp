// Loaded before the C library (LD_PRELOAD), it makes a name stand for two addresses, as a name server would:
// "two-addresses.example" is 127.0.0.2, where nothing listens in the tests, and then 127.0.0.1.

#include <dlfcn.h>
#include <netdb.h>

#include <cstring>

using NameLookup = int (*)(const char*, const char*, const addrinfo*, addrinfo**);

extern "C" int getaddrinfo(const char* host, const char* service, const addrinfo* hints, addrinfo** result) {
  static const auto real = reinterpret_cast<NameLookup>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  if (host == nullptr || std::strcmp(host, "two-addresses.example") != 0)
    return real(host, service, hints, result);
  addrinfo* second = nullptr;
  if (const int error = real("127.0.0.1", service, hints, &second); error != 0) return error;
  const int error = real("127.0.0.2", service, hints, result);
  if (error != 0) {
    ::freeaddrinfo(second);
    return error;
  }
  addrinfo* last = *result;
  while (last->ai_next != nullptr) last = last->ai_next;
  last->ai_next = second;
  return 0;
}
