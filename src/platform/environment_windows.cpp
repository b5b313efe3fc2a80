#include "mqtt_logger/platform/environment.hpp"

#include "text_windows.hpp"

#include <windows.h>

#include <cstdlib>
#include <memory>
#include <string_view>

namespace mqtt_logger {
std::vector<EnvironmentVariable> list_environment() {
  std::vector<EnvironmentVariable> variables;
  const std::unique_ptr<wchar_t, decltype(&FreeEnvironmentStringsW)> block{GetEnvironmentStringsW(),
                                                                           &FreeEnvironmentStringsW};
  if (!block) return variables;
  for (const wchar_t* entry = block.get(); *entry != L'\0';) {
    const std::wstring_view text{entry};
    entry += text.size() + 1;
    const std::size_t equals = text.find(L'=', 1);  // "=C:=C:\folder" is one of the shell's own
    if (equals == std::wstring_view::npos) continue;
    EnvironmentVariable variable{to_utf8(text.substr(0, equals)), to_utf8(text.substr(equals + 1))};
    for (char& letter : variable.name) {
      if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
    }
    variables.push_back(std::move(variable));
  }
  return variables;
}

void remove_variable(const char* name) noexcept {
  // The client library asks the C library, which has a copy of the environment.
  ::_putenv_s(name, "");
}

}  // namespace mqtt_logger
